"""Words and documents at the terminal: what `./sinmungo arrears letters|templates` does, each step with its officer."""

import asyncio
import csv
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from rich.table import Table
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.arrears.notices import defaults, posting, words
from civic.arrears.notices.letters import Letter, bills_of
from civic.arrears.notices.pdf import pdf
from civic.arrears.notices.printing import print_letters as put_on_paper
from civic.arrears.notices.reasons import reason
from civic.arrears.notices.sheets import City, page
from civic.arrears.notices.tables import arrears_letters
from civic.arrears.notices.words import Template, Written
from civic.arrears.notices.writing import list_due
from civic.cases.clock import days_off_of
from civic.staff.members import Member, member_by_login
from civic.staff.permissions import Action, check
from civic.staff.service import record_access
from commands.house import console, running_store
from core import secret, store
from core.clock import SEOUL
from core.db import Database
from core.errors import BadInput, Forbidden, SinmungoError
from core.settings import Settings
from core.vault import old_secrets, open_vault

PAGE = 500
RETURNED: Mapping[str, posting.Returned] = {
    "이사": "moved",
    "폐문": "absent",
    "거절": "refused",
    "수취인": "unknown",
    "주소": "address",
}
"""Words of the post's reasons for a return; anything else is "other"."""

NUMBERS_A_ROW = 200
"""Documents named in one row of the access log."""


class _Desk:
    """A store with its vault, the settings, and who acts."""

    def __init__(self, db: Database, settings: Settings) -> None:
        self.db = db
        self.settings = settings
        self.city_id = settings.city.id
        self.rules = settings.arrears
        self.now = datetime.now(UTC)
        self.on = self.now.astimezone(SEOUL).date()

    async def officer(self, login: str, action: Action) -> Member:
        """Raises NotFound, and Forbidden for one whose role or department may not."""
        async with self.db.reading() as tx:
            found = await member_by_login(tx, self.city_id, login)
        check(found.role, action)
        wanted = self.rules.department
        if wanted and found.role != "admin" and wanted not in {found.department_id, *found.departments}:
            raise Forbidden("징수 부서의 직원이 아닙니다(지방세기본법 제86조).", "Not of the department (§86).")
        return found


def _run(work: Callable[[_Desk], Awaitable[int]]) -> int:
    async def run(settings: Settings, url: str) -> int:
        db = Database(url, pool_size=2, days_off=settings.city.days_off)
        try:
            await open_vault(db, secret.load(settings.path(settings.var)), datetime.now(UTC), old_secrets())
            return await work(_Desk(db, settings))
        finally:
            await db.close()

    with running_store() as (settings, url):
        store.migrate(url)
        return asyncio.run(run(settings, url))


def list_templates() -> int:
    async def work(desk: _Desk) -> int:
        async with desk.db.reading() as tx:
            found = [Template(*row) for row in await tx.execute(words.templates_of(desk.city_id))]
        table, open_ones = Table("단계", "채널", "언어", "판", "상태", "크기", "막는 것"), 0
        for one in found:
            if one.state in ("retired", "rejected"):
                continue
            made = words.checked(_written(one), desk.rules.notices, desk.settings.messaging.sms_bytes)
            size, against = f"{made.size}/{made.most} {made.unit}", ", ".join(each.code for each in made.findings)
            table.add_row(one.level, one.kind, one.lang, str(one.number), one.state, size, against)
            open_ones += one.state == "draft"
        console.print(table)
        return 1 if open_ones or not found else 0

    return _run(work)


def enter_defaults(by: str) -> int:
    async def work(desk: _Desk) -> int:
        who = await desk.officer(by, Action.ARREARS_WRITE)
        async with desk.db.transaction() as tx:
            made = await defaults.enter(tx, desk.city_id, who.id, desk.now)
        console.print(
            f"초안 {len(made)}개를 넣었습니다. 다른 직원이 승인해야 나갑니다: arrears templates approve --by …"
        )
        return 0

    return _run(work)


def approve(by: str, level: str) -> int:
    async def work(desk: _Desk) -> int:
        who = await desk.officer(by, Action.ARREARS_APPROVE)
        async with desk.db.reading() as tx:
            wanted = words.templates_of(desk.city_id, level=level or None, state="draft")
            drafts = [Template(*row) for row in await tx.execute(wanted)]
        refused = 0
        for one in drafts:
            try:
                async with desk.db.transaction() as tx:
                    await words.approve(
                        tx,
                        desk.city_id,
                        one.id,
                        who.id,
                        frozenset({one.version}),
                        desk.now,
                        rules=desk.rules.notices,
                        carrier=desk.settings.messaging.sms_bytes,
                    )
            except SinmungoError as error:
                refused += 1
                console.print(f"{one.level}/{one.kind}/{one.lang}: {error.reason_ko}")
        console.print(f"{len(drafts) - refused}개를 승인했습니다.")
        return 1 if refused else 0

    return _run(work)


def list_letters(level: str, by: str, most: int) -> int:
    async def work(desk: _Desk) -> int:
        named = next((one for one in desk.rules.notices.levels if one == level), None)
        if named is None:
            raise BadInput("그런 단계가 없습니다.", "No such level.", level=level)
        who = await desk.officer(by, Action.ARREARS_WRITE)
        after: UUID | None = None
        made, seen, excluded = 0, 0, dict[str, int]()
        while seen < most:
            async with desk.db.transaction() as tx:
                step = min(PAGE, most - seen)
                done = await list_due(tx, desk.city_id, named, desk.on, desk.rules, after, step, desk.now, by=who.id)
            made, seen, after = made + len(done.letter_ids), seen + step, done.after
            for why, count in done.excluded.items():
                excluded[why] = excluded.get(why, 0) + count
            if after is None:
                break
        console.print(f"서면 {made:,}통을 작성했습니다.")
        for why, count in sorted(excluded.items()):
            console.print(f"  제외 {count:,}분: {reason(why)['ko'] or why}")
        return 0

    return _run(work)


def print_letters(out: Path, by: str, kind: str, most: int, *, again: bool) -> int:
    async def work(desk: _Desk) -> int:
        who = await desk.officer(by, Action.ARREARS_EXPORT)
        async with desk.db.transaction() as tx:
            letter = arrears_letters.c
            state = "printed" if again else "listed"
            waiting = select(letter.id).where(letter.city_id == desk.city_id, letter.state == state)
            if kind:
                waiting = waiting.where(letter.kind == kind)
            ids = list(await tx.scalars(waiting.order_by(letter.created_at, letter.id).limit(most)))
            off = await days_off_of(tx, desk.city_id, desk.settings.city.days_off)
            notices = desk.rules.notices
            done = await put_on_paper(tx, desk.city_id, ids, desk.on, notices, off, who.id, desk.now)
            bills = await bills_of(tx, [one.id for one in done.letters])
            await _looked(tx, desk, who, done.letters)
        for letter_id, why in done.cancelled.items():
            console.print(f"  취소 {letter_id}: {reason(why)['ko'] or why}")
        console.print(
            f"{len(done.letters):,}통을 인쇄합니다. 취소 {len(done.cancelled)}, 주소 없음 {len(done.unaddressed)}"
        )
        if not done.letters:
            return 1
        city = City(desk.settings.city.name.ko, desk.settings.city.name.en, desk.settings.city.phone)
        pages = [page(one, bills.get(one.id, []), notices.sender, city) for one in done.letters]
        title = f"{city.name_ko} 체납 서면 {len(pages)}통"
        await asyncio.to_thread(_put_down, out, pages, title, city.name_ko, desk.now)
        await asyncio.to_thread(_post_list, out.with_suffix(".csv"), done.letters)
        console.print(f"{out}, {out.with_suffix('.csv')}")
        return 0

    return _run(work)


async def _looked(tx: AsyncConnection, desk: _Desk, who: Member, found: Sequence[Letter]) -> None:
    """Whose names and addresses came out of the store here, as the API notes it."""
    numbers = [one.document_no for one in found]
    for start in range(0, len(numbers), NUMBERS_A_ROW):
        shown = numbers[start : start + NUMBERS_A_ROW]
        await record_access(
            tx,
            city_id=desk.city_id,
            staff_id=who.id,
            action="arrears_letter.print",
            subject_kind="arrears_list",
            subject_id=f"{len(shown)} letters",
            source_ip="terminal",
            now=desk.now,
            reason=", ".join(shown),
            why="서면 인쇄 (명령줄)",
        )


def _put_down(out: Path, pages: list[dict[str, Any]], title: str, author: str, at: datetime) -> None:
    out.write_bytes(pdf(pages, title, author, at))


def _post_list(path: Path, letters: list[Letter]) -> None:
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        sheet = csv.writer(file)
        sheet.writerow(["문서번호", "등기번호", "서면", "받는 분", "우편번호", "주소"])
        for one in sorted(letters, key=lambda one: one.document_no):
            to = one.recipient
            sheet.writerow([one.document_no, "", one.kind, to["name"], to["postcode"], to["address"]])


def posted(file: Path, by: str, on: str) -> int:
    async def work(desk: _Desk) -> int:
        who, day = await desk.officer(by, Action.ARREARS_WRITE), date.fromisoformat(on) if on else desk.on

        async def one(row: Mapping[str, str]) -> None:
            async with desk.db.transaction() as tx:
                found = await posting.by_number(tx, desk.city_id, document_no=row.get("문서번호", ""))
                number, rules = row.get("등기번호", ""), desk.rules.notices
                await posting.mark_sent(tx, desk.city_id, found, number, day, rules, who.id, desk.now)

        return await _each(file, one)

    return _run(work)


def outcomes(file: Path, by: str) -> int:
    async def work(desk: _Desk) -> int:
        who = await desk.officer(by, Action.ARREARS_WRITE)

        async def one(row: Mapping[str, str]) -> None:
            day = date.fromisoformat(row.get("날짜", ""))
            async with desk.db.transaction() as tx:
                number, document = row.get("등기번호", ""), row.get("문서번호", "")
                found = await posting.by_number(tx, desk.city_id, document_no=document, tracking_no=number)
                if row.get("결과", "").startswith("반송"):
                    why = next((code for word, code in RETURNED.items() if word in row.get("사유", "")), "other")
                    await posting.mark_returned(tx, desk.city_id, found, day, why, who.id, desk.now)  # type: ignore[arg-type]
                    return
                off = await days_off_of(tx, desk.city_id, desk.settings.city.days_off)
                await posting.mark_served(tx, desk.city_id, found, day, "registered", off, who.id, desk.now)

        return await _each(file, one)

    return _run(work)


async def _each(file: Path, one: Callable[[Mapping[str, str]], Awaitable[None]]) -> int:
    """Line by line; what is refused is told with its line."""
    done, refused = 0, 0
    for line, row in _rows(file):
        try:
            await one(row)
            done += 1
        except (SinmungoError, ValueError) as error:
            refused += 1
            console.print(f"{line}행: {error}")
    console.print(f"{done:,}통을 적었습니다. 적지 못한 줄 {refused}")
    return 1 if refused else 0


def _rows(file: Path) -> Iterator[tuple[int, Mapping[str, str]]]:
    with file.open(encoding="utf-8-sig", newline="") as opened:
        for line, row in enumerate(csv.DictReader(opened), 2):
            yield line, {str(name).strip(): str(value or "").strip() for name, value in row.items()}


def status() -> int:
    async def work(desk: _Desk) -> int:
        letter = arrears_letters.c
        count: Any = func.count()
        lost = func.count().filter(letter.is_addressed.is_(False), letter.state == "listed")
        wanted = select(letter.kind, letter.state, count, lost).where(letter.city_id == desk.city_id)
        table = Table("서면", "상태", "통", "주소 없음")
        async with desk.db.reading() as tx:
            for row in await tx.execute(wanted.group_by(letter.kind, letter.state).order_by(letter.kind, letter.state)):
                table.add_row(row[0], row[1], f"{row[2]:,}", f"{row[3]:,}" if row[3] else "")
        console.print(table)
        console.print("문자·알림톡 안내는 송달이 아닙니다. 송달은 서면의 송달일로만 셉니다.")
        return 0

    return _run(work)


def _written(one: Template) -> Written:
    return Written(one.level, one.kind, "en" if one.lang == "en" else "ko", one.body, one.subject, one.alimtalk_key)

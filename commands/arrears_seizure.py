"""`./sinmungo arrears batch …`: batches of seizures at the terminal: listed, drafted, followed, held and stopped.

Who orders a lookup and who approves must be signed in: that is done over the staff API and nowhere else.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, TypeVar
from uuid import UUID

from rich.table import Column, Table
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from commands.house import console, number, running_store
from core import secret, store
from core.clock import SEOUL
from core.db import Database
from core.errors import NotFound
from core.settings import Settings
from core.vault import old_secrets, open_vault

T = TypeVar("T")
Work = Callable[[AsyncConnection, Settings, datetime], Awaitable[T]]
DEBTORS = {"in": "대상", "excluded": "제외", "over": "마침"}
ACTORS = {"staff": "직원", "bank": "은행", "system": "시스템"}
DETAILS = {
    "debtors": "체납자 {:,}명",
    "excluded": "제외 {:,}명",
    "banks": "은행 {:,}곳",
    "seizures": "압류 {:,}건",
    "amount_krw": "계획 {:,}원",
    "asked_krw": "지시 {:,}원",
    "held_krw": "압류 {:,}원",
    "collected_krw": "추심 {:,}원",
    "released_krw": "해제 {:,}원",
    "minutes": "{}분 걸림",
    "reason": "까닭: {}",
}


def _run(work: Work[T]) -> T:
    async def run(settings: Settings, url: str) -> T:
        db, now = Database(url, pool_size=1, days_off=settings.city.days_off), datetime.now(UTC)
        try:
            await open_vault(db, secret.load(settings.path(settings.var)), now, old_secrets())
            async with db.transaction() as tx:
                return await work(tx, settings, now)
        finally:
            await db.close()

    with running_store() as (settings, url):
        store.migrate(url)
        return asyncio.run(run(settings, url))


async def _officer(tx: AsyncConnection, city_id: str, login: str) -> UUID:
    """Whose login it is, if his role may write. Raises NotFound, Forbidden."""
    from civic.staff.service import Action, check
    from civic.staff.tables import staff

    wanted = select(staff.c.id, staff.c.role).where(staff.c.city_id == city_id, staff.c.login == login)
    found = (await tx.execute(wanted)).one_or_none()
    if found is None:
        raise NotFound("그런 직원이 없습니다.", "No such member of staff.")
    check(found.role, Action.ARREARS_WRITE)
    staff_id: UUID = found.id
    return staff_id


def show_all() -> None:
    """The newest twenty."""
    from civic.arrears.seizure.rows import Batch
    from civic.arrears.seizure.states import BATCH_NAMES
    from civic.arrears.seizure.tables import arrears_batches as table

    async def work(tx: AsyncConnection, settings: Settings, now: datetime) -> list[Batch]:
        wanted = select(table).where(table.c.city_id == settings.city.id).order_by(table.c.created_at.desc()).limit(20)
        return [Batch.of(row) for row in await tx.execute(wanted)]

    shown = Table(number(), "제목", "상태", "기안", "마침")
    for one in _run(work):
        closed = f"{one.closed_at.astimezone(SEOUL):%m-%d %H:%M}" if one.closed_at else ""
        state = BATCH_NAMES[one.state][0] + (" (멈춤)" if one.paused_at else "")
        shown.add_row(str(one.id), one.title, state, f"{one.created_at.astimezone(SEOUL):%m-%d %H:%M}", closed)
    console.print(shown)


def show(batch_id: UUID) -> None:
    """How far it is: lookups, debtors and seizures by state with sums. Nobody is named."""
    from civic.arrears.seizure import looking, next_steps, reading, rows
    from civic.arrears.seizure.reasons import reason
    from civic.arrears.seizure.states import BATCH_NAMES, NAMES

    async def work(tx: AsyncConnection, settings: Settings, now: datetime) -> tuple[rows.Batch, dict[str, Any], str]:
        batch = await rows.batch(tx, settings.city.id, batch_id)
        told, silent = await reading.progress(tx, batch.id), await looking.silent(tx, batch.id)
        return batch, told, next_steps.of_progress(batch, told, silent)[0]

    batch, told, following = _run(work)
    console.print(f"{batch.title}: {BATCH_NAMES[batch.state][0]}", markup=False)
    people = ", ".join(f"{DEBTORS[state]} {count:,}명" for state, count in told["debtors"].items())
    console.print(f"조회 {told['lookups_answered']:,}/{told['lookups']:,}건. 체납자 {people}", markup=False)
    shown = Table("상태", "건", "계획(원)", "압류(원)", "추심(원)", "해제(원)")
    for state, row in told["states"].items():
        shown.add_row(NAMES[state][0], *(f"{value:,}" for value in row.values()))
    console.print(shown)
    console.print(following, markup=False)
    if batch.report:
        for code, count in batch.report["why"].items():
            console.print(f"{reason(code).text_ko} ({reason(code).article}): {count:,}건", markup=False)
        freed = batch.report["release_minutes"]
        if freed["releases"]:
            console.print(f"납부에서 해제 지시까지 중앙값 {freed['ordered']}분, 가장 긴 것 {freed['longest']}분")


def draft(title: str, least_krw: int, most_krw: int | None, tax_items: list[str], most: int, login: str) -> None:
    """Raises BadInput when nobody is meant."""
    from civic.arrears.seizure import drafting, reading

    chosen = drafting.Selection(least_krw=least_krw, most_krw=most_krw, tax_items=tuple(tax_items), most=most)

    async def work(tx: AsyncConnection, settings: Settings, now: datetime) -> tuple[UUID, dict[str, Any]]:
        by, city_id = await _officer(tx, settings.city.id, login), settings.city.id
        made = await drafting.draft(tx, city_id, title, chosen, by, now, settings.arrears)
        return made.id, await reading.progress(tx, made.id)

    batch_id, told = _run(work)
    console.print(f"압류 묶음을 기안했습니다: {batch_id}", highlight=False)
    console.print(f"대상 {told['debtors'].get('in', 0):,}명, 제외 {told['debtors'].get('excluded', 0):,}명")
    console.print("예금 조회 지시와 승인은 로그인한 책임자와 승인자가 화면이나 API에서 합니다.")


def change(batch_id: UUID, what: str, why: str, login: str) -> None:
    """`what`: pause, start, stop, cancel. Raises Conflict where the batch is not in a state for it."""
    from civic.arrears.seizure import drafting, handling, rows
    from civic.arrears.seizure.states import BATCH_NAMES

    async def work(tx: AsyncConnection, settings: Settings, now: datetime) -> rows.Batch:
        by, city_id = await _officer(tx, settings.city.id, login), settings.city.id
        if what == "cancel":
            return await drafting.cancel(tx, city_id, batch_id, by, why, now)
        batch = await rows.batch(tx, city_id, batch_id, lock=True)
        if what == "start":
            return await handling.start(tx, batch, by, now)
        do = handling.pause if what == "pause" else handling.stop
        return await do(tx, batch, by, why, now)

    after = _run(work)
    console.print(f"{after.title}: {BATCH_NAMES[after.state][0]}{' (멈춤)' if after.paused_at else ''}", markup=False)


def events(batch_id: UUID, most: int) -> None:
    """The newest steps, each with its article and document."""
    from civic.arrears.seizure import reading
    from civic.arrears.seizure.paths import stage_of
    from civic.arrears.seizure.tables import arrears_seizure_events as table

    async def work(tx: AsyncConnection, settings: Settings, now: datetime) -> list[Any]:
        wanted = reading.events_of(settings.city.id, batch_id=batch_id)
        return list(await tx.execute(wanted.order_by(table.c.at.desc(), table.c.id.desc()).limit(most)))

    shown = Table(Column("때", no_wrap=True), Column("단계", no_wrap=True), "근거", "누가", "내용")
    for row in _run(work):
        stage = stage_of(row.step, is_batch=row.seizure_id is None)
        told = ", ".join([one for one in (row.document, *_said(row.detail)) if one])
        at = f"{row.at.astimezone(SEOUL):%m-%d %H:%M}"
        shown.add_row(at, stage.ko, row.article, ACTORS[row.actor_kind], told)
    console.print(shown)


def _said(detail: Mapping[str, Any]) -> Iterator[str]:
    """The amounts and reasons of a line; digests, rounds and what the closing report holds are read over the API."""
    from civic.arrears.seizure.reasons import reason

    for name, words in DETAILS.items():
        value = detail.get(name)
        if isinstance(value, int | str) and value != "":
            yield words.format(value)
    if isinstance(why := detail.get("why"), str):
        yield reason(why).text_ko

"""`./sinmungo arrears import` and `arrears practice`: files into the ledger at the terminal, and a ledger to try."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from rich.table import Table

from commands.house import console, running_store
from core import secret, store
from core.clock import SEOUL, SystemClock
from core.db import Database
from core.errors import BadInput
from core.settings import Settings
from core.vault import old_secrets, open_vault

CHUNK = 1 << 20
KINDS = {"debtors": "체납자", "bills": "과세", "payments": "수납"}
STATES = {"done": "마쳤습니다", "refused": "거절했습니다", "failed": "실패했습니다"}
SHOWN = 10
"""Refused rows that the terminal names; the rest is in the file of `--rejects`."""


def bring_in(
    file: Path,
    kind: str,
    *,
    is_dry_run: bool,
    is_whole: bool | None,
    control: Sequence[str],
    side_file: Path | None,
    source: str,
    rejects: Path | None,
) -> int:
    """0 where it was taken in (or would be), 1 where it was refused."""
    if kind not in KINDS:
        raise BadInput("--kind는 debtors, bills, payments 가운데 하나입니다.", "--kind is debtors, bills or payments.")
    with running_store() as (settings, url):
        store.migrate(url)
        given = {"is_dry_run": is_dry_run, "is_whole": is_whole, "source": source}
        told = _control(settings, control, side_file)
        return asyncio.run(_bring_in(settings, url, file, kind, told, rejects, given))


def _control(settings: Settings, control: Sequence[str], side_file: Path | None) -> Mapping[str, Any]:
    from civic.arrears.ledger import totals

    told: Mapping[str, totals.Total] = totals.from_words(control)
    if side_file is not None:
        raw = side_file.read_bytes()
        try:
            words = raw.decode("utf-8-sig")
        except UnicodeDecodeError:
            words = raw.decode("cp949", "replace")
        told = totals.joined(told, totals.from_file(words, settings.arrears.ledger.total_words))
    return totals.to_json(told)


async def _bring_in(
    settings: Settings,
    url: str,
    file: Path,
    kind: str,
    control: Mapping[str, Any],
    rejects: Path | None,
    given: Mapping[str, Any],
) -> int:
    from civic.arrears.ledger import imports

    db = await _opened(settings, url)
    try:
        one = await _taken(db, settings, file, kind, control, given)
        async with db.transaction() as tx:
            refused = await imports.rejects(tx, one.id, settings.arrears.ledger.most_rejects)
    finally:
        await db.close()
    _tell(one)
    _tell_refused(settings, one, refused, rejects)
    return int(one.state != "done")


async def _opened(settings: Settings, url: str) -> Database:
    db = Database(url, pool_size=3, days_off=settings.city.days_off)
    now = SystemClock().now()
    await open_vault(db, secret.load(settings.path(settings.var)), now, old_secrets())
    return db


async def _taken(
    db: Database, settings: Settings, file: Path, kind: str, control: Mapping[str, Any], given: Mapping[str, Any]
) -> Any:
    """The file received as the API receives it, then read here; a worker that is quicker has done the same."""
    from bot.arrears.importing import Importing
    from civic.arrears.ledger import imports
    from civic.arrears.ledger.practising import keep_apart

    clock, city_id, rules = SystemClock(), settings.city.id, settings.arrears
    is_whole = rules.ledger.is_whole if given["is_whole"] is None else given["is_whole"]
    async with db.transaction() as tx:
        await keep_apart(tx, city_id, given["source"])
        import_id = await imports.begin(
            tx,
            city_id,
            kind,  # type: ignore[arg-type]
            file.name,
            clock.now(),
            is_dry_run=given["is_dry_run"],
            is_whole=is_whole,
            source=given["source"],
            control=control,
            staff_id=None,
        )
    receiving = imports.Receiving(db, import_id)
    with console.status(f"{file.name}을 읽고 있습니다…"):
        with file.open("rb") as opened:
            while chunk := await asyncio.to_thread(opened.read, CHUNK):
                await receiving.take(chunk)
        most = rules.ledger.most_sheet_bytes if receiving.is_sheet else rules.ledger.most_bytes
        if receiving.bytes > most:
            raise BadInput("파일이 너무 큽니다. 나누어 주세요.", "The file is too large.")
        await receiving.arrived(clock.now())
        return await Importing(db, rules, city_id, clock).run(import_id)


def _tell(one: Any) -> None:
    name, is_sum = KINDS[one.kind], one.kind != "debtors"
    head = f"{name} 파일 {one.filename}: {STATES[one.state]}" + (" (시험: 넣지 않았습니다)" if one.is_dry_run else "")
    console.print(head, highlight=False, markup=False)
    if one.reason_ko:
        console.print(one.reason_ko, highlight=False, markup=False)
    counts = f"읽은 줄 {one.read_rows:,}, 새로 {one.new_rows:,}, 바뀜 {one.changed_rows:,}, 그대로 {one.same_rows:,}"
    console.print(f"{counts}, 거절 {one.refused_rows:,}", highlight=False)
    if is_sum:
        console.print(f"금액 {one.total_krw:,}원 (거절된 줄 {one.refused_krw:,}원)", highlight=False)
    if not one.control:
        console.print("합계가 없는 파일입니다. 빠진 줄이 있어도 알 수 없습니다.", highlight=False)


def _tell_refused(settings: Settings, one: Any, refused: Sequence[Any], rejects: Path | None) -> None:
    from civic.arrears.ledger.reasons import column, reason
    from civic.arrears.ledger.rejecting import write_rejects

    if refused:
        table = Table("줄", "칸", "번호", "까닭")
        for row in refused[:SHOWN]:
            name = column(settings.arrears.ledger, one.kind, row.field)
            table.add_row(str(row.line), name, row.key, reason(row.code))
        console.print(table)
        if len(refused) > SHOWN and rejects is None:
            console.print(
                f"그 밖에 {len(refused) - SHOWN:,}줄: --rejects 파일.csv로 모두 받을 수 있습니다.", highlight=False
            )
    if rejects is not None:
        file_format = "xlsx" if rejects.suffix == ".xlsx" else "csv"
        write_rejects(rejects, one.kind, refused, file_format, settings.arrears.ledger)  # type: ignore[arg-type]
        console.print(f"거절된 줄을 {rejects}에 썼습니다.", highlight=False, markup=False)


def practise(debtors: int, folder: Path | None, file_format: str, seed: int) -> int:
    """A ledger of made-up debtors; with a folder, the files alone, nothing is stored."""
    if folder is not None:
        _written(folder, debtors, file_format, seed)
        return 0
    with running_store() as (settings, url):
        store.migrate(url)
        return asyncio.run(_practise(settings, url, debtors, seed))


def _written(folder: Path, debtors: int, file_format: str, seed: int) -> dict[str, Path]:
    from civic.arrears.ledger.files import write_file
    from civic.arrears.ledger.practice import Practice

    folder.mkdir(parents=True, exist_ok=True)
    made = Practice(debtors, SystemClock().now().astimezone(SEOUL).date(), seed)
    several: Mapping[str, Iterable[Any]] = {
        "debtors": made.people(),
        "bills": made.bills(),
        "payments": made.payments(),
    }
    paths = {}
    for kind, rows in several.items():
        paths[kind] = folder / f"연습용-{KINDS[kind]}.{file_format}"
        count, krw = write_file(paths[kind], kind, rows)
        console.print(
            f"{paths[kind].name}: {count:,}줄, {krw:,}원 (모두 지어낸 자료입니다)", highlight=False, markup=False
        )
    return paths


async def _practise(settings: Settings, url: str, debtors: int, seed: int) -> int:
    from civic.arrears.ledger.practice import SOURCE

    db = await _opened(settings, url)
    try:
        given = {"is_dry_run": False, "is_whole": True, "source": SOURCE}
        with TemporaryDirectory() as folder:
            for kind, path in _written(Path(folder), debtors, "csv", seed).items():
                one = await _taken(db, settings, path, kind, {}, given)
                _tell(one)
                if one.state != "done":
                    return 1
        stops = await _stopped(db, settings, debtors, seed, SystemClock().now())
    finally:
        await db.close()
    console.print(f"멈춤(유예·사망·이의신청 등) {stops:,}건, 연습용 가상계좌도 넣었습니다.", highlight=False)
    console.print("이 저장소는 이제 연습용입니다. 실제 자료는 새 저장소에 넣어 주세요 (docs/desk/arrears-ledger.md).")
    return 0


async def _stopped(db: Database, settings: Settings, debtors: int, seed: int, now: datetime) -> int:
    """Stops of those who have none yet, and accounts of the practice pool to pay into; how many stops are new."""
    from civic.arrears.ledger.people import find
    from civic.arrears.ledger.practice import Practice
    from civic.arrears.ledger.stops import stop, stops_of
    from civic.arrears.money.accounts import import_accounts, practice

    city_id, today, new = settings.city.id, now.astimezone(SEOUL).date(), 0
    async with db.transaction() as tx:
        for one in Practice(debtors, today, seed).stops():
            (debtor_id,) = await find(tx, city_id, tax_no=one.tax_no)
            if not await stops_of(tx, city_id, debtor_id):
                await stop(tx, city_id, debtor_id, one.kind, today, None, one.basis, None, now)
                new += 1
        await import_accounts(tx, city_id, practice(min(debtors, 5_000)), now)
    return new

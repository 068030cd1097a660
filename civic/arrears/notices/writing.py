"""Letters for everybody who is due for a level that is a written document, listed page by page."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from civic.arrears.money.owing import owed
from civic.arrears.notices.ladder import Due, due, rung_of
from civic.arrears.notices.letters import NewLetter, list_letters
from civic.arrears.notices.steps import told
from core.arrears_notice_rules import Level
from core.arrears_rules import Arrears
from core.errors import BadInput


@dataclass(frozen=True, slots=True)
class Listed:
    """One page: letters that were listed, debtors left out by reason, and from whom to go on (None: the end)."""

    letter_ids: tuple[UUID, ...]
    excluded: dict[str, int]
    after: UUID | None


async def list_due(
    tx: AsyncConnection,
    city_id: str,
    level: Level,
    on: date,
    rules: Arrears,
    after: UUID | None,
    most: int,
    now: datetime,
    *,
    by: UUID | None = None,
) -> Listed:
    """The next page of a level's documents. Whom another process listed meanwhile is left out. Raises BadInput for a
    level that is no document.
    """
    rung = rung_of(rules, level)
    if not rung.letter:
        raise BadInput("서면으로 보내는 단계가 아닙니다.", "This level is no written document.", level=level)
    page = await due(tx, city_id, level, on, rules, after, most)
    excluded: dict[str, int] = {}
    for one in page:
        if one.excluded:
            excluded[one.excluded] = excluded.get(one.excluded, 0) + 1
    ready = [one for one in page if not one.excluded]
    mine = await told(tx, city_id, level, ready, on, rules, now)
    letters = await written(tx, city_id, level, [one for one in ready if one.debtor_id in mine], on, rules, now, by=by)
    return Listed(tuple(letters.values()), excluded, page[-1].debtor_id if page else None)


async def written(
    tx: AsyncConnection,
    city_id: str,
    level: Level,
    ready: list[Due],
    on: date,
    rules: Arrears,
    now: datetime,
    *,
    by: UUID | None = None,
) -> dict[UUID, UUID]:
    """One document for all of a person's bills of the level, for those whom `told` let through: debtor to letter."""
    kind = rung_of(rules, level).letter or "info"
    money = await owed(tx, city_id, [one.debtor_id for one in ready], on)
    letters = [
        NewLetter(
            one.debtor_id,
            kind,
            [bill for bill in money[one.debtor_id].bills if bill.bill_id in one.bill_ids],
            {"level": level},
            f"{level}:{one.debtor_id}:{on}",
        )
        for one in ready
        if one.debtor_id in money
    ]
    prefix = rules.notices.sender.document_prefix
    ids = await list_letters(tx, city_id, letters, now, prefix=prefix, by=by)
    return {letter.debtor_id: one for letter, one in zip(letters, ids, strict=True) if one is not None}

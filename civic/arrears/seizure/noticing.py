"""What the collecting department hears of a batch in its inbox: where an officer has to act, and never about whom."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from civic.arrears.seizure.reasons import STUCK, stuck_of
from civic.arrears.seizure.rows import Batch, Seizure
from civic.arrears.seizure.telling import bank_name
from civic.staff.notices import notify
from core.arrears_rules import Arrears
from core.clock import SEOUL

MOST_NAMED = 5
KIND = "arrears_seizure"


async def silent(tx: AsyncConnection, batch: Batch, banks: Mapping[str, int], now: datetime, rules: Arrears) -> None:
    """A batch went on without banks; `banks`: how many debtors each did not tell about."""
    if not banks:
        return
    named = ", ".join(bank_name(code, rules) for code in list(banks)[:MOST_NAMED])
    more_ko = f" 외 {len(banks) - MOST_NAMED}곳" if len(banks) > MOST_NAMED else ""
    more_en = f" and {len(banks) - MOST_NAMED} more" if len(banks) > MOST_NAMED else ""
    await _tell(
        tx,
        batch.city_id,
        f"silent:{batch.id}",
        f"압류 묶음 ‘{batch.title}’: {named}{more_ko}에서 기한까지 답이 오지 않아 그 은행 없이 계획했습니다. "
        "계획을 확인한 뒤 승인하시거나, 취소하고 나중에 다시 조회해 주세요.",
        f"Batch '{batch.title}': {named}{more_en} did not answer in time and the plan was made without them. "
        "Check the plan and approve it, or cancel it and look up again later.",
        now,
        rules,
    )


async def stuck(tx: AsyncConnection, city_id: str, seizures: Sequence[Seizure], now: datetime, rules: Arrears) -> None:
    """Banks did not pay over, let go or say what lies there: once a day, bank and thing that was asked."""
    whats = {(one.bank, _what(one.why)) for one in seizures if one.why.startswith(STUCK) and one.state != "releasing"}
    for bank, (key, ko, en) in sorted(whats):
        await _tell(
            tx,
            city_id,
            f"stuck:{bank}:{key}:{now.astimezone(SEOUL):%Y-%m-%d}",
            f"{bank_name(bank, rules)}: {ko} 압류 화면에서 까닭과 다음에 할 일을 보고 은행에 확인해 주세요.",
            f"{bank_name(bank, rules)}: {en} See the reason and the next step at the seizure, and ask the bank.",
            now,
            rules,
        )


def _what(why: str) -> tuple[str, str, str]:
    what, _ = stuck_of(why)
    if what == "collect":
        return what, "추심을 지시했으나 다 들어오지 않은 압류가 있습니다.", "A collection did not come in whole."
    if what == "lookup":
        return what, "잔액을 다시 묻는 조회에 답이 없는 압류가 있습니다.", "The bank does not tell a balance anew."
    return "release", "해제를 지시했으나 풀리지 않은 압류가 있습니다.", "A seizure was not let go as ordered."


async def _tell(
    tx: AsyncConnection, city_id: str, key: str, text_ko: str, text_en: str, now: datetime, rules: Arrears
) -> None:
    await notify(
        tx,
        city_id=city_id,
        kind=KIND,
        text_ko=text_ko,
        text_en=text_en,
        now=now,
        role="manager",
        department_id=rules.department or None,
        dedupe_key=f"{KIND}:{key}",
    )

"""What the collecting department hears of banks in its inbox: once a day and bank, and never about whom."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from civic.staff.notices import notify
from core.clock import SEOUL
from core.contracts.banks import BankFailed


async def tell_failing(
    tx: AsyncConnection, city_id: str, department: str, bank: str, reason: str, now: datetime
) -> None:
    """A bank has not answered for a while; its requests wait."""
    await _tell(
        tx,
        city_id,
        department,
        f"failing:{bank}",
        f"{bank}에서 답이 오지 않습니다({reason}). 요청은 사라지지 않고 기다립니다.",
        f"{bank} does not answer. Nothing is lost; its requests wait.",
        now,
    )


async def tell_dead(tx: AsyncConnection, city_id: str, department: str, bank: str, count: int, now: datetime) -> None:
    """Requests were given up; staff look at them and resume them."""
    await _tell(
        tx,
        city_id,
        department,
        f"dead:{bank}",
        f"{bank}에 물은 요청 {count:,}건이 멈췄습니다. 은행 요청 화면에서 까닭을 보고 다시 진행해 주세요.",
        f"{count:,} requests to {bank} have stopped. See why among the bank requests and resume them.",
        now,
    )


async def tell_unread(
    tx: AsyncConnection, city_id: str, department: str, bank: str, failed: BankFailed, now: datetime
) -> None:
    """What a bank sent was refused, or is missing for long."""
    await _tell(
        tx,
        city_id,
        department,
        f"unread:{bank}:{failed.reason_ko}",
        f"{bank}의 자료를 받지 못했습니다. {failed.reason_ko}",
        f"Nothing was taken from {bank}. {failed.reason_en}",
        now,
    )


async def tell_strangers(
    tx: AsyncConnection, city_id: str, department: str, bank: str, count: int, now: datetime
) -> None:
    """A bank answered what this city never asked it; nothing of that was taken."""
    await _tell(
        tx,
        city_id,
        department,
        f"strangers:{bank}",
        f"{bank}에서 우리 시가 묻지 않은 답 {count:,}건이 왔습니다. 반영하지 않았으니, "
        "다른 시의 자료가 섞였는지 은행에 확인해 주세요.",
        f"{bank} sent {count:,} answers to what this city never asked. Nothing of them was taken; tell the bank.",
        now,
    )


async def tell_differences(tx: AsyncConnection, city_id: str, department: str, count: int, now: datetime) -> None:
    """A comparison found what does not agree."""
    await _tell(
        tx,
        city_id,
        department,
        "differences",
        f"은행 장부와 우리 장부가 다른 것이 {count:,}건 있습니다. 대사 화면에서 확인하고 까닭을 적어 닫아 주세요.",
        f"{count:,} lines differ between the banks' ledgers and ours. Look into them and close each with a reason.",
        now,
    )


async def _tell(
    tx: AsyncConnection, city_id: str, department: str, key: str, text_ko: str, text_en: str, now: datetime
) -> None:
    await notify(
        tx,
        city_id=city_id,
        kind="arrears_bank",
        text_ko=text_ko,
        text_en=text_en,
        now=now,
        role="manager",
        department_id=department or None,
        dedupe_key=f"arrears_bank:{key}:{now.astimezone(SEOUL):%Y-%m-%d}",
    )

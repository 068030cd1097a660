"""What the routes of payments share: the answer to a payment, and what follows it at once."""

from uuid import UUID

import structlog
from pydantic import BaseModel

from api.deps import House
from bot.arrears.following import Following
from civic.arrears.money.payments import Taken
from core.errors import SinmungoError

log = structlog.get_logger(__name__)


class PaymentResult(BaseModel):
    """`differs`: this number is known with another amount or day."""

    payment_id: UUID
    is_new: bool
    differs: bool
    allocated_krw: int
    excess_krw: int
    debtor_id: UUID | None
    closed_bills: list[UUID]

    @classmethod
    def of(cls, taken: Taken) -> "PaymentResult":
        return cls(
            payment_id=taken.payment_id,
            is_new=taken.is_new,
            differs=taken.differs,
            allocated_krw=taken.allocated_krw,
            excess_krw=taken.excess_krw,
            debtor_id=taken.debtor_id,
            closed_bills=list(taken.closed_bills),
        )


async def follow(house: House) -> None:
    """Messages stop and seizures are released at once; where that fails, the clock's round does it a second later."""
    try:
        await Following(house.db, house.settings, house.clock).go()
    except SinmungoError as error:
        log.warning("arrears.follow_later", reason=error.code)

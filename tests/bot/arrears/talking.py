"""A debtor of the made-up ledger who writes to the running house, by messenger or from his telephone."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from core.clock import SEOUL
from tests.bot.city import Citizen
from tests.bot.people import People, texts
from tests.civic.arrears import made

CITY = "gimpo"
BIRTH = "790314"


@dataclass(slots=True)
class Debtor:
    """`pay_no`: of his bill."""

    people: People
    id: UUID
    number: str
    tax_no: str
    bill_id: UUID
    pay_no: str

    @property
    def phone(self) -> Citizen:
        """Who writes from his telephone."""
        return self.people.phone(self.number)

    async def known(self, citizen: Citizen, said: str = "체납 얼마예요") -> str:
        """Ask, and show who he is by the code (unless it is his telephone) and the secret; the last answer."""
        answer = texts(await citizen.say(said))
        if "휴대전화 번호를" in answer:
            await citizen.say(self.number)
            answer = texts(await citizen.say(await self.people.code_to(self.number)))
        assert "하나만 숫자로" in answer, answer
        return texts(await citizen.say(self.tax_no[-4:]))


async def new_debtor(people: People, *, number: str = "", **bill: Any) -> Debtor:
    """With one bill of 500,000 won, long due, dunned with its deadline over."""
    number, now = number or people.new_number(), people.city.clock.now()
    on = now.astimezone(SEOUL).date()
    tax_no = f"7{number.replace('-', '')[-8:]}4321"
    given: dict[str, Any] = {
        "due_on": on - timedelta(days=90),
        "notified_on": on - timedelta(days=110),
        "dunned_on": on - timedelta(days=60),
        "dun_due_on": on - timedelta(days=45),
        "tax_year": 2026,
        "pay_no": f"26{number.replace('-', '')[-8:]}8765",
        **bill,
    }
    async with people.house.db.transaction() as tx:
        who = await made.debtor(tx, now=now, phone=number, tax_no=tax_no, birth=BIRTH)
        bill_id = await made.bill(tx, who, now=now, **given)
    return Debtor(people, who, number, tax_no, bill_id, given["pay_no"])

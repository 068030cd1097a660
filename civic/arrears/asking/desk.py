"""What the chat may ask of the arrears: who somebody has shown to be, what he owes, where to pay, requests."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.arrears.asking import deciding, proving, receipts, requests, standing
from civic.arrears.asking.folding import folded
from civic.arrears.asking.planning import Part
from civic.arrears.asking.proving import Verdict
from civic.arrears.asking.receipts import Receipt
from civic.arrears.asking.requests import Kind, Request
from civic.arrears.asking.standing import Standing
from civic.arrears.ledger.stops import stop, stops_on
from civic.arrears.money.accounts import VirtualAccount, account_for
from civic.arrears.money.explained import explain
from civic.arrears.seizure.floors import Floor, floor_on
from civic.arrears.tables import arrears_debtors
from civic.cases.clock.calendar import WorkingDays, working_days
from civic.conversations.tables import conversations, outbound
from civic.people.service import normalise_phone, proven_number
from civic.staff.notices import notify
from core.arrears_rules import Arrears
from core.clock import SEOUL
from core.contracts.channel import Channel
from core.db import Database
from core.errors import BadInput, Conflict
from core.vault import Vault

TOLD_LATELY = timedelta(days=30)
"""So long after word of arrears "저 아닌데요" is an answer to it."""
WRONG_NUMBER = "받은 사람이 본인이 아니라고 알림"


@dataclass(frozen=True, slots=True)
class Deferring:
    """What an application for time would be: until when, of which bills, and when silence counts as yes (None: the
    deadline is too near for that, §25의3)."""

    until_on: date
    bill_ids: tuple[UUID, ...]
    deemed_on: date | None


class ArrearsDesk:
    """One city's. Methods without `tx` read; the others write in the caller's transaction."""

    def __init__(
        self,
        db: Database,
        vault: Vault,
        city_id: str,
        rules: Arrears,
        days_off: Mapping[date, str],
        channels: Mapping[str, Channel],
    ) -> None:
        self._db = db
        self._vault = vault
        self._city_id = city_id
        self._rules = rules
        self._days_off = dict(days_off)
        self._channels = channels
        self.rules = rules.asking

    @property
    def days(self) -> WorkingDays:
        return working_days(self._days_off)

    @property
    def department(self) -> str:
        """Whose matter it is: the collecting department's id."""
        return self._rules.department

    def bank(self, code: str) -> str:
        """The bank's name as config.yml has it, else its code."""
        found = self._rules.banks.banks.get(code)
        return found.name if found else code

    # -- who he is ----------------------------------------------------------------------------------------------------

    def is_public(self, channel: str) -> bool:
        """What is said there others can read: nothing of taxes is asked or told there."""
        found = self._channels.get(channel)
        return found is not None and found.capabilities.is_public

    def has_number(self, channel: str) -> bool:
        """Its addresses are telephone numbers, so that who writes there has shown his number."""
        found = self._channels.get(channel)
        return found is not None and found.capabilities.has_phone_address

    def number(self, phone: str) -> bytes:
        """The keyed hash by which a telephone is found. Raises BadInput for what is none."""
        return self._vault.index("citizens.phone", normalise_phone(phone))

    async def proven_number(self, conversation_id: UUID, channel: str, address: str, now: datetime) -> bytes | None:
        """The number that this conversation has shown to have: it is written from there, or a code was given lately."""
        if self.has_number(channel):
            try:
                return self.number(address)
            except BadInput:
                return None
        since = now - timedelta(days=self.rules.phone_days)
        async with self._db.reading() as tx:
            return await proven_number(tx, conversation_id, since)

    async def was_told(self, conversation_id: UUID, now: datetime) -> bool:
        """Word of arrears went to this address lately, on this channel or another one to telephones."""
        here = select(conversations.c.address).where(conversations.c.id == conversation_id).scalar_subquery()
        wanted = (
            select(outbound.c.id)
            .join(conversations, conversations.c.id == outbound.c.conversation_id)
            .where(
                conversations.c.city_id == self._city_id,
                conversations.c.address == here,
                outbound.c.purpose == "arrears",
                outbound.c.created_at >= now - TOLD_LATELY,
            )
        )
        async with self._db.reading() as tx:
            return (await tx.execute(wanted.limit(1))).one_or_none() is not None

    async def sent_lately(self, conversation_id: UUID, now: datetime) -> list[datetime]:
        """When word of arrears left for this address lately, the newest first, three at most; nothing of what it said.
        For "is it really you?" on a channel whose addresses are telephones."""
        here = select(conversations.c.address).where(conversations.c.id == conversation_id).scalar_subquery()
        wanted = (
            select(outbound.c.sent_at)
            .join(conversations, conversations.c.id == outbound.c.conversation_id)
            .where(
                conversations.c.city_id == self._city_id,
                conversations.c.address == here,
                outbound.c.purpose == "arrears",
                outbound.c.sent_at >= now - TOLD_LATELY,
            )
            .order_by(outbound.c.sent_at.desc())
        )
        async with self._db.reading() as tx:
            return list(await tx.scalars(wanted.limit(3)))

    async def known(self, conversation_id: UUID, now: datetime) -> UUID | None:
        async with self._db.reading() as tx:
            return await proving.known(tx, conversation_id, now)

    async def locked_until(self, conversation_id: UUID, number: bytes, now: datetime) -> datetime | None:
        async with self._db.reading() as tx:
            return await proving.locked_until(tx, self._city_id, conversation_id, number, now)

    async def look_at(self, conversation_id: UUID, number: bytes, secret: str, now: datetime) -> Verdict:
        """What the secret would be judged to be; nothing is counted yet."""
        async with self._db.reading() as tx:
            return await self._judge(tx, conversation_id, number, secret, now, settles=False)

    async def settle(
        self, tx: AsyncConnection, conversation_id: UUID, number: bytes, secret: str, seen: Verdict, now: datetime
    ) -> Verdict:
        """Count it. Raises Conflict where it was `seen` to be right and is so no longer: nothing may be told then."""
        judged = await self._judge(tx, conversation_id, number, secret, now, settles=True)
        if seen.kind == "right" and judged != seen:
            raise Conflict("다시 한 번 확인해 주세요.", "It was judged otherwise meanwhile.")
        return judged

    async def _judge(
        self, tx: AsyncConnection, conversation_id: UUID, number: bytes, secret: str, now: datetime, *, settles: bool
    ) -> Verdict:
        rules = self.rules
        return await proving.judge(tx, rules, self._city_id, conversation_id, number, secret, now, settles=settles)

    async def end(self, tx: AsyncConnection, conversation_id: UUID, now: datetime) -> int:
        return await proving.end(tx, conversation_id, now)

    # -- what he is told ----------------------------------------------------------------------------------------------

    async def standing(self, debtor_id: UUID, now: datetime) -> Standing:
        async with self._db.reading() as tx:
            return await standing.standing(tx, self._city_id, debtor_id, korean_day(now))

    async def receipts(self, debtor_id: UUID, now: datetime) -> Sequence[Receipt]:
        """What was paid within a year, the newest first."""
        since = korean_day(now) - timedelta(days=receipts.DAYS)
        async with self._db.reading() as tx:
            return await receipts.paid_since(tx, self._city_id, debtor_id, since)

    def floor(self, now: datetime) -> Floor:
        """What of a person's deposits is never seized, by the table of that day."""
        return floor_on(korean_day(now), self._rules.seizure.floor)

    async def explained(self, bill_id: UUID, now: datetime, lang: str) -> list[str]:
        """How the amount of a bill came about, step by step; equal months together."""
        async with self._db.reading() as tx:
            found = await explain(tx, self._city_id, bill_id, korean_day(now))
        return folded(found.lines, lang)

    async def account(self, tx: AsyncConnection, debtor_id: UUID, now: datetime) -> VirtualAccount | None:
        return await account_for(tx, self._city_id, debtor_id, now, self._rules)

    # -- what he asks for ---------------------------------------------------------------------------------------------

    def deferring(self, found: Standing, months: int, now: datetime) -> Deferring:
        """What an application of today for so many months would be. The deadline of a bill is that of its 독촉장."""
        rules, on = self.rules.deferral, korean_day(now)
        until_on = self.days.next(on + timedelta(days=30 * months))
        in_time = [
            bill.bill_id for bill in found.bills if ((bill.dun_due_on or bill.due_on) - on).days >= rules.before_days
        ]
        deemed_on = on + timedelta(days=rules.deemed_days) if in_time else None
        return Deferring(until_on, tuple(in_time) or tuple(bill.bill_id for bill in found.bills), deemed_on)

    async def ask(
        self,
        tx: AsyncConnection,
        debtor_id: UUID,
        kind: Kind,
        wish: Mapping[str, Any],
        now: datetime,
        *,
        conversation_id: UUID,
        deemed_on: date | None = None,
    ) -> Request:
        """Raises Conflict where such a request is open."""
        due_at = self.answer_by(kind, now)
        made = await requests.ask(
            tx,
            self._city_id,
            debtor_id,
            kind,
            wish,
            now,
            conversation_id=conversation_id,
            due_at=due_at,
            deemed_on=deemed_on,
        )
        ko, en = requests.NAMES[kind]
        await notify(
            tx,
            city_id=self._city_id,
            kind="arrears_request",
            text_ko=f"체납: {ko} 신청이 들어왔습니다.",
            text_en=f"Arrears: a request has come in ({en}).",
            now=now,
            role="agent",
            department_id=self.department or None,
            dedupe_key=f"arrears_request:{made.id}",
        )
        return made

    def answer_by(self, kind: Kind, now: datetime) -> datetime:
        """Until when officers should have answered: a release is a matter of hours (§63: at once)."""
        if kind == "release":
            return now + timedelta(hours=self.rules.release_hours)
        day = korean_day(now)
        for _ in range(self.rules.answer_days):
            day = self.days.next(day + timedelta(days=1))
        return datetime(day.year, day.month, day.day, 18, tzinfo=SEOUL)

    async def withdraw(self, tx: AsyncConnection, debtor_id: UUID, kind: Kind, now: datetime) -> bool:
        """Take back the debtor's open request of this kind; False where there is none."""
        found = await requests.open_one(tx, self._city_id, debtor_id, kind)
        if found is None:
            return False
        await deciding.withdraw(tx, self._city_id, await requests.read(tx, self._city_id, found.id, lock=True), now)
        return True

    async def wrong_number(self, tx: AsyncConnection, conversation_id: UUID, number: bytes, now: datetime) -> int:
        """Who has this telephone is not the debtor: his messages stop at once, and officers look for the right number.
        How many debtors it was; the citizen is not told."""
        on = korean_day(now)
        wanted = select(arrears_debtors.c.id).where(
            arrears_debtors.c.city_id == self._city_id, arrears_debtors.c.phone_index == number
        )
        ids: Sequence[UUID] = list(await tx.scalars(wanted.order_by(arrears_debtors.c.id)))
        stopped = await stops_on(tx, self._city_id, ids, on) if ids else {}
        for debtor_id in ids:
            if not any(one.kind == "wrong_number" for one in stopped.get(debtor_id, ())):
                await stop(tx, self._city_id, debtor_id, "wrong_number", on, None, WRONG_NUMBER, None, now)
            if await requests.open_one(tx, self._city_id, debtor_id, "wrong_number") is None:
                await self.ask(tx, debtor_id, "wrong_number", {}, now, conversation_id=conversation_id)
        await proving.end(tx, conversation_id, now)
        return len(ids)


def korean_day(now: datetime) -> date:
    return now.astimezone(SEOUL).date()


def wished(parts: Sequence[Part]) -> list[list[Any]]:
    """Parts as a request keeps them."""
    return [[part.due_on.isoformat(), part.amount_krw] for part in parts]

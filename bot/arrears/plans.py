"""What comes after a payment, a plan and an application by the clock: thanks, reminders, endings, silence as a yes."""

from datetime import date, datetime, timedelta
from uuid import UUID

import structlog
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.arrears.telling import Word
from civic.arrears.asking import deciding, paid, plans, requests
from civic.arrears.asking.plans import Plan
from civic.arrears.seizure.tables import arrears_seizures
from civic.staff.notices import notify
from civic.staff.service import record_change
from core.clock import SEOUL, Clock
from core.db import Database
from core.settings import Settings

MOST = 100
ROUNDS = 200
_LETTING_GO = ("releasing", "easing")
log = structlog.get_logger(__name__)


class Plans:
    """May run in any process, any number of times: each step leaves what it did in its own transaction."""

    def __init__(self, db: Database, settings: Settings, word: Word, clock: Clock) -> None:
        self._db = db
        self._city_id = settings.city.id
        self._department = settings.arrears.department
        self._rules = settings.arrears.asking
        self._word = word
        self._clock = clock

    # -- thanks -------------------------------------------------------------------------------------------------------

    async def thank(self) -> None:
        """Each few seconds: who paid is thanked once, told what is left and what was set free by it."""
        for _ in range(ROUNDS):
            now = self._clock.now()
            async with self._db.transaction() as tx:
                found = await paid.untold(tx, self._city_id, MOST)
                for one in found:
                    await self._thank(tx, one, now)
            if not found:
                return

    async def _thank(self, tx: AsyncConnection, one: paid.Paid, now: datetime) -> None:
        plan = await plans.running_of(tx, self._city_id, one.debtor_id)
        part = plan.next_part if plan else None
        values = {
            "krw": one.amount_krw,
            "excess": one.excess_krw,
            "left": await self._word.left(tx, one.debtor_id, now),
            "releasing": await _letting_go(tx, one.debtor_id),
            "next": {"number": part.number, "due": f"{part.due_on:%Y.%m.%d}", "krw": part.left_krw} if part else None,
        }
        sent = await self._word.say(tx, one.debtor_id, "paid", values, f"paid:{one.payment_ids[0]}", now)
        await paid.told(tx, one, sent, now)

    # -- plans --------------------------------------------------------------------------------------------------------

    async def look(self) -> None:
        """Each hour of the day: parts that are due soon, missed parts, plans that are kept or broken."""
        after: UUID | None = None
        for _ in range(ROUNDS):
            now = self._clock.now()
            async with self._db.transaction() as tx:
                found = await plans.running(tx, self._city_id, after=after, limit=MOST, lock=True)
                for plan in found:
                    await self._follow(tx, plan, now.astimezone(SEOUL).date(), now)
            if not found:
                return
            after = found[-1].id

    async def _follow(self, tx: AsyncConnection, plan: Plan, on: date, now: datetime) -> None:
        rules, missed = self._rules.plans, plan.missed(on)
        if plan.next_part is None:
            await self._finish(tx, plan, "kept", now)
            return
        if len(missed) >= rules.missed_ends:
            await self._finish(tx, plan, "broken", now, missed=len(missed))
            return
        if fresh := [part for part in missed if part.missed_at is None]:
            last, chances = fresh[-1], rules.missed_ends - len(missed)
            values = {"number": last.number, "due": f"{last.due_on:%Y.%m.%d}", "krw": last.left_krw, "chances": chances}
            await self._word.say(tx, plan.debtor_id, "part_missed", values, f"missed:{plan.id}:{last.number}", now)
            await plans.told(tx, plan, [one.number for one in fresh], "missed_at", now)
        part = next((one for one in plan.parts if one.left_krw and one.due_on >= on), None)
        if part and part.reminded_at is None and part.due_on - timedelta(days=rules.remind_days) <= on:
            is_last = len(missed) + 1 >= rules.missed_ends
            values = {"number": part.number, "due": f"{part.due_on:%Y.%m.%d}", "krw": part.left_krw}
            values["is_last_chance"] = is_last
            await self._word.say(tx, plan.debtor_id, "part_due", values, f"due:{plan.id}:{part.number}", now)
            await plans.told(tx, plan, [part.number], "reminded_at", now)

    async def _finish(
        self, tx: AsyncConnection, plan: Plan, state: plans.State, now: datetime, *, missed: int = 0
    ) -> None:
        await plans.finish(tx, self._city_id, plan, state, now)
        values = {"left": await self._word.left(tx, plan.debtor_id, now), "missed": missed}
        await self._word.say(tx, plan.debtor_id, f"plan_{state}", values, f"plan:{plan.id}", now)
        await record_change(
            tx,
            city_id=self._city_id,
            actor_kind="system",
            actor_id=None,
            action=f"arrears.plan_{state}",
            object_kind="arrears_plan",
            object_id=str(plan.id),
            detail={"debtor_id": str(plan.debtor_id), "missed": missed},
            now=now,
        )

    # -- applications -------------------------------------------------------------------------------------------------

    async def deem(self) -> None:
        """Each few minutes: staff are told of applications that silence will soon grant, and it grants those due."""
        now = self._clock.now()
        local, rules = now.astimezone(SEOUL), self._rules.deferral
        async with self._db.transaction() as tx:
            soon = await requests.unwarned(tx, self._city_id, local.date() + timedelta(days=rules.warn_days), MOST)
            for one in soon:
                await self._warn(tx, one, now)
            await requests.warned(tx, [one.id for one in soon], now)
        over = local.date() if local.hour >= rules.hour else local.date() - timedelta(days=1)
        for _ in range(ROUNDS):
            async with self._db.transaction() as tx:
                found = await requests.deemed_by(tx, self._city_id, over, MOST)
                for one in found:
                    granted = await deciding.deem(tx, self._city_id, one, now)
                    await self._word.decided(tx, granted, now)
            if not found:
                return
            log.info("arrears.deemed", requests=len(found))

    async def _warn(self, tx: AsyncConnection, one: requests.Request, now: datetime) -> None:
        await notify(
            tx,
            city_id=self._city_id,
            kind="arrears_deemed_soon",
            text_ko=f"징수유예 신청: {one.deemed_on}까지 답하지 않으면 승인된 것으로 봅니다(지방세징수법 제25조의3).",
            text_en=f"Deferral: unless answered by {one.deemed_on} it counts as granted (§25-3).",
            now=now,
            role="manager",
            department_id=self._department or None,
            dedupe_key=f"arrears_deemed:{one.id}",
        )


async def _letting_go(tx: AsyncConnection, debtor_id: UUID) -> int:
    """Seizures of his that a bank was asked to let go and has not answered yet."""
    wanted = (
        select(func.count())
        .select_from(arrears_seizures)
        .where(arrears_seizures.c.debtor_id == debtor_id, arrears_seizures.c.state.in_(_LETTING_GO))
    )
    return int(await tx.scalar(wanted) or 0)

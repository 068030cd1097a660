"""A house that asks the simulated network, and a note of what was handed on."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.arrears.asking_banks import AskingBanks
from civic.arrears.banks.requests import ask
from civic.arrears.banks.tables import arrears_bank_requests as table
from core.arrears_rules import Arrears
from core.clock import SetClock
from core.contracts.banks import BankAnswer, BankRequest, Gateway
from core.db import Database

CITY = "gimpo"


def rules(*banks: str, gateway: str = "practice", **more: Any) -> Arrears:
    named = {bank: {"name": f"예: 가상은행 {bank}", "gateway": gateway} for bank in banks}
    quick: dict[str, Any] = {"wait_s": 1, "poll_s": 0, "rest_s": 30, "failing_minutes": 1}
    return Arrears.model_validate({"banks": {"banks": named, **quick, **more}})


@dataclass
class Handed:
    """What follows from answers, as the house would do it. `breaks`: ids whose following fails."""

    pairs: list[tuple[BankRequest, BankAnswer]] = field(default_factory=list)
    breaks: set[Any] = field(default_factory=set)

    async def take(
        self,
        tx: AsyncConnection,
        city_id: str,
        answered: Sequence[tuple[BankRequest, BankAnswer]],
        now: datetime,
        rules: Arrears,
    ) -> None:
        if self.breaks & {request.request_id for request, _ in answered}:
            raise RuntimeError("what follows fails")
        self.pairs += answered

    @property
    def ids(self) -> list[Any]:
        return [request.request_id for request, answer in self.pairs if answer.status != "pending"]


@dataclass
class House:
    db: Database
    clock: SetClock
    arrears: Arrears
    gateways: dict[str, Gateway]
    handed: Handed = field(default_factory=Handed)

    def asking(self, owner: str = "one") -> AskingBanks:
        return AskingBanks(self.db, self.gateways, self.arrears, CITY, self.clock, owner, take=self.handed.take)

    async def ask(self, requests: Sequence[BankRequest]) -> None:
        async with self.db.transaction() as tx:
            await ask(tx, CITY, requests, "batch", self.clock.now())

    async def rounds(self, most: int, step: timedelta = timedelta(seconds=40)) -> None:
        """Go until all is answered; the clock moves between rounds."""
        for _ in range(most):
            await self.asking().go()
            if not await self.waiting():
                return
            self.clock.move(step)
        raise AssertionError(f"still waiting: {await self.states()}")

    async def waiting(self) -> int:
        return sum(count for state, count in (await self.states()).items() if state != "answered")

    async def states(self) -> dict[str, int]:
        async with self.db.reading() as tx:
            rows = await tx.execute(select(table.c.state, func.count()).group_by(table.c.state))
            return {row.state: row[1] for row in rows}

    async def row(self, request: BankRequest) -> Any:
        async with self.db.reading() as tx:
            return (await tx.execute(select(table).where(table.c.id == request.request_id))).one()

    async def empty(self) -> None:
        async with self.db.transaction() as tx:
            await tx.exec_driver_sql(
                "TRUNCATE arrears_bank_requests, arrears_bank_ways, arrears_bank_booked, "
                "arrears_bank_reconciliations, arrears_bank_differences, staff_notices CASCADE"
            )

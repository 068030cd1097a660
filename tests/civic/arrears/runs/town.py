"""A small city that sends notices: approved words, a channel for telephones, accounts to pay into, two officers."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import insert, select, text

from bot.arrears.following import Following
from bot.arrears.running import ArrearsRuns
from bot.sender import Sender
from civic.arrears.money.accounts import import_accounts, practice
from civic.arrears.notices.tables import arrears_templates
from civic.arrears.runs import writing
from civic.arrears.runs.leaving import may_leave
from civic.arrears.runs.tables import arrears_run_recipients
from civic.arrears.runs.writing import Criteria, Draft, Run
from civic.conversations.tables import outbound
from civic.staff.members import add_staff
from core.clock import SetClock
from core.db import Database
from core.ids import new_id
from core.settings import Settings, read
from tests.bot.memory_channel import TEXT_MESSAGES, MemoryChannel
from tests.civic.arrears import made
from tests.civic.cases.rows import departments_of_city

CITY = "gimpo"
NOW = datetime(2026, 11, 20, 1, 0, tzinfo=UTC)
TODAY = date(2026, 11, 20)
SMS = "[김포시] 체납 #{건수}건 #{금액}, #{납부기한}까지 #{은행} #{가상계좌}, 문의 #{전화}"
LMS = (
    "[김포시] 지방세 체납을 안내드립니다.\n#{성명} 님, #{기준일} 기준 #{세목} #{금액}입니다.\n"
    "#{은행} #{가상계좌}(#{예금주})로 #{납부기한}까지 내실 수 있습니다.\n"
    "한 번에 내기 어려우시면 분납이나 유예를 상의해 주세요.\n"
    "이 글은 송달이 아닙니다. 문의 #{부서} #{전화}"
)


@dataclass
class Town:
    """`sms` holds what telephones got, by number."""

    db: Database
    settings: Settings
    clock: SetClock
    sms: MemoryChannel
    officers: tuple[UUID, UUID] = field(default=(UUID(int=0), UUID(int=0)))

    def __post_init__(self) -> None:
        channels: Any = {"memory": self.sms}
        self.runs = ArrearsRuns(self.db, channels, self.settings, self.clock)
        self.following = Following(self.db, self.settings, self.clock)
        self.sender = Sender(self.db, channels, self.settings.messaging, CITY, self.clock, None, {"arrears": may_leave})

    async def up(self) -> None:
        async with self.db.transaction() as tx:
            await departments_of_city(tx)
            ids = []
            for number in range(2):
                login = f"tax.officer{number}"
                member = await add_staff(
                    tx, city_id=CITY, login=login, name="김세무", role="manager", department_id="road",
                    password="sinmungo-북소리-2026", now=NOW,
                )  # fmt: skip
                ids.append(member.id)
            self.officers = (ids[0], ids[1])
            await import_accounts(tx, CITY, practice(400), NOW)
            for level in ("reminder", "dun", "warning", "bill"):
                await self.words(tx, level)

    async def words(self, tx: Any, level: str) -> None:
        for kind, body, key in (("alimtalk", LMS, "arrears"), ("lms", LMS, ""), ("sms", SMS, "")):
            await tx.execute(
                insert(arrears_templates).values(
                    id=new_id(),
                    city_id=CITY,
                    level=level,
                    kind=kind,
                    lang="ko",
                    number=1,
                    body=body,
                    subject="체납 안내" if kind == "lms" else "",
                    alimtalk_key=key,
                    state="approved",
                    written_by=self.officers[0],
                    written_at=NOW,
                    decided_by=self.officers[1],
                    decided_at=NOW,
                )
            )

    async def owe(self, count: int = 1, **values: Any) -> list[UUID]:
        """Debtors with one bill each, long dunned; fields of a bill by `bill_…`."""
        of_bill = {name.removeprefix("bill_"): values.pop(name) for name in list(values) if name.startswith("bill_")}
        given = {"dunned_on": date(2025, 10, 20), "dun_due_on": date(2025, 11, 5), **of_bill}
        found = []
        async with self.db.transaction() as tx:
            for _ in range(count):
                debtor_id = await made.debtor(tx, now=NOW, **values)
                await made.bill(tx, debtor_id, now=NOW, **given)
                found.append(debtor_id)
        return found

    async def draft(self, level: str = "reminder", **values: Any) -> Run:
        criteria = Criteria(**values.pop("criteria", {}))
        async with self.db.transaction() as tx:
            draft = Draft("11월 체납 안내", level, criteria, **values)
            return await writing.add(tx, CITY, draft, self.settings.arrears, self.officers[0], self.clock.now())

    async def prepared(self, level: str = "reminder", **values: Any) -> Run:
        run = await self.draft(level, **values)
        await self.following.go()
        await self.do("prepare", run, self.officers[0], self.day)
        await self.runs.work(run["id"])
        return await self.read(run)

    async def approved(self, level: str = "reminder", **values: Any) -> Run:
        run = await self.prepared(level, **values)
        await self.do("approve", run, self.settings.arrears, self.officers[1], self.day)
        return await self.read(run)

    async def filled(self, level: str = "reminder", **values: Any) -> Run:
        run = await self.approved(level, **values)
        await self.runs.work(run["id"])
        return await self.read(run)

    async def do(self, what: str, run: Run, *given: Any) -> None:
        """A step of the run's life, on the row as it stands."""
        async with self.db.transaction() as tx:
            before = await writing.read(tx, CITY, run["id"], lock=True)
            await getattr(writing, what)(tx, before, *given, self.clock.now())

    async def read(self, run: Run) -> Run:
        async with self.db.reading() as tx:
            return dict(await writing.read(tx, CITY, run["id"]))

    async def send(self) -> None:
        await self.sender.drain()
        await self.sender.idle()

    async def row(self, run: Run, debtor_id: UUID) -> Any:
        wanted = select(arrears_run_recipients).where(
            arrears_run_recipients.c.run_id == run["id"], arrears_run_recipients.c.debtor_id == debtor_id
        )
        async with self.db.reading() as tx:
            return (await tx.execute(wanted)).one()

    async def messages(self, run: Run, debtor_id: UUID) -> list[tuple[str, str]]:
        """(way, status) of each, in order."""
        row = await self.row(run, debtor_id)
        async with self.db.reading() as tx:
            found = select(outbound.c.id, outbound.c.follows_id, outbound.c.way, outbound.c.status, outbound.c.seq)
            rows = (await tx.execute(found.where(outbound.c.purpose == "arrears").order_by(outbound.c.seq))).all()
        ids = {row.id, row.message_id} - {None}
        return [(one.way, one.status) for one in rows if one.id in ids or one.follows_id in ids]

    def got(self, phone: str) -> list[str]:
        return [one.text for one in self.sms.sent["+82" + phone.replace("-", "")[1:]]]

    @property
    def day(self) -> date:
        return (self.clock.now() + timedelta(hours=9)).date()

    async def clean(self) -> None:
        async with self.db.transaction() as tx:
            for table in ("arrears_run_recipients", "arrears_runs"):
                await tx.execute(text(f"DELETE FROM {table}"))
            await tx.execute(text("DELETE FROM outbound WHERE purpose = 'arrears'"))
            await tx.execute(text("UPDATE arrears_bills SET state = 'cancelled' WHERE state = 'open'"))
            await tx.execute(text("DELETE FROM arrears_touched"))
            await tx.execute(text("UPDATE conversations SET stopped_at = NULL"))


@contextmanager
def town(db: Database, **changes: Any) -> Iterator[Town]:
    """config.yml's city with a channel of telephones named memory; `changes` to `arrears.runs`."""
    settings = read()
    messaging = settings.messaging.model_copy(update={"sms_channel": "memory"})
    runs = settings.arrears.runs.model_copy(update={"chunk": 7, **changes})
    channels = {"memory": {"enabled": True, "alimtalk": {"templates": {"arrears": "KA01"}}}}
    arrears = settings.arrears.model_copy(update={"runs": runs})
    changed = {"messaging": messaging, "arrears": arrears, "channels": channels}
    sms = MemoryChannel("memory", capabilities=TEXT_MESSAGES)
    yield Town(db, settings.model_copy(update=changed), SetClock(NOW), sms)

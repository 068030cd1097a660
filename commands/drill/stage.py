"""The stage of a drill: a city of its own on a throw-away database, a clock that is moved, a messenger nearby."""

import secrets
import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import httpx
from rich.console import Console

from api.app import create_app
from bot.bootstrap import Running, open_house
from bot.prepare import model_folder, prepare
from civic.staff.service import add_staff
from commands.drill.counterpart import Provider, provider
from commands.drill.people import CHANNEL, Citizen, Officer
from core import store
from core.clock import SEOUL, SetClock
from core.settings import Settings, StaffAccounts, read

STEP = timedelta(minutes=10)
_OFFICERS = (
    # login, name, role, department
    ("road", "김도로", "agent", "road"),
    ("road.two", "박도로", "agent", "road"),
    ("road.head", "최팀장", "manager", "road"),
    ("green", "이공원", "agent", "parks"),
    ("admin", "정관리", "admin", None),
    ("auditor", "한감사", "auditor", "audit"),
)


@dataclass(slots=True)
class Check:
    """One promise and whether it held, with what was seen."""

    promise: str
    held: bool
    seen: str


@dataclass(slots=True)
class Stage:
    house: Running
    clock: SetClock
    provider: Provider
    http: httpx.AsyncClient
    console: Console
    secret: str
    password: str
    inbound: int = 0
    checks: list[Check] = field(default_factory=list)
    officers: dict[str, Officer] = field(default_factory=dict)
    citizens: list[Citizen] = field(default_factory=list)

    def citizen(self, name: str) -> Citizen:
        made = Citizen(self, name, len(self.citizens) + 1)
        self.citizens.append(made)
        return made

    def tell(self, line: str) -> None:
        """A line of the day's log, with the drill's own time."""
        self.console.print(f"[dim]{self.clock.now().astimezone(SEOUL):%m-%d %H:%M}[/dim]  {line}")

    def check(self, promise: str, held: bool, seen: object = "") -> None:
        self.checks.append(Check(promise, held, str(seen)))
        mark = "[green]✓[/green]" if held else "[red]✗[/red]"
        self.console.print(f"             {mark} {promise}" + (f"  [dim]{seen}[/dim]" if str(seen) else ""))

    async def until(self, at: datetime, *, step: timedelta = STEP) -> None:
        """Let time pass; at every step everything runs whose schedule had a tick meanwhile."""
        while self.clock.now() < at:
            before = self.clock.now()
            self.clock.move(min(step, at - before))
            await self.house.jobs.catch_up(before, self.clock.now())
            await self.house.desk.idle()

    async def after(self, **by: float) -> None:
        await self.until(self.clock.now() + timedelta(**by))


@asynccontextmanager
async def stage(at: datetime, console: Console) -> AsyncIterator[Stage]:
    """Everything of the real house on a database that is thrown away; nothing of the city's own is touched."""
    with tempfile.TemporaryDirectory(prefix="sinmungo-drill-") as name:
        folder = Path(name)
        async with provider() as messenger:
            secret = secrets.token_urlsafe(32)
            settings = _settings(folder, messenger.url, secret)
            with store.embedded(folder / "pg") as url:
                clock = SetClock(at)
                await prepare(settings, url, at, console.print)
                async with open_house(settings, url, is_worker=False, clock=clock) as house:
                    transport = httpx.ASGITransport(app=create_app(house), client=("127.0.0.1", 1))
                    async with httpx.AsyncClient(transport=transport, base_url="http://drill") as client:
                        made = Stage(
                            house, clock, messenger, client, console, secret, f"북소리-{secrets.token_urlsafe(9)}-1a"
                        )
                        await _staff(made)
                        yield made


def _settings(folder: Path, url: str, secret: str) -> Settings:
    own = read()
    var = folder / "var"
    if (trained := model_folder(own)).exists():
        shutil.copytree(trained, var / "nlu")
    return own.model_copy(
        update={
            "var": var,
            "channels": {CHANNEL: {"enabled": True, "secret": secret, "outbound_url": url}},
            "staff": _patient(own.staff),
            "outside": own.outside.model_copy(update={"allowed_hosts": ["127.0.0.1"]}),
        }
    )


def _patient(rules: StaffAccounts) -> StaffAccounts:
    """The play lasts weeks, and nobody in it has a telephone for a second factor."""
    return rules.model_copy(update={"second_factor": rules.second_factor.model_copy(update={"grace_days": 90})})


async def _staff(made: Stage) -> None:
    now = made.clock.now()
    for login, name, role, department in _OFFICERS:
        async with made.house.db.transaction() as tx:
            await add_staff(
                tx,
                city_id=made.house.settings.city.id,
                login=login,
                name=name,
                role=role,
                department_id=department,
                password=made.password,
                now=now,
            )
        made.officers[login] = Officer(made, login, name)

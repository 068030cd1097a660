"""A small house for the api's tests: the real store, a clock that stands still, a desk that notes what it is asked."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx

from api.app import create_app
from bot.fitting import Fitter
from bot.replies import Texts, find_sources
from civic.air.service import AirService
from civic.cases.service import CaseService
from civic.files.service import DiskFiles, Files
from civic.staff.members import Member, add_staff
from civic.staff.sessions import hash_token
from civic.staff.tables import staff_sessions
from core.bus import Bus
from core.clock import SetClock
from core.contracts import air as air_contract
from core.contracts.channel import Channel
from core.contracts.parking import Pulling, Pushing
from core.db import Database
from core.ids import new_id
from core.settings import Settings, read
from core.vault import Vault
from tests.bot.memory_channel import MemoryChannel
from tests.civic.cases.rows import CITY, NOW, departments_of_city

PASSWORD = "sinmungo-북소리-2026"
ROLES = ("agent", "manager", "admin", "auditor")


class NotingDesk:
    """Notes which conversations it was asked to deliver."""

    def __init__(self) -> None:
        self.asked: list[UUID] = []
        self.is_broken = False

    async def deliver(self, conversation_id: UUID) -> None:
        self.asked.append(conversation_id)
        if self.is_broken:
            raise ConnectionError("provider away")


@dataclass
class SmallHouse:
    db: Database
    var: Path
    clock: SetClock = field(default_factory=lambda: SetClock(NOW))
    desk: NotingDesk = field(default_factory=NotingDesk)
    parts: dict[str, Any] = field(default_factory=lambda: {"database": "ok", "language_engine": "ok", "channels": []})
    settings: Settings = field(default_factory=read)
    members: dict[str, Member] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict)
    sources: dict[str, Pulling | Pushing] = field(default_factory=dict)
    air_sources: dict[str, air_contract.Pulling | air_contract.Pushing] = field(default_factory=dict)

    def __post_init__(self) -> None:
        # Tests move the clock by days: nobody's session ends meanwhile for want of use.
        patient = self.settings.staff.model_copy(update={"idle_minutes": 400 * 24 * 60})
        # Its members are of the roads department, so that department collects here.
        collecting = self.settings.arrears.model_copy(update={"department": "road"})
        changed = {"var": self.var, "staff": patient, "arrears": collecting}
        self.settings = self.settings.model_copy(update=changed)
        self.cases = CaseService(self.db, CITY)
        self.air = AirService(self.db, CITY, self.settings.air)
        self.bus = Bus(self.db)
        self.channels: dict[str, Channel] = {"web": MemoryChannel("web")}
        self.files = Files(DiskFiles(self.var / "files"), None, max_mb=self.settings.files.max_mb)
        city = {"city": "김포시", "city_phone": "031-980-2114", "retention_days": 365, "office_hours": ""}
        texts = Texts(find_sources(), {"ko": city, "en": city})
        self.fitter = Fitter(texts, self.settings.messaging.sms_bytes)
        self.secret = b"the api tests' key, 32 bytes long"
        self.app = create_app(self)

    @property
    def vault(self) -> Vault:
        """Opened with the store (tests/conftest.py)."""
        assert self.db.vault is not None
        return self.db.vault

    async def ready(self) -> Mapping[str, Any]:
        await self.db.ping()
        return self.parts

    async def staff_up(self) -> None:
        """Departments, and one signed-in member of each role."""
        async with self.db.transaction() as tx:
            await departments_of_city(tx)
        for role in ROLES:
            await self.hire(role, role)
        await self.hire("colleague", "agent")

    async def hire(self, name: str, role: str, **values: Any) -> Member:
        """One more signed-in member of staff, of the roads department unless said otherwise; `client(name)` is his."""
        given = {"department_id": "road", "password": PASSWORD, **values}
        async with self.db.transaction() as tx:
            made = await add_staff(tx, city_id=CITY, login=f"{name}.one", name=f"김{name}", role=role, now=NOW, **given)
        self.members[name] = made
        self.tokens[name] = await self.another_session(name)
        return made

    async def another_session(self, role: str) -> str:
        """A further token, made without the work of a password."""
        token = f"token-of-{role}-{new_id()}"
        async with self.db.transaction() as tx:
            await tx.execute(
                staff_sessions.insert().values(
                    id=new_id(),
                    staff_id=self.members[role].id,
                    token_hash=hash_token(token),
                    created_at=NOW,
                    expires_at=NOW + timedelta(days=400),
                )
            )
        return token

    @asynccontextmanager
    async def client(self, role: str | None = "agent", **headers: str) -> AsyncIterator[httpx.AsyncClient]:
        """An HTTP client signed in as `role` (None: a stranger)."""
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        if role is not None:
            given["Authorization"] = f"Bearer {self.tokens[role]}"
        transport = httpx.ASGITransport(app=self.app, client=("10.1.2.3", 50000))
        async with httpx.AsyncClient(transport=transport, base_url="http://desk", headers=given) as client:
            yield client

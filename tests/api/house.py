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
from civic.cases.service import CaseService
from civic.staff.members import Member, add_staff
from civic.staff.sessions import SignedIn, sign_in
from core.clock import SetClock
from core.db import Database
from core.settings import Settings, read
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
    parts: dict[str, Any] = field(
        default_factory=lambda: {"database": "ok", "language_engine": "ok", "channels": ["web"]}
    )
    settings: Settings = field(default_factory=read)
    members: dict[str, Member] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.settings = self.settings.model_copy(update={"var": self.var})
        self.cases = CaseService(self.db, CITY)

    async def ready(self) -> Mapping[str, Any]:
        await self.db.ping()
        return self.parts

    async def staff_up(self) -> None:
        """Departments, and one signed-in member of each role."""
        async with self.db.transaction() as tx:
            await departments_of_city(tx)
        for role in (*ROLES, "colleague"):
            async with self.db.transaction() as tx:
                self.members[role] = await add_staff(
                    tx,
                    city_id=CITY,
                    login=f"{role}.one",
                    name=f"김{role}",
                    role="agent" if role == "colleague" else role,
                    department_id="road",
                    password=PASSWORD,
                    now=NOW,
                )
                session = await sign_in(tx, CITY, f"{role}.one", PASSWORD, NOW, lifetime=timedelta(days=400))
            assert isinstance(session, SignedIn)
            self.tokens[role] = session.token

    @asynccontextmanager
    async def client(self, role: str | None = "agent", **headers: str) -> AsyncIterator[httpx.AsyncClient]:
        """An HTTP client signed in as `role` (None: a stranger)."""
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        if role is not None:
            given["Authorization"] = f"Bearer {self.tokens[role]}"
        transport = httpx.ASGITransport(app=create_app(self), client=("10.1.2.3", 50000))
        async with httpx.AsyncClient(transport=transport, base_url="http://desk", headers=given) as client:
            yield client

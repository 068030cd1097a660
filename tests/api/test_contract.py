"""The whole staff api under schemathesis: whatever a client sends, no 5xx, and every answer is as OpenAPI says.

The server is a real one on loopback, in a thread of its own; half of the references that are tried exist.
"""

import asyncio
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
import schemathesis
import uvicorn
from hypothesis import HealthCheck, Phase, settings
from schemathesis.checks import (
    content_type_conformance,
    not_a_server_error,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from api.app import create_app
from api.deps import House
from civic.cases.open import open_case
from civic.files.service import attach
from core.db import Database
from core.settings import read
from core.vault import open_vault
from tests.api.house import SmallHouse
from tests.civic.cases.rows import NOW, conversation, draft
from tests.conftest import SECRET

EXAMPLES = 12
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
STREAMS = ("/api/v1/live",)
"""Answers without an end have tests of their own (tests/api/test_live.py)."""

ENDS_SESSIONS = ("/api/v1/me", "/api/v1/session")
"""Tried by somebody else, or everything after a sign-out would be tried as a stranger."""


def _document() -> dict[str, Any]:
    """The description alone needs no store."""
    house = SimpleNamespace(settings=read(), db=None)
    return create_app(cast(House, house)).openapi()


schema = schemathesis.openapi.from_dict(_document()).exclude(path=list(STREAMS))


@dataclass(slots=True)
class Server:
    base: str
    token: str
    spare: str
    known: dict[str, str]


class _Quiet(uvicorn.Server):
    def install_signal_handlers(self) -> None:
        """A thread has none."""


def _serve(url: str, var: Path, listener: socket.socket, ready: threading.Event, told: dict[str, Any]) -> None:
    async def run() -> None:
        database = Database(url, pool_size=8)
        await open_vault(database, SECRET, NOW)
        house = SmallHouse(database, var)
        await house.staff_up()
        told["known"] = await _seed(house)
        told["token"] = house.tokens["admin"]
        told["spare"] = house.tokens["manager"]
        server = _Quiet(uvicorn.Config(house.app, log_config=None, access_log=False, lifespan="off"))
        told["server"] = server
        ready.set()
        await server.serve(sockets=[listener])
        await database.close()

    asyncio.run(run())


async def _seed(house: SmallHouse) -> dict[str, str]:
    """One of each thing that a path can name."""
    kept = (await house.files.keep(b"%PDF-1.7 contract")).file
    async with house.db.transaction() as tx:
        thread = await conversation(tx)
        one = await attach(tx, thread, None, kept, NOW)
        case = await open_case(tx, draft(thread, attachment_ids=(one,)), NOW)
        await open_case(tx, draft(await conversation(tx)), NOW)
    return {
        "reference": case.receipt_no,
        "conversation_id": str(thread),
        "attachment_id": str(one),
        "staff_id": str(house.members["colleague"].id),
        "day": "2026-12-31",
    }


@pytest.fixture(scope="module")
def server(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen(128)
    ready, told = threading.Event(), dict[str, Any]()
    var = Path(tmp_path_factory.mktemp("var"))
    thread = threading.Thread(target=_serve, args=(database_url, var, listener, ready, told), daemon=True)
    thread.start()
    assert ready.wait(60)
    yield Server(f"http://127.0.0.1:{listener.getsockname()[1]}", told["token"], told["spare"], told["known"])
    told["server"].should_exit = True
    thread.join(20)


@schema.parametrize()
@settings(
    max_examples=EXAMPLES,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
    derandomize=True,
)
def test_every_answer_is_as_described(case: schemathesis.Case[Any], server: Server) -> None:
    for name, value in (case.path_parameters or {}).items():
        if name in server.known and hash(repr(value)) % 2:
            case.path_parameters[name] = server.known[name]
    token = server.spare if case.path.startswith(ENDS_SESSIONS) else server.token
    headers = {"Authorization": f"Bearer {token}", "If-Match": '"1"'}
    case.call_and_validate(base_url=server.base, headers=headers, checks=CHECKS, timeout=20)

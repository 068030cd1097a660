"""Is the process alive, may it get work, what are its figures."""

from functools import cache
from typing import Any

from alembic.script import ScriptDirectory
from fastapi import APIRouter, Response
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

from api.deps import House, HouseDep
from core import metrics, store
from core.errors import Unavailable

router = APIRouter(include_in_schema=False)


@router.get("/healthz")
async def alive() -> dict[str, str]:
    return {"status": "ok"}


@router.get("/readyz")
async def ready(house: HouseDep, response: Response) -> dict[str, Any]:
    """200 when every part is ready, else 503; the parts are named, their addresses are not."""
    try:
        parts = {**await house.ready(), "migrations": await _schema(house)}
    except Unavailable:
        parts = {"database": "away"}
    if all(_is_fine(part) for part in parts.values()):
        return {"status": "ready", "parts": parts}
    response.status_code = 503
    response.headers["Retry-After"] = "5"
    return {"status": "not ready", "parts": parts}


def _is_fine(part: object) -> bool:
    """A word must be "ok"; a list (the channels) tells and does not judge."""
    return part == "ok" if isinstance(part, str) else part not in (None, False)


async def _schema(house: House) -> str:
    try:
        async with house.db.transaction() as tx:
            found = (await tx.execute(text("SELECT version_num FROM alembic_version"))).scalar_one_or_none()
    except ProgrammingError:
        return "missing"
    return "ok" if found == _newest() else "behind"


@cache
def _newest() -> str | None:
    return ScriptDirectory.from_config(store.alembic_config("")).get_current_head()


@router.get("/metrics")
async def figures() -> Response:
    return Response(metrics.render(), headers={"Content-Type": metrics.CONTENT_TYPE})

"""SensorThings 1.1 for anybody, read only: stations, what they measure, their hours (docs/air-open-data.md)."""

import re
from collections.abc import Mapping
from typing import Any, cast
from urllib.parse import unquote

import orjson
from fastapi import APIRouter, Request, Response

from api.air.public import by, enter
from api.air.things import Asked, Known, Store, asked_of
from api.deps import HouseDep
from api.open_data import OPEN
from api.problems import described
from civic.air.open.sensorthings import CONFORMANCE, NAVIGATION, EntitySet, Shapes
from core.errors import NotFound

BASE = "/air/sta/v1.1"
router = APIRouter(prefix=BASE, tags=["air"])
ANSWERS: dict[int | str, dict[str, Any]] = {
    200: {"content": {"application/json": {"schema": {"type": "object"}}}, "description": "OGC 18-088"},
    **described(404, 429),
}
_STEP = re.compile(r"([A-Za-z]{1,30})(?:\((?:'([^']{1,60})'|(\d{1,9}))\))?")


@router.get("", summary="SensorThings 뿌리 (service root)", response_class=Response, responses=ANSWERS)
async def read_service(request: Request, house: HouseDep) -> Response:
    """§9.2.1: the sets that there are, and what of the standard is here."""
    enter(request, house)
    root = _root(by(house).url)
    sets = [{"name": name, "url": f"{root}/{name}"} for name in NAVIGATION]
    return _answer({"serverSettings": {"conformance": list(CONFORMANCE)}, "value": sets})


@router.get("/{path:path}", summary="SensorThings 자료 (a set, an entity, what hangs on it)", response_class=Response,
            responses=ANSWERS)  # fmt: skip
async def read_things(request: Request, house: HouseDep, path: str) -> Response:
    """`Things`, `Things(1)`, `Things(1)/Datastreams`, with $top, $skip, $count, $orderby, $expand of one level, and
    $filter on phenomenonTime of Observations. What it does not know it refuses.
    """
    enter(request, house)
    publisher = by(house)
    shapes, now = Shapes(publisher, _root(publisher.url)), house.clock.now()
    steps = [_step(one) for one in unquote(path).split("/")]
    asked = asked_of(request.query_params.multi_items(), house.settings.air.public.page_rows)
    async with house.db.reading() as tx:
        known = _known(request)
        await known.read(tx, house.settings.city.id, now)
        store = Store(tx, known.sites, known.streams, shapes, house.settings.air.public.file_days)
        if len(steps) == 1 and steps[0][1] is None:
            return _answer(await _page(store, _set(steps[0][0]), None, asked, request))
        of, id = _set(steps[0][0]), steps[0][1]
        if id is None or len(steps) > 2 or (len(steps) == 2 and steps[1][1] is not None):
            raise _nothing()
        one = await store.one(of, id)
        if len(steps) == 1:
            return _answer(await store.expanded(of, id, one, asked))
        to = NAVIGATION[of].get(steps[1][0])
        if to is None:
            raise _nothing()
        if not steps[1][0].endswith("s"):
            (single,) = (await store.many(to, (of, id), Asked(top=1))).entities
            return _answer(await store.expanded(to, single["@iot.id"], single, asked))
        return _answer(await _page(store, to, (of, id), asked, request))


async def _page(
    store: Store, of: EntitySet, parent: tuple[EntitySet, int | str] | None, asked: Asked, request: Request
) -> dict[str, Any]:
    found = await store.many(of, parent, asked)
    made: dict[str, Any] = {} if found.count is None else {"@iot.count": found.count}
    if found.has_more:
        made["@iot.nextLink"] = store.next_link(request.url.path, request.query_params.multi_items(), asked)
    made["value"] = [await store.expanded(of, one["@iot.id"], one, asked) for one in found.entities]
    return made


def _known(request: Request) -> Known:
    """One a process."""
    state = request.app.state
    if not hasattr(state, "air_known"):
        state.air_known = Known()
    found: Known = state.air_known
    return found


def _root(url: str) -> str:
    return f"{url}/api/v1{BASE}"


def _step(said: str) -> tuple[str, int | str | None]:
    found = _STEP.fullmatch(said)
    if found is None:
        raise _nothing()
    return found[1], found[2] if found[2] is not None else int(found[3]) if found[3] is not None else None


def _set(name: str) -> EntitySet:
    if name not in NAVIGATION:
        raise _nothing()
    return cast(EntitySet, name)


def _nothing() -> NotFound:
    return NotFound("그런 자료가 없습니다.", "There is no such entity or set.")


def _answer(made: Mapping[str, Any]) -> Response:
    return Response(orjson.dumps(made), media_type="application/json", headers=dict(OPEN))

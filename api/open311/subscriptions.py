"""The declared extension: an Open311 client is told of changes by webhook, with its own key and public events only."""

from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request, Response

from api.deps import HouseDep
from api.open311.asking import Asked, Door, form_of
from api.open311.filing import keyed
from api.open311.services import no_service
from api.open311.words import Names, lang_of
from api.open311.writing import Many, answer, moment
from civic.keys.service import Scope
from civic.webhooks import service as webhooks
from core.errors import BadInput, Conflict, NotFound

router = APIRouter(route_class=Door, include_in_schema=False)
MOST = 10
"""Subscriptions of one key that are on."""
PRIVATE = {"Cache-Control": "no-store"}


@router.post("/subscriptions.{form}")
async def subscribe(request: Request, house: HouseDep) -> Response:
    """`url` and perhaps one `service_code`. The secret is in this answer only."""
    asked, city_id = await Asked.form(request), house.settings.city.id
    key = await keyed(request, house, asked, Scope.OPEN311_SUBSCRIBE)
    if not (url := asked.one("url")):
        raise BadInput("url이 없습니다.", "url was not provided.")
    async with house.db.transaction() as tx:
        names = await Names.read(tx, city_id, lang_of(request))
        code = asked.one("service_code") or None
        if code is not None and code not in {row["id"] for row in names.services}:
            raise no_service()
        mine = await webhooks.listed(tx, city_id, key_id=key.id)
        if sum(one.is_active for one in mine) >= MOST:
            raise Conflict(f"구독은 {MOST}개까지입니다.", f"A key has at most {MOST} subscriptions.")
        new = webhooks.NewSubscription(
            city_id=city_id,
            url=url,
            category=code,
            is_public_only=True,
            description=f"Open311: {key.name}",
            allowed=house.settings.outside.allowed_hosts,
            key_id=key.id,
        )
        made, secret = await webhooks.add(tx, new, house.clock.now())
    return answer(form_of(request), Many("subscriptions", "subscription", [_row(made, secret)]), headers=PRIVATE)


@router.get("/subscriptions.{form}")
async def mine(request: Request, house: HouseDep) -> Response:
    asked = Asked.query(request)
    key = await keyed(request, house, asked, Scope.OPEN311_SUBSCRIBE)
    async with house.db.reading() as tx:
        found = await webhooks.listed(tx, house.settings.city.id, key_id=key.id)
    rows = [_row(one, None) for one in found if one.is_active or one.disabled_reason]
    return answer(form_of(request), Many("subscriptions", "subscription", rows), headers=PRIVATE)


@router.delete("/subscriptions/{subscription_id}.{form}")
async def end(request: Request, subscription_id: str, house: HouseDep) -> Response:
    """Another key's subscription looks exactly like none."""
    asked, city_id = Asked.query(request), house.settings.city.id
    key = await keyed(request, house, asked, Scope.OPEN311_SUBSCRIBE)
    try:
        wanted = UUID(subscription_id)
    except ValueError:
        raise NotFound("구독을 찾을 수 없습니다.", "subscription_id was not found.") from None
    async with house.db.transaction() as tx:
        await webhooks.read(tx, city_id, wanted, key_id=key.id)
        ended = await webhooks.change(tx, city_id, wanted, {"is_active": False}, house.clock.now())
    return answer(form_of(request), Many("subscriptions", "subscription", [_row(ended, None)]), headers=PRIVATE)


def _row(one: webhooks.Subscription, secret: str | None) -> dict[str, Any]:
    return {
        "subscription_id": str(one.id),
        "url": one.url,
        "service_code": one.category,
        "active": one.is_active,
        "disabled_reason": one.disabled_reason or None,
        "created_datetime": moment(one.created_at),
        "secret": secret,
    }

"""Staff look after webhooks: who hears of changes, what was sent, send it again, try it out."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from api.deps import Caller, House, HouseDep, allowed
from api.paging import Cursor, Limit, page
from api.webhooks_out.schemas import (
    Deliveries,
    DeliveryRow,
    NewWebhook,
    Queued,
    Replay,
    Replayed,
    SubscriptionRow,
    Subscriptions,
    SubscriptionWithSecret,
    WebhookChange,
)
from civic.city.tables import categories, departments
from civic.staff.permissions import Action
from civic.webhooks import service as webhooks
from civic.webhooks.tables import webhook_deliveries
from core.errors import BadInput

router = APIRouter(prefix="/webhooks", tags=["webhooks"])
Reader = Annotated[Caller, allowed(Action.WEBHOOK_READ)]
Writer = Annotated[Caller, allowed(Action.WEBHOOK_WRITE)]


@router.get("", summary="웹훅 구독 목록 (subscriptions)")
async def list_webhooks(asking: Reader, house: HouseDep) -> Subscriptions:
    async with house.db.reading() as tx:
        found = await webhooks.listed(tx, house.settings.city.id)
    return Subscriptions(items=[SubscriptionRow.model_validate(one) for one in found])


@router.post("", status_code=201, summary="웹훅 구독 만들기 (new subscription)")
async def add_webhook(given: NewWebhook, asking: Writer, house: HouseDep) -> SubscriptionWithSecret:
    """The secret (Standard Webhooks, `whsec_…`) is in this answer only."""
    new = webhooks.NewSubscription(
        city_id=house.settings.city.id,
        url=given.url,
        kinds=given.kinds,
        department_id=given.department_id,
        category=given.category,
        is_public_only=given.is_public_only,
        description=given.description,
        allowed=house.settings.outside.allowed_hosts,
        staff_id=asking.member.id,
    )
    async with house.db.transaction() as tx:
        await _must_exist(tx, house, given)
        made, secret = await webhooks.add(tx, new, house.clock.now())
    return _with_secret(made, secret)


@router.get("/{webhook_id}", summary="웹훅 구독 하나 (one subscription)")
async def read_webhook(webhook_id: UUID, asking: Reader, house: HouseDep) -> SubscriptionRow:
    async with house.db.reading() as tx:
        return SubscriptionRow.model_validate(await webhooks.read(tx, house.settings.city.id, webhook_id))


@router.patch("/{webhook_id}", summary="웹훅 구독 바꾸기, 켜고 끄기 (change, switch on and off)")
async def change_webhook(webhook_id: UUID, wanted: WebhookChange, asking: Writer, house: HouseDep) -> SubscriptionRow:
    values = wanted.model_dump(exclude_unset=True)
    if any(values[name] is None for name in values if name not in ("department_id", "category")):
        raise BadInput("비울 수 없는 항목입니다.", "Only department_id and category may be null.")
    async with house.db.transaction() as tx:
        await _must_exist(tx, house, wanted)
        changed = await webhooks.change(
            tx,
            house.settings.city.id,
            webhook_id,
            values,
            house.clock.now(),
            allowed=house.settings.outside.allowed_hosts,
            staff_id=asking.member.id,
        )
    return SubscriptionRow.model_validate(changed)


@router.post("/{webhook_id}/secret", summary="서명 비밀값 바꾸기 (rotate the secret)")
async def rotate_secret(webhook_id: UUID, asking: Writer, house: HouseDep) -> SubscriptionWithSecret:
    """For 24 hours messages carry the signatures of both secrets."""
    async with house.db.transaction() as tx:
        now, city_id = house.clock.now(), house.settings.city.id
        changed, secret = await webhooks.rotate(tx, city_id, webhook_id, now, staff_id=asking.member.id)
    return _with_secret(changed, secret)


@router.get("/{webhook_id}/deliveries", summary="전송 기록 (deliveries)")
async def list_deliveries(
    webhook_id: UUID, asking: Reader, house: HouseDep, cursor: Cursor = None, limit: Limit = 50
) -> Deliveries:
    statement = select(*webhooks.LISTED).where(webhook_deliveries.c.subscription_id == webhook_id)
    async with house.db.reading() as tx:
        await webhooks.read(tx, house.settings.city.id, webhook_id)
        at, key = webhook_deliveries.c.created_at, webhook_deliveries.c.id
        rows, after = await page(tx, statement, at, key, cursor, limit)
    return Deliveries(items=[DeliveryRow.model_validate(row) for row in rows], next_cursor=after)


@router.post("/{webhook_id}/replay", status_code=202, summary="다시 보내기 (replay)")
async def replay(webhook_id: UUID, given: Replay, asking: Writer, house: HouseDep) -> Replayed:
    """What ended is sent again under the same id; a span also brings what happened while it was switched off."""
    async with house.db.transaction() as tx:
        city_id = house.settings.city.id
        await webhooks.read(tx, city_id, webhook_id)
        queued = await webhooks.replay(
            tx,
            city_id,
            webhook_id,
            house.clock.now(),
            ids=given.deliveries,
            since=given.since,
            until=given.until,
        )
    return Replayed(queued=queued)


@router.post("/{webhook_id}/test", status_code=202, summary="시험 메시지 보내기 (send a test message)")
async def send_test(webhook_id: UUID, asking: Writer, house: HouseDep) -> Queued:
    """Queued like any other; its end is in the deliveries within seconds."""
    async with house.db.transaction() as tx:
        city_id = house.settings.city.id
        found = await webhooks.read(tx, city_id, webhook_id)
        if not found.is_active:
            raise BadInput("꺼져 있는 구독입니다. 먼저 켜 주세요.", "This subscription is off; switch it on first.")
        return Queued(delivery_id=await webhooks.enqueue_test(tx, city_id, webhook_id, house.clock.now()))


def _with_secret(made: webhooks.Subscription, secret: str) -> SubscriptionWithSecret:
    return SubscriptionWithSecret(**SubscriptionRow.model_validate(made).model_dump(), secret=secret)


async def _must_exist(tx: AsyncConnection, house: House, wanted: NewWebhook | WebhookChange) -> None:
    for table, value in ((departments, wanted.department_id), (categories, wanted.category)):
        if value is None:
            continue
        known = select(table.c.id).where(table.c.city_id == house.settings.city.id, table.c.id == value)
        if (await tx.execute(known)).one_or_none() is None:
            raise BadInput("그런 부서나 분야가 없습니다.", "No such department or category.")

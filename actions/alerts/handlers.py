"""Subscribing to the city's notices, and leaving them."""

import re
from collections.abc import Mapping
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from civic.subscriptions.service import TOPICS, SubscriptionService
from core.contracts.dialogue import Choice, Reply, Say, Turn

_WORDS: Mapping[str, re.Pattern[str]] = {
    "air": re.compile(r"미세|먼지|대기|공기|오존|황사|악취|air|dust", re.I),
    "parking": re.compile(r"주차|parking", re.I),
    "safety": re.compile(r"안전|재난|재해|긴급|홍수|폭우|safety|disaster", re.I),
    "town": re.compile(r"행사|축제|동네|소식|나눔|가게|event|town|festival", re.I),
    "case": re.compile(r"민원|접수|처리|complaint|case", re.I),
}

_STOP_ALL = Choice("stop:all", key="button.stop")


async def subscribe(turn: Turn, subscriptions: SubscriptionService) -> Reply:
    """Begin a topic, for the area named if one is; ask which when none is named."""
    topic = turn.argument or _topic(turn)
    if topic not in TOPICS:
        buttons = tuple(Choice(f"do:subscribe:{name}", key=f"topic.{name}") for name in TOPICS)
        return Reply((Say("alerts.which", buttons=buttons),))
    place = turn.understanding.first("place")
    area = place.value if place else ""
    live = await subscriptions.of(turn.conversation_id)

    async def begin(tx: AsyncConnection) -> Mapping[str, Any]:
        await subscriptions.begin(tx, turn.conversation_id, topic, area, turn.now)
        return {}

    is_new = not any(one.topic == topic and one.area == area for one in live)
    values = {"topic": topic, "area": area, "is_new": is_new}
    news = (Choice("do:news_ask", key="consent.button.on"),) if topic == "town" else ()
    offered = (Choice(f"do:unsubscribe:{topic}", key="intent.unsubscribe"), *news)
    return Reply((Say("alerts.begun", values, offered),), write=begin)


async def unsubscribe(turn: Turn, subscriptions: SubscriptionService) -> Reply:
    """End the topic named, or ask whether all are meant; the stop words themselves are obeyed before this."""
    live = await subscriptions.of(turn.conversation_id)
    topic = turn.argument or _topic(turn)
    if not live:
        return Reply((Say("alerts.none", buttons=(_STOP_ALL, Choice("do:subscribe", key="intent.subscribe"))),))
    if topic not in TOPICS and topic != "all" and len(live) > 1:
        buttons = [Choice(f"do:unsubscribe:{one.topic}", key=f"topic.{one.topic}") for one in live]
        buttons.append(Choice("do:unsubscribe:all", key="alerts.all"))
        return Reply((Say("alerts.which_end", buttons=tuple(buttons)),))
    ending = None if topic == "all" or topic not in TOPICS else topic

    async def end(tx: AsyncConnection) -> Mapping[str, Any]:
        return {"count": await subscriptions.end(tx, turn.conversation_id, turn.now, topic=ending)}

    return Reply((Say("alerts.ended", {"topic": ending or ""}),), write=end)


def _topic(turn: Turn) -> str:
    text = turn.understanding.text
    return next((name for name, pattern in _WORDS.items() if pattern.search(text)), "")


INTENTS = {"subscribe": subscribe, "unsubscribe": unsubscribe}

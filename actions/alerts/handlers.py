"""Subscribing to the city's notices, and leaving them."""

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from actions.alerts import air as air_alerts
from actions.alerts import air_words
from civic.air.service import AirService
from civic.air.telling.wishes import WishService
from civic.city.service import CityBook
from civic.parking.watching import WatchService
from civic.subscriptions.service import TOPICS, SubscriptionService
from core.contracts.dialogue import Choice, Reply, Say, Turn

_WORDS: Mapping[str, re.Pattern[str]] = {
    "air": re.compile(
        r"미세|먼지|미먼|대기(?!\s*(?:인원|번호|순번))|공기|오존|황사|악취|\bair\b|dust|ozone|pm\s*(?:10|2\.?5)", re.I
    ),
    "parking": re.compile(r"주차|parking", re.I),
    "safety": re.compile(r"안전|재난|재해|긴급|홍수|폭우|safety|disaster", re.I),
    "town": re.compile(r"행사|축제|동네|소식|나눔|가게|event|town|festival", re.I),
    "case": re.compile(r"민원|접수|처리|complaint|case", re.I),
}

_STOP_ALL = Choice("stop:all", key="button.stop")


async def subscribe(
    turn: Turn, subscriptions: SubscriptionService, wishes: WishService, air: AirService, book: CityBook
) -> Reply:
    """Begin a topic, for the area named if one is; ask which when none is named."""
    topic = turn.argument or _topic(turn)
    if topic == "air":
        return await air_alerts.subscribe(turn, wishes, air, book)
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


async def end_air(turn: Turn, subscriptions: SubscriptionService) -> Reply:
    """The words under every message of the air end that topic; nothing where he has no such notice."""
    if not any(one.topic == "air" for one in await subscriptions.of(turn.conversation_id)):
        return Reply()
    return await unsubscribe(replace(turn, argument="air"), subscriptions)


async def listed(turn: Turn, subscriptions: SubscriptionService, wishes: WishService, watches: WatchService) -> Reply:
    """What he has asked for, of every kind; nothing where there is none, so that others who keep a list may answer."""
    live = await subscriptions.of(turn.conversation_id)
    waiting = await watches.of(turn.conversation_id, turn.now)
    if not live:
        return Reply() if waiting or not turn.argument else Reply((Say("alerts.none"),))
    of_air = air_alerts.listing(await wishes.of(turn.conversation_id), wishes)
    values = {
        "air": of_air,
        "others": [{"topic": one.topic, "area": one.area} for one in live if one.topic != "air"],
        "lots": [one.lot_name for one in waiting],
    }
    topics = list(dict.fromkeys(one.topic for one in live))
    buttons = tuple(Choice(f"do:unsubscribe:{topic}", key=f"alerts.end.{topic}") for topic in topics)
    return Reply((Say("alerts.list", values, buttons),))


def _topic(turn: Turn) -> str:
    text = turn.understanding.text
    return next((name for name, pattern in _WORDS.items() if pattern.search(text)), "")


INTENTS = {"subscribe": subscribe, "unsubscribe": unsubscribe}
PRESSED = {
    air_alerts.SHOWN: listed,
    air_alerts.END: end_air,
    air_alerts.DROP: air_alerts.drop,
    air_alerts.WANT: air_alerts.wanted,
}
ANYBODYS = (
    (air_words.END, air_alerts.END),
    (air_words.LIST, air_alerts.SHOWN),
    (air_words.CHANGE, air_alerts.DROP),
    (air_words.EVENING_ASKED, air_alerts.WANT),
    (air_words.WHEN, air_alerts.WANT),
)

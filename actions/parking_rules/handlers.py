"""Answers on the rules of bays: how long at a charger, who may use a disabled bay, which bays are mere courtesy."""

import re
from typing import Any

from actions.parking_rules import lawbook
from core.clock import SEOUL
from core.contracts.dialogue import Choice, Reply, Say, Turn

_TOPICS = {
    "badge": re.compile(r"표지|스티커|빌려|대여|위조|부당|명의|badge|permit", re.I),
    "disabled": re.compile(r"장애인|휠체어|disab|handicap|accessible", re.I),
    "courtesy": re.compile(
        r"임산부|임신|여성|여자|남자|가족|배려|분홍|경차|아기|아그|교통약자|"
        r"wom[ae]n|famil|pregnan|compact|courtesy",
        re.I,
    ),
    "charging": re.compile(r"충전|급속|완속|전기|플러그인|phev|하이브리드|charg|\bev\b|plug|electric", re.I),
    "banned": re.compile(
        r"소화전|횡단보도|교차로|모퉁이|정류장|인도|보도|어린이|스쿨존|주차\s*금지|소방|이중\s*주차|"
        r"hydrant|crossing|junction",
        re.I,
    ),
}
"""The most particular first: 장애인 주차표지 is about the badge."""
_BUTTONS = ("charging", "disabled", "courtesy", "banned")


async def tell(turn: Turn) -> Reply:
    """The rules of the topic that is asked about; the choice of topics when none is."""
    text = turn.understanding.text
    topic = turn.argument if turn.argument in _TOPICS else ""
    topic = topic or next((name for name, words in _TOPICS.items() if words.search(text)), "")
    held = lawbook.rules(turn.now.astimezone(SEOUL).date())
    # The badge and the bay are one answer.
    parts = {"badge", "disabled"} if topic in {"badge", "disabled"} else {topic}
    told = [one for one in held.values() if one.topic in parts]
    values: dict[str, Any] = {
        "topic": topic or "all",
        "rules": {
            key: {
                "hours": one.hours,
                "fine_krw": one.fine_krw,
                "article": one.article,
                "certainty": one.certainty,
                "since": f"{one.valid_from.year}년 {one.valid_from.month}월",
                "since_en": f"{one.valid_from:%Y-%m}",
            }
            for key, one in held.items()
        },
        "articles": sorted({one.article for one in told}),
        "is_certain": all(one.is_certain for one in told),
    }
    others = tuple(
        Choice(f"do:parking_rules:{name}", key=f"parking.button.rules_{name}") for name in _BUTTONS if name != topic
    )
    return Reply((Say("parking.rules", values, others, is_public=True),))


INTENTS = {"parking_rules": tell}

"""The air counter: how the air is, was and will be, for whom it is fit, what stands over it, whose numbers they are."""

import re

from actions.air import about, coming, following, now, past, standing
from actions.air.asking import Spot, Unknown, spot
from actions.air.counter import Answer, Counter, served
from actions.air.replying import ELSEWHERE, HOURS, SOURCE, TOMORROW, WHY, ask_place
from actions.air.wishing import COMING, NOW, Wish, wish
from actions.air.words import Asks
from core.contracts.dialogue import Form, Handler, Reply, Turn

FOLLOW = "air_follow"


def _asked(intent: str, asks: Asks | None = None) -> Answer:
    async def answer(turn: Turn, counter: Counter) -> Reply:
        wanted = wish(turn, intent, asks)
        where = spot(turn, counter)
        return await _told(turn, counter, where, wanted)

    answer.__name__ = f"air_{asks or intent}"
    return answer


async def _told(turn: Turn, counter: Counter, where: Spot | Unknown | None, wanted: Wish) -> Reply:
    known = where if isinstance(where, Spot) else None
    match wanted.asks:
        case "forecast":
            return await coming.forecast(turn, counter, where, wanted)
        case "hours":
            return await past.hours(turn, counter, where, wanted)
        case "past":
            return await past.past(turn, counter, where, wanted)
        case "clean":
            return await now.clean(turn, counter, wanted)
        case "why":
            return await coming.why(turn, counter, known, wanted)
        case "alerts":
            return await standing.alerts(turn, counter, known, wanted)
        case "criteria":
            return await standing.criteria(turn, counter, known, wanted)
        case "limits":
            return await standing.limits(turn, counter, known, wanted)
        case "grades":
            return await about.grades(turn, counter, known, wanted)
        case "source":
            return await about.source(turn, counter, where, wanted)
        case "stations":
            return await about.stations(turn, counter, where, wanted)
        case _:
            return await now.now(turn, counter, where, wanted)


async def _elsewhere(turn: Turn, counter: Counter) -> Reply:
    return ask_place(turn, counter, wish(turn, NOW, "now"))


async def _follow(turn: Turn, counter: Counter) -> Reply:
    """Short words on the air, with the question before in mind ("왜?", "창문은?", "시간별로")."""
    return await _asked(following.intent(turn))(turn, counter)


INTENTS: dict[str, Handler] = {NOW: served(_asked(NOW)), COMING: served(_asked(COMING))}
PRESSED: dict[str, Handler] = {
    HOURS: served(_asked(NOW, "hours")),
    TOMORROW: served(_asked(COMING, "forecast")),
    SOURCE: served(_asked(NOW, "source")),
    WHY: served(_asked(NOW, "why")),
    ELSEWHERE: served(_elsewhere),
    FOLLOW: served(_follow, following.applies),
}
ANYBODYS = ((re.compile(r"\S"), FOLLOW),)
"""Any words: whether they are about the air is decided by what was talked about and what was understood."""
FORMS: tuple[Form, ...] = ()

"""Whether a text that nobody understood for certain is about the air: by its own words, or by what was talked about."""

from actions.air import words
from actions.air.wishing import COMING, NOW, SERVICE, names_asked, pollutants
from core.contracts.dialogue import Turn

_LONG = 60
_MERE_WHO = 16
_OURS = frozenset({NOW, COMING})


def applies(turn: Turn) -> bool:
    """Not where another intent is sure, two things are asked at once, or a word is of another counter."""
    seen, text = turn.understanding, turn.understanding.text
    if turn.message.kind != "text" or len(text) > _LONG:
        return False
    if words.AIR_OF_A_CAR_PARK.search(text):
        return True
    is_others = seen.band == "act" and seen.intent != "out_of_scope"  # another's, or ours: that intent itself is run
    if is_others or len(seen.parts) > 1 or words.OTHERS.search(text):
        return False
    return goes_on(turn) if turn.topic is not None and turn.topic.service == SERVICE else opens(turn)


def goes_on(turn: Turn) -> bool:
    """With the air as the topic: a pollutant, something to do, or a question that the air counter knows."""
    seen, text = turn.understanding, turn.understanding.text
    if names_asked(turn) is not None or pollutants(seen) or any(one.search(text) for one in words.DOING.values()):
        return True
    if any(one.search(text) for one in words.WHO.values()):
        return len(text) <= _MERE_WHO
    return (words.ELSEWHERE_EN if turn.lang == "en" else words.OTHER_CITY).search(turn.message.text) is not None


def opens(turn: Turn) -> bool:
    """Out of the blue: the air by name in a question, or "may we go out" that sounds like the air and nothing else."""
    seen, text = turn.understanding, turn.understanding.text
    if words.AIR_ASKED.search(text):
        return True
    if seen.intent not in _OURS:
        return False
    is_named = any(one.search(text) for one in (*words.DOING.values(), *words.WHO.values())) or names_asked(turn)
    return bool(is_named) if seen.band == "ask" else words.MAY_ASKED.search(text) is not None


def intent(turn: Turn) -> str:
    """The forecast goes on as the forecast: "마스크는?" after tomorrow's is about tomorrow."""
    topic = turn.topic
    return topic.intent if topic is not None and topic.service == SERVICE and topic.intent in _OURS else NOW

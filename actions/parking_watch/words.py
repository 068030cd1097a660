"""How citizens say what they wait for: how many places, until when, and that it is enough."""

import re
from datetime import datetime, timedelta

from core.contracts.dialogue import Turn

_COUNT = re.compile(
    r"(?<![\d.])(\d{1,3}|한|두|세|네|다섯|여섯|열)\s*(?:자리|면|대|칸|개)\s*(?:이상|정도|만|쯤|씩)?\s*(?=.{0,8}(?:나|생기|비|있|남|open|free))|"
    r"\b(\d{1,3})\s+(?:or\s+more\s+)?(?:spaces?|places?|spots?)\b",
    re.I,
)
_NUMERALS = {"한": 1, "두": 2, "세": 3, "네": 4, "다섯": 5, "여섯": 6, "열": 10}
MOST_FREE = 100
# "3자리" counts places, "2번 자리" does not.
STOP = re.compile(
    r"^(?=.{1,40}$)(?:.*자리\s*알림\S{0,3}\s*(?:취소|꺼|끄|그만|해지|중지|필요\s*없)|.*그만\s*알려|.*알려\s*(?:주지|줄\s*필요)|"
    r".*(?:주차\s*)?알림\S{0,2}\s*(?:취소|꺼\s*줘|꺼\s*주)|.*\bstop\s+(?:watching|telling)\b|.*\bcancel\s+(?:the\s+|my\s+)?(?:alert|watch)\b)",
    re.I,
)
LIST = re.compile(
    r"^(?=.{1,30}$)(?:\s*(?:내|제|나의)\s*(?:주차\s*|자리\s*)?알림(?:\s*(?:목록|뭐\s*있어\S*|보여\s*\S*|확인\S*|이요|요))?[.?!\s]*$|"
    r".*자리\s*알림\S{0,2}\s*(?:목록|뭐|무엇|보여|확인|신청한)|.*\bmy\s+(?:parking\s+)?(?:alerts?|watches)\b)",
    re.I,
)
UNTIL = re.compile(
    r"^(?=.{1,30}$)\s*(?:그럼|그냥|아니)?\s*(?:오전|오후|아침|저녁|밤)?\s*(?:\d{1,2}|한|두|세|네|반|다섯|여섯|일곱|여덟|아홉|열)\s*"
    r"(?:시간|분|시)\s*(?:반|\d{1,2}\s*분)?\s*(?:동안|까지)?\s*만?\s*(?:요|이요|알려\s*\S{0,4}|부탁\S*|해\s*\S{0,4})?[.!\s]*$|"
    r"^(?:only\s+)?(?:for\s+(?:an?|\d+)\s+(?:hours?|minutes?)|until\s+.{1,12})$",
    re.I,
)


def count(text: str) -> int | None:
    """ "3자리 이상 나면" is 3; None when no number of places is said."""
    found = _COUNT.search(text)
    if found is None:
        return None
    said = found[1] or found[2]
    number = _NUMERALS.get(said) or int(said)
    return number if 1 <= number <= MOST_FREE else None


def until(turn: Turn, most: timedelta) -> datetime | None:
    """ "6시까지", "1시간만": the moment meant, at most `most` from now; None when none is said, or one that is past.

    A clock time that has gone by today means the next half of the day: at 14:00 "3시까지" is 15:00.
    """
    seen = turn.understanding
    if (said := seen.first("duration")) and said.value.isdigit() and int(said.value) > 0:
        return turn.now + min(timedelta(minutes=int(said.value)), most)
    date = seen.first("date")
    if date is None or date.detail.get("grain") == "day":
        return None
    try:
        at = datetime.fromisoformat(date.value).astimezone(turn.now.tzinfo)
    except ValueError:
        return None
    if at <= turn.now and at + timedelta(hours=12) > turn.now:
        at += timedelta(hours=12)
    return min(at, turn.now + most) if at > turn.now else None

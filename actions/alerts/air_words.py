"""How citizens say what they want to hear of the air: which pollutants, from which level on, between which hours."""

import re
from collections.abc import Mapping

_PM25 = re.compile(r"초미세\s*(?:먼지)?|초미먼|초먼|(?<![\w.])pm\s*2\.?5|\bfine\s+(?:dust|particles?)|ultrafine", re.I)
_DUST = re.compile(r"미세\s*(?:먼지)?|미먼|황사|먼지|(?<![\w.])pm\s*10|\bdust\b", re.I)
_OZONE = re.compile(r"오존|\bozone\b|(?<!\w)o3(?!\w)", re.I)
_ALL = re.compile(r"공기|대기|\bair\b", re.I)
_ONLY = re.compile(r"(?:먼지|미먼|오존|황사|pm\s*(?:10|2\.?5))\s*(?:알림)?만(?!큼)|\bonly\b|\bjust\b", re.I)

_CRITICAL = re.compile(r"중대\s*경보|\bcritical\b", re.I)
_WARNING = re.compile(r"(?<!중대)(?<!중대 )경보(?!.*주의보)(?!\s*(?:알림|문자|소식))|\bwarnings?\s+(?:only|and)", re.I)
_ADVISORY = re.compile(r"주의보|\badvisor(?:y|ies)\b", re.I)
_VERY = re.compile(r"(?:매우|아주|많이)\s*(?:나쁨|나쁠|나쁘)|\bvery\s+(?:bad|unhealthy)\b", re.I)
_BAD = re.compile(r"나쁨|나쁠|나쁜\s*날|나쁘(?:면|다)|\b(?:bad|unhealthy|poor)\b", re.I)
_SENSITIVE = re.compile(
    r"아이|아기|애기|애들|애가|유아|어린이|임신|임산부|어르신|노인|할머니|할아버지|부모님|천식|호흡기|기관지|비염|심장|폐|"
    r"민감|아토피|\b(?:child|children|kids?|baby|pregnan\w+|elderly|asthma|sensitive)\b",
    re.I,
)
_NIGHT = re.compile(
    r"밤에도|새벽에도|밤이라도|새벽이라도|자고\s*있어도|밤중에도|한밤중?이라도|24\s*시간|\bat\s+night\s+too|\beven\s+at\s+night",
    re.I,
)
_NO_NIGHT = re.compile(r"밤에는?\s*(?:말고|빼고|보내지|알리지|안)|\bnot\s+at\s+night", re.I)
_EVENING = re.compile(
    r"전날|하루\s*전|(?:내일|다음\s*날).{0,14}(?:면|때)\s*(?:미리|전|저녁|오늘|알|문자|말)|\bevening\s+before|\bday\s+before",
    re.I,
)
_DROP = re.compile(
    r"빼\s*(?:줘|주|고|라|도|$)|빼고\s*(?:알|보)|제외|(?:은|는|도)\s*(?:됐|그만|필요\s*없|안\s*(?:받|보내)|말고|싫)|끊어|"
    r"\b(?:without|except|drop|remove|no)\b",
    re.I,
)
_NUMERALS: Mapping[str, int] = {
    "한": 1, "두": 2, "세": 3, "네": 4, "다섯": 5, "여섯": 6, "일곱": 7, "여덟": 8, "아홉": 9, "열": 10,
    "열한": 11, "열두": 12,
}  # fmt: skip
_PART = r"(오전|오후|아침|새벽|점심|낮|저녁|밤)?\s*"
_HOUR = r"(\d{1,2}|열한|열두|한|두|세|네|다섯|여섯|일곱|여덟|아홉|열)"
_SPAN = re.compile(
    rf"{_PART}{_HOUR}\s*(?:시|:00)?\s*(반)?\s*(?:부터|에서|~|-|–|∼)\s*{_PART}{_HOUR}\s*(?:시|:00)\s*(반)?(?:\s*까지)?",
    re.I,
)
_SPAN_EN = re.compile(
    r"(?:from|between)\s+(\d{1,2})\s*(a\.?m\.?|p\.?m\.?)?\s*(?:to|until|till|and|-)\s+(\d{1,2})\s*(a\.?m\.?|p\.?m\.?)?",
    re.I,
)
_DAY_ONLY = re.compile(r"낮에만|낮\s*시간(?:에)?만|\bdaytime\s+only", re.I)

END = re.compile(
    r"^\s*(?:이제\s*)?(?:대기질?|공기|미세먼지|미먼)\s*(?:정보\s*)?알림\S{0,2}\s*(?:이제\s*)?(?:그만|해지|취소|끊어|중단|중지|꺼)\S*.{0,8}$|"
    r"^\s*(?:please\s+)?(?:stop|end|cancel)\s+(?:the\s+|my\s+)?air(?:\s+quality)?\s+(?:notices|alerts|messages)[\s.!]*$",
    re.I,
)
"""The words that every message tells him to send."""
LIST = re.compile(
    r"^(?=.{1,30}$)(?:\s*(?:내가|제가)?\s*(?:신청한|받는|받고\s*있는)?\s*(?:공기|대기질?|미세먼지|초미세먼지|오존)?\s*알림\S{0,2}\s*"
    r"(?:목록|리스트|뭐\s*있|뭐\s*받|보여|확인|조회)\S*.{0,6}|\s*(?:공기|대기질?|미세먼지)\s*알림\s*(?:설정|상태)\S{0,3}|"
    r"\s*(?:list|show)(?:\s+me)?(?:\s+my)?\s+(?:air\s+)?(?:alerts|notices|subscriptions)|\s*my\s+subscriptions)[\s.?!]*$",
    re.I,
)
CHANGE = re.compile(
    r"^(?=.{1,40}$)(?=.*(?:미세|먼지|오존|황사|ozone|dust)).*(?:빼\s*(?:줘|주|고|라)|제외|(?:은|는|도)\s*(?:됐|그만|필요\s*없|안\s*받))",
    re.I,
)
"""A pollutant is dropped, the rest stays."""
WHEN = re.compile(
    r"^(?=.{1,60}$)(?=.*(?:미세|먼지|오존|황사|공기|대기|나쁨|경보|주의보)).*(?:나빠지|나빠질|나쁘|나쁨|심해지|심하|높아지|높으|올라가|오르|뜨|"
    r"나오|나면|되면|발령)\S{0,4}(?:면|때|부터|일\s*때|나|만)?.*(?:알려\s*(?:줘|주|줄|달)|알림|문자|톡|연락|말해\s*줘|보내\s*(?:줘|주))",
    re.I,
)
"""A word is wanted whenever something comes to be. What is said of one moment ("지금", "오늘") is a question."""
MOMENT = re.compile(r"지금|현재|오늘|이번\s*주|어때|어떤가|어떻|얼마|\?|예보(?!.*전날)|\bnow\b|\btoday\b", re.I)
EVENING_ASKED = re.compile(
    r"^(?=.{1,60}$)(?=.*(?:전날|하루\s*전|내일|다음\s*날))(?=.*(?:미세|먼지|오존|공기|대기|나쁘|나쁨|나빠)).*(?:면|때|전날|하루\s*전)\S*\s.*"
    r"(?:알려\s*(?:줘|주|줄|달)|알림|문자|톡|연락|보내\s*(?:줘|주))",
    re.I,
)
"""Tomorrow's forecast is wanted on the eve, every time that it is bad."""


def pollutants(text: str) -> tuple[str, ...] | None:
    """Which are named; None for none, or for the air as a whole. "미세먼지" alone means both kinds of dust, as in talk;
    with "만" it is the coarse one, which has that name in law.
    """
    found: list[str] = []
    is_fine = bool(_PM25.search(text))
    if _DUST.search(_PM25.sub(" ", text)):
        found.append("PM10")
        if not is_fine and not _ONLY.search(text):
            found.append("PM25")
    if is_fine:
        found.append("PM25")
    if _OZONE.search(text):
        found.append("O3")
    if not found or (_ALL.search(text) and not _ONLY.search(text)):
        return None
    return tuple(found)


def is_only(text: str) -> bool:
    """Whether what is named is all that is wanted: "초미세먼지만". Without it, it comes beside what there is."""
    return bool(_ONLY.search(text))


def line(text: str) -> int | None:
    """The lowest rank that he wants to hear of (civic/air/telling/ranks.py); None when he says nothing of it."""
    for rank, pattern in ((5, _CRITICAL), (2, _VERY), (1, _BAD), (3, _ADVISORY), (4, _WARNING)):
        if pattern.search(text):
            return rank
    return 1 if _SENSITIVE.search(text) else None


def is_sensitive(text: str) -> bool:
    return bool(_SENSITIVE.search(text))


def nights(text: str) -> bool | None:
    """Whether 경보 may wake him; None when he says nothing of it."""
    return False if _NO_NIGHT.search(text) else True if _NIGHT.search(text) else None


def evenings(text: str) -> bool:
    """Whether he asks for tomorrow's forecast on the eve."""
    return bool(_EVENING.search(text))


def drops(text: str) -> bool:
    """Whether what is named is not wanted any more."""
    return bool(_DROP.search(text))


def hours(text: str) -> tuple[int, int] | None:
    """ "아침 7시부터 밤 10시까지" is (420, 1320), minutes of the day; None when no span is said."""
    if _DAY_ONLY.search(text):
        return 9 * 60, 18 * 60
    if found := _SPAN.search(text):
        first = _minutes(found[1], found[2], found[3])
        last = _minutes(found[4], found[5], found[6])
        if last <= first and found[4] is None and last < 12 * 60:
            last += 12 * 60
    elif found := _SPAN_EN.search(text):
        first, last = _english(found[1], found[2]), _english(found[3], found[4] or "pm")
    else:
        return None
    return (first % 1440, last % 1440) if first % 1440 != last % 1440 else None


_LATE: Mapping[str, tuple[int, int]] = {"오후": (1, 12), "저녁": (1, 12), "밤": (6, 12), "낮": (1, 7), "점심": (1, 7)}
"""Part of the day to the hours (first, and the one after the last) that lie twelve later."""


def _minutes(part: str | None, hour: str, half: str | None) -> int:
    number = _NUMERALS.get(hour) or int(hour)
    first, after = _LATE.get(part or "", (0, 0))
    if first <= number < after:
        number += 12
    elif number == 12 and part in ("새벽", "오전"):
        number = 0
    elif number == 12 and part == "밤":
        number = 24
    return min(number, 24) * 60 + (30 if half else 0)


def _english(hour: str, part: str | None) -> int:
    number = int(hour) % 24
    if part and part.lower().startswith("p") and number < 12:
        number += 12
    return number * 60

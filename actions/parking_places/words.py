"""How citizens tell where they live and work, and take it back."""

import re
from datetime import datetime

from civic.city.service import CityBook
from core.clock import SEOUL
from core.contracts.channel import GeoPoint
from core.contracts.dialogue import Turn
from core.distance import meters

_OURS = r"(?:(?:우리|내|제|저희|나의|저의)\s*)?"
_HOUSE = r"(?:집|자택|회사|직장|사무실|일터)"
SAID = re.compile(
    rf"^(?=.{{1,40}}$)(?:{_OURS}{_HOUSE}\s*(?:위치|주소)?\s*(?:은|는)\s.{{2,24}}?(?:이야|야|이에요|예요|에요|입니다|이다|임|요)[.!~\s]*$|"
    rf".*{_OURS}{_HOUSE}\s*(?:위치|주소)?\s*(?:을|를)\s.{{2,20}}(?:으로|로)\s*(?:바꿔|변경|등록|저장|기억|설정)|"
    rf"(?:여기|이곳|현재\s*위치)(?:가|를|을|는)\s*{_OURS}{_HOUSE}|"
    r"(?:i\s+live\s+(?:in|at|near)|i\s+work\s+(?:in|at|near)|my\s+(?:home|house|office|workplace|work)\s+is)\b)",
    re.I,
)
FORGET = re.compile(
    rf"^(?=.{{1,40}}$)(?:.*(?<![가-힣]){_OURS}{_HOUSE}\s*(?:위치|주소|장소|정보)?\s*(?:은|는|을|를|도|랑|과|와)?\s*(?:{_HOUSE}\s*(?:위치|주소)?\s*(?:를|을)?\s*)?"
    r"(?:이제\s*|좀\s*|다\s*|모두\s*)?(?:지워(?!진|졌)|지우|삭제|잊어|없애)|.*(?:저장|기억)(?:한|된|해\s*둔)\s*(?:장소|위치|집)\S{0,2}\s*(?:다\s*|모두\s*)?(?:지워|삭제|잊어)|"
    r".*\b(?:forget|delete|remove)\s+my\s+(?:home|work|office|places?)\b)",
    re.I,
)
SHOW = re.compile(
    rf"^(?=.{{1,40}}$)(?:.*{_OURS}{_HOUSE}\s*(?:위치|주소)?\S{{0,2}}\s*(?:어디로|뭐로|무엇으로|어떻게)\s*(?:돼|되|저장|등록|기억)|"
    r".*(?:저장|기억|등록)(?:한|된|해\s*둔)\s*(?:장소|위치|집)\S{0,2}\s*(?:뭐|어디|보여|알려|확인)|"
    r".*\b(?:what|which|show)\b.*\bmy\s+(?:saved\s+)?(?:home|work|places)\b)",
    re.I,
)
_LEAVES = re.compile(r"출발|나가|나서|나와|퇴근|출근|\bleave\b|\bset off\b", re.I)
HERE = re.compile(r"여기|이곳|현재\s*위치|\bhere\b", re.I)
_TOWNS = ("eup", "myeon", "dong")
_REACH_M = 10_000.0
"""A point farther from every centre lies outside the city: it is called by no 동 of ours."""


def leaves_at(turn: Turn) -> str:
    """ "아침 8시에 출발해": the clock time in Korea as HH:MM; "" when none is said."""
    date = turn.understanding.first("date")
    if date is None or date.detail.get("grain") == "day" or not _LEAVES.search(turn.understanding.text):
        return ""
    try:
        return f"{datetime.fromisoformat(date.value).astimezone(SEOUL):%H:%M}"
    except ValueError:
        return ""


def area_of(book: CityBook, point: GeoPoint) -> str:
    """The 읍·면·동 whose centre is nearest; "" outside the city."""
    apart = [(meters(point, area.point), area.name) for area in book.areas if area.kind in _TOWNS]
    nearest = min(apart, default=None)
    return nearest[1] if nearest and nearest[0] <= _REACH_M else ""

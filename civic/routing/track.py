"""즉결 or 장기: what can be answered at once in the messenger, and what takes its statutory time; with the reason."""

import re

from civic.routing.match import Matter, Why
from civic.routing.rule import Track

SHORT = 80
"""More characters than this are a story, not a question."""
_ASKS = re.compile(
    r"\?\s*$|인가요|나요|까요|는지요?|어디|언제|몇\s*시|전화번호|연락처|얼마|"
    r"\b(?:when|where|how much|what time|which)\b",
    re.I,
)
_WANTS_WORK = re.compile(
    r"해\s*주|고쳐|치워|단속|부서|꺼[져졌]|고장|파손|막[혔혀]|쌓[여였이]|위험|다쳤|불법|please|broken|fix|remove", re.I
)


def track_of(matter: Matter) -> tuple[Track, Why]:
    """Without any rule. The clock is the category's either way."""
    if matter.deadline_kind == "immediate":
        return "instant", Why("처리기간이 ‘즉시’인 분야", "the category is due immediately")
    story = matter.text.strip()
    if len(story) <= SHORT and not matter.has_photos and _ASKS.search(story) and not _WANTS_WORK.search(story):
        return "instant", Why("짧은 안내 문의", "a short question for information")
    return "long", Why("현장 확인이나 검토가 필요한 내용", "needs a look or a review")

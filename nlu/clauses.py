"""Where one message asks for several things: splitting at connectors, and when a split is believed."""

import re

# After the first kinds a new clause may begin; the connector itself belongs to neither side.
_JOIN = (
    r"(?:(?<![가-힣a-z])(?:그리고|그리구|글구|근데|그런데|그럼|또한|또|아참|참|추가로|그담에|그다음에|다음으로"
    r"|and also|and|also|then|plus)(?![가-힣a-z])\s*,?\s*)"
)
_BREAK = re.compile(
    rf"[.?!\n;。]+\s*{_JOIN}?|[~ㅋㅎㅠㅜ]{{2,}}\s*|\s*,?\s*{_JOIN}"
    r"|(?<=주고|하고|했고|되고|됐고|내고)(?:요|여)?\s+(?!싶|있|나서|나면|말|계|하|보|가|왔|갔|들|난|해)"
    r"|(?<=[요죠까])\s+(?=[가-힣]{2,})"
)
MOST = 4
SHORTEST = 5

# Intents that only accompany another request; never a part of their own.
COURTESIES = frozenset({"greet", "thanks", "affirm", "deny", "help"})
# One trouble told in several sentences sounds like any of these; the whole message decides which.
TELLING = frozenset({"complaint_file", "air_complaint", "safety_report", "complaint_add_info"})
# One wish leads to the other (look up, then pay; it is repaired, so withdraw): the whole message decides.
NEIGHBOURS = (
    frozenset({"arrears_inquiry", "arrears_payment"}),
    frozenset({"complaint_file", "complaint_withdraw"}),
    frozenset({"safety_report", "complaint_withdraw"}),
    frozenset({"air_complaint", "complaint_withdraw"}),
)


def clause_spans(folded: str) -> list[tuple[int, int]]:
    """Spans of up to MOST clauses that are long enough to ask for something."""
    spans: list[tuple[int, int]] = []
    start = 0
    for match in _BREAK.finditer(folded):
        if len(folded[start : match.start()].strip()) >= SHORTEST:
            spans.append((start, match.start()))
            start = match.end()
            if len(spans) == MOST - 1:
                break
    if len(folded[start:].strip()) >= SHORTEST:
        spans.append((start, len(folded)))
    return [_trimmed(folded, span) for span in spans]


def are_separate(intents: list[str]) -> bool:
    """Whether clause intents in order make several requests rather than one told at length."""
    distinct = set(intents)
    return len(distinct) >= 2 and len(distinct & TELLING) <= 1 and distinct not in NEIGHBOURS


def _trimmed(text: str, span: tuple[int, int]) -> tuple[int, int]:
    start, end = span
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    return start, end

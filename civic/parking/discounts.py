"""Who pays less at a lot: what a source's remarks surely say, and what law gives at every public lot.

Remarks are free text; a clause with a word that is not known here is left aside whole, so that nobody is promised a
price that the attendant will not give. The citizen is shown the remarks themselves as well.
"""

import csv
import re
from collections.abc import Iterator, Sequence
from datetime import date
from functools import cache, lru_cache
from pathlib import Path

from core.contracts.tariff import Discount, DiscountKind

LAW = Path(__file__).parent / "law.csv"
BASIS = "주차장 비고"
_KINDS: tuple[tuple[DiscountKind, str], ...] = (
    ("compact", r"경차|경형\s*(?:자동차|차량|차)"),
    ("disabled", r"장애인|장애우|장애"),
    (
        "veteran",
        r"국가\s*유공\s*상?이?자|유공자|고엽제\s*(?:후유의?증|휴유증)\s*환자?|5[.·]\s?18\s*민주\s*유공\s*상?이?자|참전\s*유공자",
    ),
    ("green", r"저공해|친환경|환경\s*친화적"),
    ("electric", r"전기\s*(?:자동차|차)"),
    ("pregnant", r"임산부|임신부"),
    ("senior", r"65세\s*이상(?:\s*노인)?|경로"),
    ("transit", r"환승"),
    ("carpool", r"승용차\s*요일제|요일제"),
    ("taxpayer", r"모범\s*납세자|성실\s*납세자"),
)
# Families with two children and with three commonly get different percents: only a plain word is taken for all.
_CHILDREN = r"다자녀|다둥이"
_FILLERS = r"차량|자동차|차|소지자|탑승시?|가정|가구|본인|표지부착|등록|및|등|이상|에\s*한함|의"
_TOKEN = re.compile(
    "|".join(
        [
            r"(?P<percent>(?:\d{2,3})\s*(?:퍼센트|프로|%)|\d{2,3}(?=\s*(?:할인|감면|면제)))",
            r"(?P<hours>\d\s*시간\s*(?:무료|면제|감면)(?:\s*후)?)",
            r"(?P<over>\d\s*시간\s*초과\s*(?:시|분)?)",
            *(f"(?P<{kind}>{words})" for kind, words in _KINDS),
            rf"(?P<children>{_CHILDREN})(?!\s*\(?\s*\d)",
            r"(?P<cut>할인|감면|면제)",
            r"(?P<open>\()",
            r"(?P<close>\))",
            rf"(?P<filler>{_FILLERS})",
            r"(?P<joint>[\s,+·ㆍ/.、]+)",
            r"(?P<odd>[가-힣A-Za-z]+|.)",
        ]
    ),
    re.S,
)
# Words that turn a list around (heads with a colon, limits by day): too many readings, none is taken.
_UNSURE = re.compile(r"[:：*\-]|한정|이내|1일\s*1회|2자녀|3자녀|두\s*자녀|세\s*자녀|자녀\s*이상|\d명")


def of_lot(own: Sequence[Discount], remarks: str, *, is_public: bool, day: date) -> list[Discount]:
    """All that hold at a lot on a day, the source's own first; law adds what nothing else says of a kind."""
    found = list(own) or list(said(remarks))
    if is_public:
        found += [one for one in by_law(day) if one.kind not in {known.kind for known in found}]
    return found


@cache
def by_law(day: date) -> tuple[Discount, ...]:
    """What every public lot gives on a day (law.csv: dated rows with their article)."""
    with LAW.open(encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if date.fromisoformat(row["valid_from"]) <= day]
    newest = {row["kind"]: row for row in sorted(rows, key=lambda row: row["valid_from"])}
    kinds: dict[str, DiscountKind] = {kind: kind for kind, _ in _KINDS}
    return tuple(
        Discount(kinds[kind], int(row["percent"]), int(row["free_minutes"]), basis=row["article"])
        for kind, row in newest.items()
    )


@lru_cache(maxsize=8192)
def said(remarks: str) -> tuple[Discount, ...]:
    """`경차+저공해자동차 50프로 할인+장애인 및 국가유공자 차량 80프로 할인` as discounts, one a kind."""
    if _UNSURE.search(remarks):
        return ()
    found: dict[str, Discount] = {}
    for discount in _read([(one.lastgroup or "odd", one.group()) for one in _TOKEN.finditer(remarks)]):
        found.setdefault(discount.kind, discount)
    return tuple(found.values())


def _read(tokens: Sequence[tuple[str, str]]) -> Iterator[Discount]:
    """Lists before their percent (`경차 50프로 할인`), and lists in brackets after it (`50프로 할인(경차+장애인)`)."""
    waiting: list[DiscountKind] = []
    free, is_odd, percent, inside = 0, False, 0, False
    for name, text in tokens:
        if name == "percent":
            percent = min(int(re.sub(r"\D", "", text)), 100)
            if not is_odd:
                yield from (Discount(kind, percent, free, basis=BASIS) for kind in waiting)
            waiting, is_odd = [], False
        elif name == "hours":
            free = int(text[0]) * 60
        elif name == "open":
            # A list in brackets belongs to the percent before it, unless a list stood there already.
            inside = percent > 0 and not waiting and not is_odd
        elif name == "close":
            inside, waiting, free = False, [], 0
        elif name in _NAMES and inside:
            yield Discount(_NAMES[name], percent, free, basis=BASIS)
        elif name in _NAMES:
            waiting.append(_NAMES[name])
            percent = 0
        elif name == "odd":
            is_odd = is_odd or not inside
        elif name == "joint" and not waiting and re.search(r"[,+/]", text):
            is_odd = False


_NAMES: dict[str, DiscountKind] = {**{kind: kind for kind, _ in _KINDS}, "children": "children"}

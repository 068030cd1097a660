"""Whether two published lots may be one place: by where they are, what they are called, their lot number and size.

Pure; what it finds is a proposal with its reasons, and staff (or the rules of ADR 0031) decide.
"""

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from uuid import UUID

from rapidfuzz import fuzz

from core.contracts.channel import GeoPoint
from core.distance import meters
from core.parking_rules import Matching

FAR_M = 500.0
"""Beyond it two points contradict each other, whatever name and lot number say: only a shared id joins them."""
_CIRCLED = {chr(0x2460 + n): str(n + 1) for n in range(20)}
_FILLER = re.compile(
    r"\(.*?\)|공영|민영|유료|무료|주차장|주차|노상|노외|부설|임시|거주자우선|제(?=\d)|[^0-9a-z가-힣]", re.IGNORECASE
)
_LOT = re.compile(
    r"(?P<area>.*?(?:동|가|로|읍|면|리|길))\s*(?:\d+통\s*)?(?P<mountain>산)?\s*(?P<number>\d+(?:-\d+)?)"
    r"(?![\d가동로길리]|-\d|번길)"
)
_REGION = re.compile(r"(?:특별시|광역시|특별자치시|특별자치도|도)$")
_SHORT = {"충청북": "충북", "충청남": "충남", "전라북": "전북", "전라남": "전남", "경상북": "경북", "경상남": "경남"}
_PLAIN_REGIONS = frozenset(
    [
        "서울",
        "부산",
        "대구",
        "인천",
        "광주",
        "대전",
        "울산",
        "세종",
        "경기",
        "강원",
        "충북",
        "충남",
        "전북",
        "전남",
        "경북",
        "경남",
        "제주",
    ]
)
_MIN_NAME = 2
_MIN_ID = 6
_GENERIC = frozenset({"", "지하", "옥상", "지상", "시장", "시청", "구청", "역", "공원", "복개", "고가하부"})


@dataclass(frozen=True, slots=True)
class LotNumber:
    """지번 of an address. `region`: 시도 in two letters, "" when it is not written; `town`: its last 시·군·구."""

    region: str
    town: str
    area: str
    number: str
    is_mountain: bool

    def agrees(self, other: "LotNumber") -> bool:
        """The same number of the same 동: areas agree when one is the other with more in front of it."""
        if self.number != other.number or (self.region and other.region and self.region != other.region):
            return False
        return self.area.endswith(other.area) or other.area.endswith(self.area)

    @property
    def block(self) -> tuple[str, str]:
        return self.area[-3:], self.number


@lru_cache(maxsize=200_000)
def lot_number(address: str) -> LotNumber | None:
    """`서울특별시 종로구 세종로 80-1번지` and `종로구 세종로 80-1` agree; `-0`, 번지, numbers of 행정동 are dropped."""
    match = _LOT.match(re.sub(r"\(.*?\)", " ", address).strip())
    if match is None:
        return None
    words = match["area"].split()
    region = ""
    if words and (words[0] in _PLAIN_REGIONS or (len(words[0]) > 2 and _REGION.search(words[0]))):
        plain = _REGION.sub("", words.pop(0))
        region = _SHORT.get(plain, plain[:2])
    towns = [word for word in words[:-1] if word[-1] in "시군구"]
    number = "-".join(part.lstrip("0") or "0" for part in match["number"].split("-")).removesuffix("-0")
    area = "".join([*words[:-1], re.sub(r"(?<=[가-힣])제?\d+(?=동$)", "", words[-1])]) if words else ""
    return LotNumber(region, towns[-1] if towns else "", area, number, bool(match["mountain"])) if area else None


@lru_cache(maxsize=200_000)
def name_key(name: str) -> str:
    """What is left of a name without the words that every lot has: `세종로 공영주차장(시)` → `세종로`."""
    plain = "".join(_CIRCLED.get(character, character) for character in name)
    return _FILLER.sub("", plain).lower()


@dataclass(frozen=True, slots=True)
class Sketch:
    """What is compared of a lot."""

    id: UUID
    source: str
    name: str
    addresses: tuple[str, ...]
    lat: float | None
    lon: float | None
    capacity: int
    type: str
    external_ids: tuple[str, ...]

    @classmethod
    def of(cls, row: Any) -> "Sketch":
        addresses = tuple(text for text in dict.fromkeys((row.address, row.road_address)) if text)
        ids = tuple(one for one in row.external_ids if len(one) >= _MIN_ID)
        return cls(row.id, row.source, row.name, addresses, row.lat, row.lon, row.capacity, row.type, ids)

    @property
    def numbers(self) -> list[LotNumber]:
        return [found for text in self.addresses if (found := lot_number(text)) is not None]

    @property
    def is_placed(self) -> bool:
        return self.lat is not None and self.lon is not None


@dataclass(frozen=True, slots=True)
class Likeness:
    """Why two lots may be one. `score` 0…1; `reason` in Korean for staff.

    `is_sure`: they agree in all. `is_unplaced`: one has no point, but lot number and name are equal.
    """

    score: float
    distance_m: float | None
    reason: str
    is_sure: bool
    is_unplaced: bool


def likeness(one: Sketch, other: Sketch, rules: Matching) -> Likeness | None:
    """None: nothing speaks for it, or something speaks against it."""
    away = _distance(one, other)
    shared = next((found for found in one.external_ids if found in other.external_ids), "")
    if not shared and away is not None and away > FAR_M:
        return None
    address, is_sloppy = _address(one, other)
    if not shared and address is None and _contradict(one, other):
        return None
    name = _name(one.name, other.name, rules.alike)
    size = _size(one.capacity, other.capacity)
    clash = {one.type == "ON_STREET", other.type == "ON_STREET"} == {True, False} and "OTHER" not in (
        one.type,
        other.type,
    )
    is_near = away is not None and away <= rules.near_m
    if not (shared or _speaks(one, other, away, is_near, address, name, size, rules)):
        return None
    score = 0.5 * bool(shared) + {"same": 0.35, "alike": 0.25, "": 0.0}[name] + (0.3 if address else 0.0)
    score += 0.25 if is_near else 0.1 if away is not None and away <= rules.wide_m else 0.0
    score += {"same": 0.1, "close": 0.05, "": 0.0}[size] - 0.2 * clash - 0.1 * is_sloppy
    exact = address is not None and not is_sloppy and not clash
    return Likeness(
        score=round(min(max(score, 0.05), 1.0), 2),
        distance_m=away,
        reason=_reason(one, other, away, shared, address, is_sloppy, name, clash),
        is_sure=exact and bool(name) and is_near and bool(size),
        is_unplaced=exact and name == "same" and away is None and _is_comparable(one.capacity, other.capacity),
    )


def _speaks(
    one: Sketch,
    other: Sketch,
    away: float | None,
    is_near: bool,
    address: LotNumber | None,
    name: str,
    size: str,
    rules: Matching,
) -> bool:
    if name and (is_near or address):
        return True
    if address and (is_near or away is None):
        return True
    if name != "same":
        return bool(name) and away is None and bool(size) and _same_town(one, other, of_area=True)
    if away is None:
        return _same_town(one, other)
    return away <= rules.wide_m and bool(size)


def _distance(one: Sketch, other: Sketch) -> float | None:
    if one.lat is None or one.lon is None or other.lat is None or other.lon is None:
        return None
    return meters(GeoPoint(one.lat, one.lon), GeoPoint(other.lat, other.lon))


def _address(one: Sketch, other: Sketch) -> tuple[LotNumber | None, bool]:
    """The lot number that both have, and whether only one of them says 산 before it (another numbering by law)."""
    pairs = [(a, b) for a in one.numbers for b in other.numbers if a.agrees(b)]
    if not pairs:
        return None, False
    exact = [a for a, b in pairs if a.is_mountain == b.is_mountain]
    return (exact[0], False) if exact else (pairs[0][0], True)


def _contradict(one: Sketch, other: Sketch) -> bool:
    """Both name their 시도 or 시군구, and not the same."""
    for what in ("region", "town"):
        mine, theirs = ({getattr(n, what) for n in lot.numbers} - {""} for lot in (one, other))
        if mine and theirs and not mine & theirs:
            return True
    return False


def _same_town(one: Sketch, other: Sketch, *, of_area: bool = False) -> bool:
    """Both in one 시군구 (in one 동, with `of_area`)."""
    what = "area" if of_area else "town"
    mine, theirs = ({getattr(n, what) for n in lot.numbers} - {""} for lot in (one, other))
    return bool(mine & theirs)


def _name(one: str, other: str, alike: float) -> str:
    """ "same", "alike" or "": numbers in names must agree exactly (제1 is not 제2)."""
    mine, theirs = name_key(one), name_key(other)
    if mine == theirs:
        return "same" if mine not in _GENERIC and len(mine) >= _MIN_NAME else "alike" if one == other else ""
    if re.findall(r"\d+", mine) != re.findall(r"\d+", theirs) or min(len(mine), len(theirs)) < _MIN_NAME:
        return ""
    is_part = min(len(mine), len(theirs)) >= 3 and (mine in theirs or theirs in mine)
    return "alike" if is_part or fuzz.ratio(mine, theirs) >= alike * 100 else ""


def _size(one: int, other: int) -> str:
    if one == other:
        return "same"
    return "close" if min(one, other) >= 0.8 * max(one, other) or abs(one - other) <= 2 else ""


def _is_comparable(one: int, other: int) -> bool:
    """Where a source writes a row a bay, the row of one bay is not the lot of seventy that its number must not speak
    for."""
    return 2 * min(one, other) >= max(one, other)


def _reason(
    one: Sketch,
    other: Sketch,
    away: float | None,
    shared: str,
    address: LotNumber | None,
    is_sloppy: bool,
    name: str,
    clash: bool,
) -> str:
    parts = [f"관리번호 같음({shared})"] if shared else []
    if address is not None:
        mark = "산" if address.is_mountain else ""
        parts.append(f"지번 같음({address.area} {mark}{address.number}{', 한쪽만 산 번지' if is_sloppy else ''})")
    parts.append({"same": "이름 같음", "alike": "이름 비슷함", "": "이름 다름"}[name])
    missing = [lot.source for lot in (one, other) if not lot.is_placed]
    parts.append(f"{away:,.0f}m 떨어짐" if away is not None else f"좌표 없음({', '.join(missing)})")
    parts.append(f"면수 {one.capacity:,}·{other.capacity:,}")
    if clash:
        parts.append("한쪽은 노상")
    return ", ".join(parts)

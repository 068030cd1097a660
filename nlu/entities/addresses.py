"""Road names and lot addresses by rule: no list holds every house, and citizens report where they stand."""

import re
from collections.abc import Iterator

from nlu.entities.found import Found

_UNITS = (
    r"(?!\d|[.,]\d|\s?(?:시|분|초|일|월|년|개|명|원|만|천|번(?!지|길)|층|호|동|세|살|km|m|미터|퍼센트|%|대\b"
    r"|차|회|건|인|마리|가지|군데))"
)
_ROAD = re.compile(
    r"(?a)(?<![가-힣\d])(?P<road>[가-힣][가-힣\d]{0,9}?(?:대로|로|길)(?:\s?\d{1,4}[가-힣]?번?길)?)"
    rf"\s?(?P<number>(?:지하\s?)?\d{{1,4}}(?:-\d{{1,4}})?){_UNITS}"
)
_ROAD_NAME = re.compile(
    r"(?a)(?<![가-힣\d])(?P<road>[가-힣]{2,6}대로(?:\s?\d{1,4}번길)?|[가-힣]{1,6}\d{1,2}로(?:\s?\d{1,4}번길)?|[가-힣]{1,6}로\s?\d{1,4}번길)"
)
_LOT = re.compile(
    r"(?a)(?<![가-힣\d])(?P<area>[가-힣]{1,5}(?:동|리|읍|면|가))\s?(?P<hill>산\s?)?"
    rf"(?P<lot>\d{{1,4}}-\d{{1,4}}(?:\s?번지)?|\d{{1,4}}\s?번지|(?<=리 )\d{{1,4}}(?!\d|-)|(?<=산 )\d{{1,4}}){_UNITS}"
)
# Everyday words that end like a road name.
_NOT_ROADS = re.compile(
    r"(?a)(?:.*으로|바로|따로|서로|새로|별로|대로|멋대로|그대로|이대로|제대로|절대로|반대로|마음대로|맘대로|말대로|법대로|생각대로|약속대로|사실대로|순서대로|"
    r"스스로|실제로|진짜로|참고로|주로|홀로|위로|뒤로|아래로|차로|도로|카드로|현재로|추가로|무료로|유료로|별도로|때로|하루로|여기로|거기로|저기로|어디로|이리로|"
    r"문자로|전화로|오토바이로|자전거로|버스로|통로|경로|진로|선로|활주로|등산로|산책로|보행로|교차로|가로|세로|길|이길|그길|저길|골목길|퇴근길|출근길|등굣길|하굣길|산길|.*는길)$"
)


def find_addresses(text: str) -> Iterator[Found]:
    """Addresses and road names as `place`; `detail` holds kind and, with a house number, the road or area."""
    for match in _ROAD.finditer(text):
        if not _NOT_ROADS.match(match["road"]):
            road = match["road"].replace(" ", "")
            value = f"{road} {match['number'].replace(' ', '')}"
            yield Found(*match.span(), "place", value, 0.95, detail={"kind": "road_address", "road": road})
    for match in _LOT.finditer(text):
        lot = re.sub(r"\s|번지", "", match["lot"])
        value = f"{match['area']} {'산' if match['hill'] else ''}{lot}"
        yield Found(*match.span(), "place", value, 0.95, detail={"kind": "lot_address", "area": match["area"]})
    for match in _ROAD_NAME.finditer(text):
        if not _NOT_ROADS.match(match["road"]):
            yield Found(*match.span(), "place", match["road"].replace(" ", ""), 0.9, detail={"kind": "road"})

"""Korean number plates as people type them (자동차 등록번호판 등의 기준에 관한 고시): read, checked, written alike."""

import re
import unicodedata

from core.errors import BadInput

REGIONS = (
    "서울", "부산", "대구", "인천", "광주", "대전", "울산", "세종", "경기",
    "강원", "충북", "충남", "전북", "전남", "경북", "경남", "제주",
)  # fmt: skip
PRIVATE = "가나다라마거너더러머버서어저고노도로모보소오조구누두루무부수우주"
RENTED = "하허호"
COMMERCIAL = "아바사자"
DELIVERY = "배"
FORCES = "국합육해공"
LETTERS = frozenset(PRIVATE + RENTED + COMMERCIAL + DELIVERY + FORCES)
"""용도 기호. Letters outside the list are on no plate, and most often a slip (기, 카, 다 → 더)."""
_REGION = "|".join(REGIONS)
_PLATE = re.compile(rf"(?<!\d)(?:({_REGION})\s*)?(\d{{1,3}})\s*([가-힣])\s*(\d{{4}})(?!\d)")
_MOTORCYCLE = re.compile(rf"({_REGION})\s*([가-힣]{{2,3}})\s*([가-힣])\s*(\d{{4}})(?!\d)")
_MARKS = re.compile(r"[-–—_.·,'\"()]+")


def find(text: str) -> list[str]:
    """Every plate in a text, each once, in order, written one way ("서울12가3456")."""
    plain = _MARKS.sub(" ", unicodedata.normalize("NFKC", text))
    found = [plate for match in _PLATE.finditer(plain) if (plate := _written(*match.groups()))]
    found += ["".join(match.groups()) for match in _MOTORCYCLE.finditer(plain) if match[3] in PRIVATE]
    return list(dict.fromkeys(found))


def _written(region: str | None, number: str, letter: str, serial: str) -> str | None:
    if letter not in LETTERS or serial == "0000" or int(number) == 0:
        return None
    if region:
        # Plates with a region have one or two digits; a third came in 2019 and never had one.
        return f"{region}{number}{letter}{serial}" if len(number) <= 2 else None
    # Without one: two digits (2004–), three for cars (2019–).
    return f"{number}{letter}{serial}" if len(number) >= 2 else None


def check(text: str) -> str:
    """The one plate that the text holds. Raises BadInput, saying what looks wrong, when it holds none or several."""
    found = find(text)
    if len(found) == 1:
        return found[0]
    if found:
        shown = ", ".join(found[:3])
        raise BadInput(
            f"번호가 여러 개예요({shown}). 신고하실 차의 번호 하나만 적어 주세요.",
            f"There are several plates ({shown}); please type the one to report.",
        )
    odd = _PLATE.search(_MARKS.sub(" ", unicodedata.normalize("NFKC", text)))
    if odd is not None and odd[3] not in LETTERS:
        raise BadInput(
            f"‘{odd[3]}’은(는) 번호판에 쓰지 않는 글자예요. 사진을 다시 보고 적어 주세요. (예: 12가3456)",
            f"“{odd[3]}” is on no Korean plate. Please look at the picture again (e.g. 12가3456).",
        )
    raise BadInput(
        "차량번호로 읽을 수 없었어요. 번호판에 적힌 그대로 적어 주세요. (예: 12가3456, 123가4567, 서울12가3456)",
        "That does not read as a plate. Please type it as it is written (e.g. 12가3456, 123가4567, 서울12가3456).",
    )

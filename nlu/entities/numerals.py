"""Numbers as Koreans write them: digits, 만/천 units, 삼십, 두, 다섯 …"""

import re

_NATIVE_ONES = {
    "하나": 1, "한": 1, "첫": 1, "둘": 2, "두": 2, "셋": 3, "세": 3, "넷": 4, "네": 4, "다섯": 5,
    "여섯": 6, "일곱": 7, "여덟": 8, "아홉": 9,
}  # fmt: skip
_NATIVE_TENS = {"열": 10, "스물": 20, "스무": 20, "서른": 30, "마흔": 40, "쉰": 50}
_SINO = {"일": 1, "이": 2, "삼": 3, "사": 4, "오": 5, "육": 6, "칠": 7, "팔": 8, "구": 9}
_SMALL_UNITS = {"십": 10, "백": 100, "천": 1000}
_LARGE_UNITS = {"만": 10_000, "억": 100_000_000}
_ENGLISH = {
    "one": 1, "a": 1, "an": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8,
    "nine": 9, "ten": 10, "eleven": 11, "twelve": 12,
}  # fmt: skip

_ONES = "하나|다섯|여섯|일곱|여덟|아홉|한|두|세|네|둘|셋|넷"
NATIVE = rf"(?:열\s?(?:{_ONES})|스물(?:{_ONES})?|스무|서른|마흔|쉰|열|{_ONES})"
ENGLISH = r"(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|an|a)"
_PIECE = re.compile(r"(?a)(\d[\d,]*(?:\.\d+)?)|([일이삼사오육칠팔구])|([십백천])|([만억])|(\s)")


def native_number(text: str) -> int | None:
    """1 to 59 from native Korean words, English words or digits; None when it is no number."""
    text = text.replace(" ", "")
    if text.isascii() and text.isdigit():
        return int(text)
    if text in _ENGLISH:
        return _ENGLISH[text]
    for word, ten in _NATIVE_TENS.items():
        if text.startswith(word):
            rest = text[len(word) :]
            return ten if not rest else ten + _NATIVE_ONES[rest] if rest in _NATIVE_ONES else None
    return _NATIVE_ONES.get(text)


def mixed_number(text: str) -> int | None:
    """A number of digits and units such as `3만 5천`, `35,000`, `1억2천만`, `삼십만`, `1.5만`; None when it is none."""
    total, section, digits, seen = 0.0, 0.0, None, False
    at = 0
    while at < len(text):
        piece = _PIECE.match(text, at)
        if piece is None:
            return None
        at = piece.end()
        written, word, small, large, _ = piece.groups()
        if written or word:
            if digits is not None:
                return None
            digits = float(written.replace(",", "")) if written else float(_SINO[word])
        elif small:
            section += (1 if digits is None else digits) * _SMALL_UNITS[small]
            digits = None
        elif large:
            section += digits or 0
            total += (section or 1) * _LARGE_UNITS[large]
            section, digits = 0.0, None
        seen = seen or bool(written or word or small or large)
    return round(total + section + (digits or 0)) if seen else None

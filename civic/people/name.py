"""A person's name as he gives it: real letters of any script, no sentence, no trick."""

import unicodedata

from core.errors import BadInput

MAX_NAME = 60
_MARKS = " -'.·’"
_FILLERS = frozenset("\u115f\u1160\u3164\uffa0")


def clean_name(text: str) -> str:
    """NFC, single spaces. Raises BadInput for under two letters, digits, symbols, lone jamo, over 60 characters."""
    name = " ".join(unicodedata.normalize("NFC", text).split())
    letters = sum(unicodedata.category(char).startswith("L") for char in name)
    if letters < 2 or len(name) > MAX_NAME or not all(map(_may_stand, name)) or _is_zalgo(name):
        raise BadInput("성함을 다시 적어 주세요. 예: 홍길동", "Please give your name in letters, e.g. Gildong Hong.")
    return name


def _may_stand(char: str) -> bool:
    if char in _FILLERS or "\u3131" <= char <= "\u318e" or "\u1100" <= char <= "\u11ff":
        return False
    return char in _MARKS or unicodedata.category(char)[0] in "LM"


def _is_zalgo(name: str) -> bool:
    """Three combining marks in a row belong to no name."""
    run = 0
    for char in name:
        run = run + 1 if unicodedata.category(char).startswith("M") else 0
        if run > 2:
            return True
    return False

"""Korean as texts and searches need it: the particle that fits a word, money, distance, the keys that type a word."""

import re

_HANGUL = (0xAC00, 0xD7A3)
_DIGIT_HAS_FINAL = {
    "0": True,
    "1": True,
    "2": False,
    "3": True,
    "4": False,
    "5": False,
    "6": True,
    "7": True,
    "8": True,
    "9": False,
}
_LETTERS_WITH_FINAL = frozenset("lmnrLMNR")
_RIEUL_DIGITS = frozenset("178")


def josa(word: object, pair: str) -> str:
    """`word` with the fitting one of a pair: 은/는, 이/가, 을/를, 과/와, 으로/로, 이에요/예요 (final sound first).

    Digits are read in Sino-Korean, Latin letters by their names; brackets and quotes at the end are looked through.
    """
    text = str(word)
    with_final, without = pair.split("/")
    core = re.sub(r"[\s\"'”’)\]}>」』.…!?]+$", "", re.sub(r"\([^)]*\)\s*$", "", text)) or text
    last = core[-1:] if core else ""
    has_final, is_rieul = _final(last)
    if with_final.startswith("으로") and is_rieul:
        has_final = False
    return text + (with_final if has_final else without)


def _final(last: str) -> tuple[bool, bool]:
    if last and _HANGUL[0] <= ord(last) <= _HANGUL[1]:
        final = (ord(last) - _HANGUL[0]) % 28
        return final != 0, final == 8
    if last in _DIGIT_HAS_FINAL:
        return _DIGIT_HAS_FINAL[last], last in _RIEUL_DIGITS
    return last in _LETTERS_WITH_FINAL, last in "lL" and bool(last)


def krw(amount: int) -> str:
    """1200 → "1,200원"."""
    return f"{amount:,}원"


def meters(distance: float) -> str:
    """161.2 → "161m", 1234 → "1.2km"."""
    return f"{distance:.0f}m" if distance < 1000 else f"{distance / 1000:.1f}km"


_INITIAL = "ㄱㄲㄴㄷㄸㄹㅁㅂㅃㅅㅆㅇㅈㅉㅊㅋㅌㅍㅎ"
_MEDIAL = "ㅏㅐㅑㅒㅓㅔㅕㅖㅗㅘㅙㅚㅛㅜㅝㅞㅟㅠㅡㅢㅣ"
_FINAL = " ㄱㄲㄳㄴㄵㄶㄷㄹㄺㄻㄼㄽㄾㄿㅀㅁㅂㅄㅅㅆㅇㅈㅊㅋㅌㅍㅎ"
_KEYS: dict[str, str] = dict(zip("ㄱㄲㄴㄷㄸㄹㅁㅂㅃㅅㅆㅇㅈㅉㅊㅋㅌㅍㅎ", "rRseEfaqQtTdwWczxvg", strict=True))
_KEYS |= dict(zip("ㅏㅐㅑㅒㅓㅔㅕㅖㅗㅛㅜㅠㅡㅣ", "koiOjpuPhynbml", strict=True))
_KEYS |= {
    pair: _KEYS[first] + _KEYS[second]
    for pair, first, second in zip(
        "ㄳㄵㄶㄺㄻㄼㄽㄾㄿㅀㅄㅘㅙㅚㅝㅞㅟㅢ",
        "ㄱㄴㄴㄹㄹㄹㄹㄹㄹㄹㅂㅗㅗㅗㅜㅜㅜㅡ",
        "ㅅㅈㅎㄱㅁㅂㅅㅌㅍㅎㅅㅏㅐㅣㅓㅔㅣㅣ",
        strict=True,
    )
}
"""Jamo to the keys of the Korean keyboard (두벌식); a pair is typed as its two."""


def keystrokes(text: str) -> str:
    """The keys that type it on the Korean keyboard (두벌식, KS X 5002): 가로등 → rkfhemd, also when they were struck in
    English mode. One letter a jamo, so that a slip is one letter; tense consonants differ from plain ones by case.
    """
    return "".join(_keys(char) for char in text)


def _keys(char: str) -> str:
    if not _HANGUL[0] <= ord(char) <= _HANGUL[1]:
        return _KEYS.get(char, char)
    at = ord(char) - _HANGUL[0]
    jamo = (_INITIAL[at // 588], _MEDIAL[at % 588 // 28], _FINAL[at % 28])
    return "".join(_KEYS.get(one, "") for one in jamo)


_INITIALS = "ㄱㄲㄴㄷㄸㄹㅁㅂㅃㅅㅆㅇㅈㅉㅊㅋㅌㅍㅎ"
_VOWELS = "ㅏㅐㅑㅒㅓㅔㅕㅖㅗㅘㅙㅚㅛㅜㅝㅞㅟㅠㅡㅢㅣ"
_FINALS = ("", *"ㄱㄲㄳㄴㄵㄶㄷㄹㄺㄻㄼㄽㄾㄿㅀㅁㅂㅄㅅㅆㅇㅈㅊㅋㅌㅍㅎ")


def jamo(text: str) -> str:
    """Every syllable as its letters, anything else as it stands: "시발" and "ㅅㅣ발" → "ㅅㅣㅂㅏㄹ"."""
    return "".join(_letters(one) for one in text)


def _letters(one: str) -> str:
    place = ord(one) - _HANGUL[0]
    if not 0 <= place <= _HANGUL[1] - _HANGUL[0]:
        return one
    initial, rest = divmod(place, 21 * 28)
    vowel, final = divmod(rest, 28)
    return f"{_INITIALS[initial]}{_VOWELS[vowel]}{_FINALS[final]}"

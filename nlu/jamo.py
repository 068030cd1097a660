"""Hangul below the syllable: typing slips happen there, so features and typo matching look at letters."""

_FIRST = 0xAC00
_LAST = 0xD7A3
_LEADS = "ㄱㄲㄴㄷㄸㄹㅁㅂㅃㅅㅆㅇㅈㅉㅊㅋㅌㅍㅎ"
_VOWELS = "ㅏㅐㅑㅒㅓㅔㅕㅖㅗㅘㅙㅚㅛㅜㅝㅞㅟㅠㅡㅢㅣ"
_TAILS = ("", *"ㄱㄲㄳㄴㄵㄶㄷㄹㄺㄻㄼㄽㄾㄿㅀㅁㅂㅄㅅㅆㅇㅈㅊㅋㅌㅍㅎ")


def is_syllable(char: str) -> bool:
    """Whether the character is one composed Hangul syllable."""
    return _FIRST <= ord(char) <= _LAST


def letters(syllable: str) -> tuple[str, str, str]:
    """Lead, vowel and tail ("" when open) of one composed syllable."""
    code = ord(syllable) - _FIRST
    return _LEADS[code // 588], _VOWELS[code % 588 // 28], _TAILS[code % 28]


def syllable(lead: str, vowel: str, tail: str) -> str:
    """The composed syllable of the given letters; the inverse of `letters`."""
    return chr(_FIRST + _LEADS.index(lead) * 588 + _VOWELS.index(vowel) * 28 + _TAILS.index(tail))


_TABLE = {code: "".join(letters(chr(code))) for code in range(_FIRST, _LAST + 1)}


def spell(text: str) -> str:
    """The text with every syllable spelled out in letters; everything else stays."""
    return text.translate(_TABLE)


def one_slip_apart(left: str, right: str) -> bool:
    """Whether two single characters are syllables that differ in exactly one letter."""
    if left == right or not (is_syllable(left) and is_syllable(right)):
        return False
    return sum(a != b for a, b in zip(letters(left), letters(right), strict=True)) == 1

"""Deterministic slips added in training, so that the model has met missing spaces and mistyped letters before."""

from hashlib import sha256
from random import Random

from nlu.jamo import is_syllable, letters, syllable

_NEAR_VOWELS = {
    "ㅐ": "ㅔ",
    "ㅔ": "ㅐ",
    "ㅓ": "ㅏ",
    "ㅏ": "ㅓ",
    "ㅗ": "ㅜ",
    "ㅜ": "ㅗ",
    "ㅚ": "ㅙ",
    "ㅙ": "ㅚ",
    "ㅡ": "ㅜ",
}
_TAILS = ("", "ㄴ", "ㅇ", "ㅅ", "ㄹ", "ㅁ")


def noisy_copy(text: str) -> str:
    """The text with its spaces dropped or one letter mistyped; the same text always gives the same copy."""
    # Not for secrets: a generator seeded by the text keeps training reproducible.
    chance = Random(sha256(text.encode()).digest())  # noqa: S311
    squeezed = text.replace(" ", "")
    if squeezed != text and not text.isascii() and chance.random() < 0.5:
        return squeezed
    return _slip(text, chance)


def _slip(text: str, chance: Random) -> str:
    places = [at for at, char in enumerate(text) if is_syllable(char)]
    if len(places) < 3:
        return text
    at = chance.choice(places)
    lead, vowel, tail = letters(text[at])
    if vowel in _NEAR_VOWELS and chance.random() < 0.5:
        slipped = syllable(lead, _NEAR_VOWELS[vowel], tail)
    else:
        slipped = syllable(lead, vowel, chance.choice([other for other in _TAILS if other != tail]))
    return text[:at] + slipped + text[at + 1 :]

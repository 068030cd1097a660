"""Texts as Korean carriers take them: CP949, two bytes a syllable, and nothing that their telephones cannot show.

Counted in `cp949` and never in `euc_kr`: Python writes a syllable that KS X 1001 lacks (뷁, 펲, 똠, 샾) as eight bytes
there. Whether every carrier shows those syllables is a question for the gateway (docs/adr/0019).
"""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Literal

import yaml

from core import pieces

SMS_BYTES = 90
LMS_BYTES = 2000
"""Defaults of the house (`messaging.sms_bytes`): what the gateways' guides say of one short and one long message."""
Kind = Literal["sms", "lms", "too_long"]

_WORDS: Mapping[str, str] = {
    character: str(word)
    for word, characters in yaml.safe_load((Path(__file__).parent / "cp949.yml").read_text("utf-8"))
    for character in characters.split()
}
"""What stands for a character: a word for an emoji that says something, the nearest sign for a sign."""
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f]")
_JAMO = ("CHOSEONG", "JUNGSEONG", "JONGSEONG")
_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Mn", "Me"})
"""Joiners, selectors, marks, half characters: gone without a trace."""
_PICTURES = frozenset({"So", "Sk"})


@dataclass(frozen=True, slots=True)
class Plain:
    """A text that CP949 holds. `replaced`: the characters one could see that were not in it, each once, in order.

    `lost`: how many letters became "?", because no word and no letter stands for them (Thai, simplified Chinese).
    """

    text: str
    replaced: tuple[str, ...] = ()
    lost: int = 0


def size(text: str) -> int:
    """Bytes of the text as a carrier counts them; what CP949 lacks counts as two, though it cannot be sent."""
    try:
        return len(text.encode("cp949"))
    except UnicodeEncodeError:
        return sum(_bytes(character) or 2 for character in text)


def kind(text: str, *, sms: int = SMS_BYTES, lms: int = LMS_BYTES) -> Kind:
    """The kind of message this text needs; bounds in bytes (`messaging.sms_bytes`)."""
    count = size(text)
    if count <= sms:
        return "sms"
    return "lms" if count <= lms else "too_long"


def refused(text: str) -> tuple[str, ...]:
    """The visible characters that CP949 lacks, each once, in order: what an officer should know of."""
    return plain(text).replaced


def plain(text: str) -> Plain:
    """The text with everything that CP949 lacks replaced: by a word, by its plain letter, by nothing, last by "?".

    Raises nothing; what is returned can always be encoded, and comes back as it is when given again.
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if _is_sendable(text):
        return Plain(text)
    kept: list[str] = []
    replaced: dict[str, None] = {}
    lost = 0
    is_gap = False
    for character in unicodedata.normalize("NFC", text):
        instead = _instead(character)
        if instead != character and unicodedata.category(character) not in _UNSEEN:
            replaced[character] = None
        if instead is None:
            instead, lost = "?", lost + 1
        if is_gap and character in " \n" and _ends_open(kept):
            if character == " ":
                continue  # the blank on the other side of what went
            while kept and kept[-1] == " ":
                kept.pop()
        is_gap = is_gap or not instead
        if instead:
            kept.append(instead)
            is_gap = False
    whole = "".join(kept)
    return Plain(whole.rstrip(" ") if is_gap else whole, tuple(replaced), lost)


def split(text: str, most: int) -> list[str]:
    """The text in pieces of at most `most` bytes, cut at lines, then sentences, then words (`most` at least 2)."""
    return pieces.split(text, most, size)


def cut(text: str, most: int) -> str:
    """The text itself where it fits into `most` bytes, else its beginning with "…" (two bytes)."""
    return pieces.cut(text, most, size)


def _is_sendable(text: str) -> bool:
    try:
        text.encode("cp949")
    except UnicodeEncodeError:
        return False
    return _CONTROL.search(text) is None


def _ends_open(kept: list[str]) -> bool:
    return not kept or kept[-1][-1] in " \n"


@lru_cache(maxsize=8192)
def _bytes(character: str) -> int:
    """1 or 2; 0 for what CP949 lacks."""
    try:
        return len(character.encode("cp949"))
    except UnicodeEncodeError:
        return 0


def _is_control(character: str) -> bool:
    return _CONTROL.match(character) is not None


@lru_cache(maxsize=8192)
def _instead(character: str) -> str | None:
    """What stands for the character ("" for nothing); None where nothing can."""
    if character == "\t":
        return " "
    if _is_control(character):
        return ""
    if _bytes(character):
        return character
    if (word := _WORDS.get(character)) is not None:
        return word
    category = unicodedata.category(character)
    if category in _UNSEEN:
        return ""
    if category in ("Zs", "Zl", "Zp"):
        return "\n" if category != "Zs" else " "
    if (letter := _letter(character)) is not None:
        return letter
    return "" if category in _PICTURES else None


def _letter(character: str) -> str | None:
    """The plain letters of a character: é is e, ⑯ is 16, a bare first consonant is the letter that is typed."""
    name = unicodedata.name(character, "")
    for part in _JAMO:
        if part in name:
            try:
                return unicodedata.lookup(name.replace(part, "LETTER"))
            except KeyError:
                return None
    if character in _FLAG:
        return _FLAG[character]
    decomposed = unicodedata.normalize("NFKD", character)
    letters = "".join(one for one in decomposed if unicodedata.category(one) not in _UNSEEN)
    return letters if letters and all(_bytes(one) for one in letters) else None


_FLAG: Mapping[str, str] = {chr(0x1F1E6 + index): chr(65 + index) for index in range(26)}
"""The halves of a flag: 🇰🇷 is KR."""

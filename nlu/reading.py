"""How a raw message becomes text the engine can look at without losing where each character stood."""

import re
import unicodedata
from dataclasses import dataclass

from core.masking import mask

# A message is kept up to KEEP code points and searched for entities up to LOOK: time stays bounded for any input.
KEEP = 5_000
LOOK = 600

_IGNORABLE = re.compile(
    "[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5"
    "\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff]"
)
_FOLD = (
    {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}
    | {code: code - 0xFEE0 + 32 for code in range(0xFF21, 0xFF3B)}
    | {code: code + 32 for code in range(ord("A"), ord("Z") + 1)}
    | dict.fromkeys((0x00A0, 0x2002, 0x2003, 0x2009, 0x202F, 0x3000, 0x0009), 0x20)
    | dict.fromkeys((0x2010, 0x2011, 0x2012, 0x2013, 0x2014, 0x2212, 0x301C, 0x30FC), ord("-"))
)


@dataclass(frozen=True, slots=True)
class Reading:
    """One message as read. `folded` is `text` with case and width folded and invisible characters left out;
    `origin` maps its code points back to `text`, or is None when nothing was left out.
    """

    text: str
    folded: str
    origin: tuple[int, ...] | None = None

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Offsets in `text` of a non-empty span of `folded`."""
        if self.origin is None:
            return start, end
        return self.origin[start], self.origin[end - 1] + 1


def read(raw: str) -> Reading:
    """NFC, personal numbers masked, at most KEEP code points; never raises (lone surrogates become U+FFFD)."""
    text = raw[:KEEP]
    if any("\ud800" <= char <= "\udfff" for char in text):
        text = text.encode("utf-8", "replace").decode("utf-8")
    text = unicodedata.normalize("NFC", text)
    masked = mask(text)
    folded = masked[:LOOK].translate(_FOLD)
    if not _IGNORABLE.search(folded):
        return Reading(masked, folded)
    origin = tuple(at for at, char in enumerate(folded) if not _IGNORABLE.match(char))
    return Reading(masked, "".join(folded[at] for at in origin), origin)

"""Chat Korean made comparable for the classifier: laughter, stretched letters and emoji are style, not meaning."""

import re
from collections.abc import Mapping

# The classifier needs no more than the beginning and the end of a long story.
HEAD = 150
TAIL = 70

_LAUGHS = re.compile(r"[ㅋㅎ]{2,}")
_TEARS = re.compile(r"[ㅠㅜ]{2,}")
_STRETCHED = re.compile(r"(.)\1{2,}")
_NOISE = re.compile(r"[^0-9a-z가-힣ㄱ-ㅎㅏ-ㅣ\ue000-\ue0ff?!.,'~ ]+")
_MARKS = re.compile(r"([?!.,~])[?!.,~]*")
_DIGIT = re.compile(r"\d")
_SPACES = re.compile(r"\s+")
_WORD = re.compile(r"[a-z]+")


def bounded(folded: str) -> str:
    """The head and the tail of a long text."""
    return folded if len(folded) <= HEAD + TAIL else folded[:HEAD] + " " + folded[-TAIL:]


def comparable(folded: str, gloss: Mapping[str, str]) -> str:
    """The text as features see it, with the Korean of known English words (`gloss`) added at the end."""
    text = _TEARS.sub("ㅠㅠ", _LAUGHS.sub("ㅋㅋ", folded))
    text = _STRETCHED.sub(r"\1\1", _NOISE.sub(" ", text))
    text = _DIGIT.sub("0", _MARKS.sub(r"\1 ", text))
    text = _SPACES.sub(" ", text).strip()
    added = [gloss[word] for word in _WORD.findall(text) if word in gloss]
    return " ".join([text, *dict.fromkeys(added)])

"""The short words that steer any conversation: cancel, stop, resume, skip, and what "that one" refers to."""

import re
import unicodedata
from dataclasses import replace
from pathlib import Path

import yaml

from core.contracts.understanding import Entity, Understanding

_EDGE = re.compile(r"[\s.,!?~…ㅋㅎㅠㅜ^]+")
_WORDS = {
    kind: frozenset(words.split())
    for kind, words in yaml.safe_load((Path(__file__).parent / "words.yml").read_text("utf-8")).items()
}
_THERE = re.compile(
    r"거기|그곳|그\s*주차장|그\s*쪽|그거|그건|이거|이건|여기는|여긴|방금|그럼|그러면|그\s*중|"
    r"\bthere\b|\bthat one\b|\bit\b|\bthat\b",
    re.I,
)
_NEGATED = re.compile(r"\s*(?:은|는|이|가)?\s*(?:말고|아니고|아니라|말구|not\b)")
_CORRECTING = re.compile(
    r"말고|말구|아니고|아니라|^\s*(?:아니|아뇨|아냐|잘못)|정정|바꿔|고쳐|수정|instead|i meant|actually|correction", re.I
)
_ASKING = re.compile(
    r"\?|까요|나요|가요\s*$|은가|는지|인지|얼마|어디|언제|몇\s*시|뭐|무엇|어떻게|알려|찾아|궁금|보여|있어\s*$|있어요\s*$|돼요?\s*$|되요?\s*$|"
    r"\bwhere\b|\bwhen\b|\bhow\b|\bwhat\b|\bis there\b|\bcan i\b",
    re.I,
)
_CIRCLED = {chr(0x2460 + index): index + 1 for index in range(20)}
_NUMBER = re.compile(r"^\(?(\d{1,2})\)?\s*(?:번|번째|번이요|번으로|번요|번 할게요)?$")


def plain(text: str) -> str:
    """NFKC, lower case, without spaces and closing marks: for comparing whole short messages."""
    return _EDGE.sub("", unicodedata.normalize("NFKC", text[:200])).lower()


def is_label(text: str, label: str) -> bool:
    """The text is a button's label, whole or as a narrow channel showed it ("이동식 화장실…")."""
    if text.rstrip().endswith("…") and len(text) > 4:
        return plain(label).startswith(plain(text))
    return plain(text) == plain(label) != ""


def wants_late_answer(text: str, payload: str) -> bool:
    """답변 보기: show what could not be shown in time; nothing new is asked."""
    return payload == "late:show" or plain(text) in _WORDS["late"]


def is_stop(text: str, *, has_form: bool) -> bool:
    """수신거부 and its like. Inside a form the soft words (그만, 중지) mean the form, so they do not count here."""
    word = plain(text)
    return word in _WORDS["stop"] and not (has_form and word in _WORDS["soft_stop"])


def is_resume(text: str) -> bool:
    return plain(text) in _WORDS["resume"]


def is_cancel(text: str) -> bool:
    word = plain(text)
    return word in _WORDS["cancel"] or word in _WORDS["soft_stop"]


def is_skip(text: str) -> bool:
    return plain(text) in _WORDS["skip"]


def is_yes(text: str) -> bool:
    return plain(text) in _WORDS["yes"]


def is_no(text: str) -> bool:
    return plain(text) in _WORDS["no"]


def is_here(text: str) -> bool:
    return plain(text) in _WORDS["here"]


def is_question(text: str) -> bool:
    return _ASKING.search(text[:500]) is not None


def is_correction(text: str) -> bool:
    return _CORRECTING.search(text[:200]) is not None


def points_back(text: str) -> bool:
    """거기, 그럼, "that one": the text leans on what was said before."""
    return _THERE.search(text[:200]) is not None


def number_of(text: str) -> int | None:
    """1 for "1", "1번", "①", "１"; None when the message is anything but a number of a choice."""
    word = text.strip()
    if word in _CIRCLED:
        return _CIRCLED[word]
    found = _NUMBER.match(unicodedata.normalize("NFKC", word).strip(" ."))
    return int(found[1]) if found else None


def without_negated(understanding: Understanding) -> Understanding:
    """ "구래동 말고 장기동": the entity before 말고 is taken back by the citizen and must not be used."""
    kept: list[Entity] = []
    for entity in understanding.entities:
        tail = understanding.text[entity.end : entity.end + 8]
        is_english_not = re.search(r"\bnot\s+(?:in\s+|at\s+)?$", understanding.text[: entity.start], re.I)
        if not _NEGATED.match(tail) and not is_english_not:
            kept.append(entity)
    return replace(understanding, entities=tuple(kept)) if len(kept) < len(understanding.entities) else understanding

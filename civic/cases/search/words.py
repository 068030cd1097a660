"""Korean text as search terms: nouns, stems of verbs and adjectives, parts of compounds, by mecab-ko's morphemes.

What is filed and what is asked go through the same door, so endings, particles and spacing make no difference.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

MAX_TEXT = 20_000
MAX_TERM = 40
_NOT_WORDS = re.compile(r"[^\w\s]|_")
_STEMS = frozenset({"VV", "VA", "VCN"})
_NAMES = frozenset({"NNG", "NNP", "NR", "XR", "SL", "SN", "SH", "UNKNOWN", "UNA", "NA", "MM", "XPN", "XSN"})
_ALONE = frozenset({"NNG", "NNP", "NR", "XR", "SL", "SN", "SH", "UNKNOWN", "UNA", "NA"})
_EMPTY = frozenset(
    [
        "있다",
        "하다",
        "되다",
        "주다",
        "같다",
        "보다",
        "오다",
        "가다",
        "나다",
        "들다",
        "않다",
        "없다",
        "이렇다",
        "그렇다",
        "어떻다",
        "아니다",
    ]
)
"""Stems that stand in every complaint and find none."""


@dataclass(frozen=True, slots=True)
class Word:
    """One written word (어절). `terms`: what it means; `parts`: of its compounds; `joined`: its nouns as one name when
    they are several; `stem`: as written, without particle; `is_open`: it ends in a noun, so more may follow."""

    terms: tuple[str, ...]
    parts: tuple[str, ...]
    joined: str
    stem: str
    is_open: bool


def words(text: str) -> list[Word]:
    """The words of a text in order, at most `MAX_TEXT` characters of it. Any text is taken; signs are blanks."""
    plain = " ".join(_NOT_WORDS.sub(" ", clean(text)).split())
    if not plain:
        return []
    return [_word(written, found) for written, found in _split(plain)]


def clean(text: str) -> str:
    """One way of writing: composed, of common width, small letters, bounded."""
    plain = unicodedata.normalize("NFC", text[:MAX_TEXT])
    if _LONE_JAMO.search(plain):  # NFKC would turn a typed ㅋ into half a syllable
        return "".join(_plain(char) for char in plain).casefold()
    return unicodedata.normalize("NFKC", plain).casefold()


_LONE_JAMO = re.compile("[\u3131-\u318e]")


def _plain(char: str) -> str:
    return char if _LONE_JAMO.match(char) else unicodedata.normalize("NFKC", char)


def vector(title: str, place: str, body: str) -> str:
    """A tsvector's text: title weighs A, place B, body C. Positions count words of meaning only, so a phrase is found
    whatever particles stand between; each part begins ten further on, so that no phrase reaches across."""
    places: dict[str, list[str]] = {}
    at = 0
    for text, weight in ((title, "A"), (place, "B"), (body, "C")):
        for word in words(text):
            for one in (*word.parts, word.joined):
                if one:
                    places.setdefault(one, []).append(f"{at + 1}{weight}")
            for term in word.terms:
                at += 1
                places.setdefault(term, []).append(f"{at}{weight}")
        at += 10
    kept = ((term, [one for one in found if int(one[:-1]) < 16_384][:255]) for term, found in places.items())
    return " ".join(f"{quoted(term)}:{','.join(dict.fromkeys(found))}" for term, found in kept if found)


def quoted(term: str) -> str:
    """A term as PostgreSQL reads it inside a tsvector or a tsquery."""
    return "'" + term.replace("\\", "\\\\").replace("'", "''") + "'"


def _split(plain: str) -> Iterator[tuple[str, list[tuple[str, str, str]]]]:
    """Each written word with its morphemes (surface, tag, expression)."""
    morphemes = _morphemes(plain)
    at = 0
    for written in plain.split(" "):
        found: list[tuple[str, str, str]] = []
        length = 0
        while length < len(written) and at < len(morphemes):
            found.append(morphemes[at])
            length += len(morphemes[at][0])
            at += 1
        yield written, found


def _morphemes(plain: str) -> list[tuple[str, str, str]]:
    tagger, lattice_of = _tagger()
    lattice = lattice_of(plain)
    tagger.parse(lattice)
    found = []
    for _, node in lattice:
        feature = node.feature.split(",")
        found.append((node.surface, feature[0], feature[7] if len(feature) > 7 else "*"))
    return found


@cache
def _tagger() -> tuple[Any, Any]:
    """One a process, loaded at its first text (50 ms). Each text has a lattice of its own, so threads may share it."""
    from mecab import MeCab
    from mecab.utils import create_lattice

    return MeCab()._tagger, create_lattice


def _word(written: str, morphemes: list[tuple[str, str, str]]) -> Word:
    terms: list[str] = []
    parts: list[str] = []
    run = at = 0  # run: characters of one name at the word's beginning
    for index, (surface, tag, expression) in enumerate(morphemes):
        first = tag.partition("+")[0]
        if first in _STEMS:
            terms += _stem(surface, expression, morphemes[index + 1 : index + 2])
        elif first in _ALONE or (first in ("MM", "XPN") and _leads(morphemes, index)):
            terms.append(surface)
            parts += _compound(surface, expression)
        if run == at and _is_name(morphemes, index):
            run += len(surface)
        at += len(surface)
    stem = written[: run or len(written)][:MAX_TERM]
    # 입구 alone may be read as a form of 입다: so short a verb is also kept as it is written.
    is_doubtful = len(written) == 2 and morphemes[:1] != [] and morphemes[0][1].partition("+")[0] in _STEMS
    if not terms and len(stem) > 1 and not all(_is_known(tag) for _, tag, _ in morphemes):
        terms = [stem]
    return Word(
        terms=tuple(dict.fromkeys(term[:MAX_TERM] for term in terms)),
        parts=tuple(part[:MAX_TERM] for part in parts),
        joined=stem if (run or is_doubtful) and len(stem) > 1 and stem not in terms else "",
        stem=stem,
        is_open=bool(terms) and run == len(written),
    )


def _leads(morphemes: list[tuple[str, str, str]], index: int) -> bool:
    """A determiner written in one with the noun after it (맨+홀) is part of the name."""
    return index + 1 < len(morphemes) and morphemes[index + 1][1] in _ALONE


def _is_name(morphemes: list[tuple[str, str, str]], index: int) -> bool:
    """Also what the dictionary takes for a particle where none can stand: 가로동, 12가3456, 쓰래기."""
    surface, tag, _ = morphemes[index]
    if tag in _NAMES:
        return True
    has_more = index + 1 < len(morphemes)
    if tag.startswith("J"):
        return has_more and (index == 0 or morphemes[index + 1][1] == "SN")
    return surface == "기" and "ETN" in tag and not has_more and index > 0


def _is_known(tag: str) -> bool:
    """Adverbs, pronouns, counters, endings: known words that name no matter."""
    return tag.partition("+")[0] in _KNOWN


_KNOWN = frozenset(
    [
        "MAG",
        "MAJ",
        "MM",
        "NP",
        "NNB",
        "NNBC",
        "IC",
        "VX",
        "VCP",
        "VCN",
        "VV",
        "VA",
        "EC",
        "EF",
        "EP",
        "ETM",
        "ETN",
        "XSV",
        "XSA",
        "XSN",
        "XPN",
        "JKS",
        "JKC",
        "JKG",
        "JKO",
        "JKB",
        "JKV",
        "JKQ",
        "JX",
        "JC",
    ]
)


def _stem(surface: str, expression: str, after: list[tuple[str, str, str]]) -> list[str]:
    """The dictionary form: 시끄러워 → 시끄럽다; 꺼져 (끄+어+지) and 깨졌 (깨+어, 지) → 꺼지다, 깨지다."""
    if after and after[0][1].startswith("VX") and after[0][2].startswith("지/VX"):
        return [surface + "지다"]
    pieces = [piece.split("/") for piece in expression.split("+")] if expression != "*" else []
    if ["지", "VX"] in [piece[:2] for piece in pieces]:
        for at, char in enumerate(surface):
            if at and (ord(char) - 0xAC00) // 588 == _JIEUT:
                return [surface[:at] + "지다"]
    stem = (pieces[0][0] if pieces and len(pieces[0]) > 1 else surface) + "다"
    return [] if stem in _EMPTY else [stem]


_JIEUT = 12
"""ㅈ among the nineteen initial consonants."""


def _compound(surface: str, expression: str) -> list[str]:
    """가로등 → 가로 (등 alone says nothing)."""
    if "+" not in expression:
        return []
    names = [piece.split("/")[0] for piece in expression.split("+")]
    return [name for name in names if len(name) > 1 and name != surface]

"""By which way somebody is told: by telephone where a number is known and open to us, else by letter; at which price.

Pure: what is known of him goes in, the way or the reason for the letter comes out.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from core import cp949
from core.arrears_notice_rules import Price, Runs
from core.settings import SmsBytes

Way = Literal["alimtalk", "sms", "lms", "letter"]
Reason = Literal["", "no_phone", "wrong_number", "opted_out", "unreachable", "no_channel", "no_words"]

DELIVERED_IS_NOT_SERVED_KO = (
    "문자·알림톡이 ‘전달됨’으로 표시되어도 법이 정한 송달은 아닙니다. 독촉장과 압류통지는 문서로 송달합니다"
    "(지방세기본법 제28조·제30조, 지방세징수법 제32조)."
)
DELIVERED_IS_NOT_SERVED_EN = (
    "A delivered message is no service of a document: dunning letters and notices of seizure are served in writing."
)


@dataclass(frozen=True, slots=True)
class Known:
    """`mobile`: a number that takes texts, or "". `words`: kinds of approved words ("alimtalk", "sms", "lms").
    `has_channel`: a channel for text messages is switched on."""

    mobile: str
    is_wrong_number: bool
    is_stopped: bool
    is_unreachable: bool
    words: Collection[str]
    has_channel: bool


@dataclass(frozen=True, slots=True)
class Choice:
    """`kind`: of the words to be used, "" for a letter. `reason`: why it is one."""

    kind: Literal["", "alimtalk", "text"]
    reason: Reason = ""


def choose(known: Known, ways: Sequence[str], after: str = "") -> Choice:
    """The first way that is open behind `after` (a way that failed, "": none was tried)."""
    if not known.mobile:
        return Choice("", "no_phone")
    if known.is_wrong_number:
        return Choice("", "wrong_number")
    if known.is_stopped:
        return Choice("", "opted_out")
    if known.is_unreachable:
        return Choice("", "unreachable")
    if not known.has_channel:
        return Choice("", "no_channel")
    tried = {"sms": "lms"}.get(after, after)
    left = ways[ways.index(tried) + 1 :] if tried in ways else ways if not after else ()
    for way in left:
        if way == "alimtalk" and "alimtalk" in known.words:
            return Choice("alimtalk")
        if way == "lms" and {"sms", "lms"} & set(known.words):
            return Choice("text")
    return Choice("", "no_words")


def length(text: str, sms: SmsBytes) -> Way:
    """A text message's kind, as the carrier will bill it."""
    return "sms" if cp949.kind(cp949.plain(text).text, sms=sms.sms) == "sms" else "lms"


def price(rules: Runs, way: str, on: date) -> int:
    """Won a piece by the row that is valid on the day; 0 where the settings know none."""
    row = priced(rules.prices, way, on)
    return row.krw if row is not None else 0


def priced(rows: Iterable[Price], way: str, on: date) -> Price | None:
    """The row itself, with its source."""
    valid = [row for row in rows if row.way == way and row.valid_from <= on]
    return max(valid, key=lambda row: row.valid_from, default=None)

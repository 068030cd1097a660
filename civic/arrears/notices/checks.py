"""What is asked of the words of a notice before anybody may approve them: kind, whole, and unlike a fraud's."""

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml

from civic.arrears.notices._patterns import LINK, PLACEHOLDER, RESIDENT
from civic.arrears.notices.values import ALWAYS, BESIDE, SAID_BY_LETTER, VALUES, sample
from core import cp949
from core.arrears_notice_rules import Notices
from core.settings import SmsBytes

_ROUTE = {"ko": (r"분납|나누어|나눠", r"유예"), "en": (r"instal+ments?", r"defer|postpon")}
_NOT_SERVICE = {
    "ko": r"송달이?\s*아닙니다|송달이?\s*아니며|송달을 대신하지",
    "en": r"not (?:a )?(?:formal |legal )?service",
}


@dataclass(frozen=True, slots=True)
class Finding:
    """`code`: what is wrong; the texts say why and what to do."""

    code: str
    ko: str
    en: str


@dataclass(frozen=True, slots=True)
class Checked:
    """`text`: as the made-up person would get it. `size`: bytes (sms, lms) or characters (alimtalk) of `most`."""

    text: str
    subject: str
    size: int
    most: int
    unit: str
    findings: tuple[Finding, ...]


def check(
    kind: str, lang: str, level: str, subject: str, body: str, key: str, rules: Notices, carrier: SmsBytes
) -> Checked:
    """Everything found at once; empty findings are what an approval asks for."""
    names = PLACEHOLDER.findall(subject + "\n" + body)
    values = sample(lang)
    text, head = filled(body, values), filled(subject, values)
    size, most, unit = _size(kind, text, rules, carrier)
    findings = [
        *_names(names),
        *_whole(kind, lang, level, body, key, subject, rules),
        *_screen(kind, subject, body, rules),
        *_words(subject + "\n" + body),
    ]
    if size > most:
        findings.append(Finding("too_long", f"너무 깁니다({size}/{most} {unit}).", f"Too long ({size}/{most} {unit})."))
    if kind != "alimtalk" and (refused := cp949.refused(text + head)):
        shown = " ".join(refused)
        findings.append(Finding("cp949", f"문자로 보낼 수 없는 글자: {shown}", f"No carrier takes: {shown}"))
    if kind == "lms" and cp949.size(head) > carrier.subject:
        findings.append(Finding("subject", "제목이 너무 깁니다.", "The subject is too long."))
    return Checked(text, head, size, most, unit, tuple(findings))


def filled(text: str, values: "dict[str, str] | None" = None, **more: str) -> str:
    """Every `#{name}` with its value; an unknown one stays as it is."""
    given = {**(values or {}), **more}
    return PLACEHOLDER.sub(lambda found: given.get(found[1].strip(), found[0]), text)


def _size(kind: str, text: str, rules: Notices, carrier: SmsBytes) -> tuple[int, int, str]:
    if kind == "alimtalk":
        return len(text), rules.preview.alimtalk_chars, "자"
    if kind == "letter":
        return len(text), 4000, "자"
    return cp949.size(text), carrier.sms if kind == "sms" else carrier.lms, "byte"


def _names(names: list[str]) -> list[Finding]:
    unknown = sorted({name for name in names if name not in VALUES})
    shown = ", ".join(unknown)
    return [Finding("unknown_value", f"쓸 수 없는 값: {shown}", f"No such value: {shown}")] if unknown else []


def _whole(kind: str, lang: str, level: str, body: str, key: str, subject: str, rules: Notices) -> list[Finding]:
    found = []
    named = set(PLACEHOLDER.findall(body))
    rung = rules.levels.get(level)  # type: ignore[call-overload]
    is_beside = rung is not None and rung.letter == "dun" and kind != "letter"
    if said := [name for name in SAID_BY_LETTER if is_beside and name in PLACEHOLDER.findall(subject + body)]:
        shown = ", ".join(said)
        found.append(
            Finding(
                "said_by_letter",
                f"독촉장을 인쇄할 때 정해지는 값이라 곁들이는 글에는 쓰지 않습니다: {shown}",
                f"Fixed when the letter is printed, so the word beside it cannot say it: {shown}",
            )
        )
    if missing := [name for name in (BESIDE if is_beside else ALWAYS) if name not in named]:
        shown = ", ".join(missing)
        found.append(Finding("missing_value", f"빠진 값: {shown}", f"Missing: {shown}"))
    if not all(re.search(word, body, re.IGNORECASE) for word in _ROUTE[lang]):
        found.append(
            Finding(
                "no_route",
                "분납·유예를 상담할 수 있다고 적어 주세요.",
                "Say that paying in parts or later is possible.",
            )
        )
    if kind == "alimtalk" and not key:
        found.append(
            Finding("no_key", "승인받은 알림톡 템플릿의 이름을 적어 주세요.", "Name the approved Alimtalk template.")
        )
    if kind == "lms" and not subject.strip():
        found.append(Finding("no_subject", "장문 문자에는 제목이 있어야 합니다.", "A long message needs a subject."))
    if kind == "sms" and rung is not None and rung.letter:
        why = "서면이 따르는 단계는 장문으로 보냅니다(송달이 아니라고 적을 자리가 필요합니다)."
        found.append(Finding("needs_room", why, "A level with a written document goes as a long message."))
    if kind in ("alimtalk", "lms") and not re.search(_NOT_SERVICE[lang], body, re.IGNORECASE):
        found.append(
            Finding("not_service", "이 안내가 송달이 아니라고 적어 주세요.", "Say that this message is no service.")
        )
    return found


_WHOSE, _HOW_MUCH = "\x01", "\x02"
_SHORTEST = {**dict.fromkeys(VALUES, "x"), "성명": _WHOSE, "금액": _HOW_MUCH}


def _screen(kind: str, subject: str, body: str, rules: Notices) -> list[Finding]:
    """What a locked telephone shows: the subject and the first characters, the whole first line at least. Every value
    is taken as short as it can be, so that nobody's short name or office brings the sum up into sight.
    """
    if kind == "letter":
        return []
    text = filled(body, _SHORTEST)
    first = text.partition("\n")[0]
    seen = (
        filled(subject, _SHORTEST) + "\n" + (text[: rules.preview.chars] if len(first) < rules.preview.chars else first)
    )
    if _WHOSE in seen and _HOW_MUCH in seen:
        return [
            Finding("lock_screen", "잠금 화면에 이름과 금액이 함께 보입니다. 금액은 둘째 줄부터 적어 주세요.",
                    "A locked screen would show name and amount together; put the amount further down.")
        ]  # fmt: skip
    return []


def _words(text: str) -> list[Finding]:
    found = []
    if LINK.search(PLACEHOLDER.sub("", text)):
        found.append(
            Finding("link", "주소나 링크를 넣지 않습니다. 사칭 문자로 보입니다.", "No link or address at all.")
        )
    if RESIDENT.search(text):
        found.append(Finding("resident_no", "주민등록번호를 적지 않습니다.", "No resident registration number."))
    for code, word, ko, en in _list():
        if match := word.search(text):
            found.append(Finding(code, f"'{match[0]}': {ko}", f"'{match[0]}': {en}"))
    return found


@cache
def _list() -> list[tuple[str, re.Pattern[str], str, str]]:
    read = yaml.safe_load((Path(__file__).parent / "threats.yml").read_text("utf-8"))
    codes = {"threats": "threat", "installs": "install", "shouting": "alarm"}
    return [(codes[name], re.compile(row["word"]), row["ko"], row["en"]) for name, rows in read.items() for row in rows]

"""Blanks what a citizen should not have sent and we should not keep: identity numbers, cards, bank accounts.

개인정보 보호법 제24조 and 시행령 제19조 (고유식별정보): resident, foreigner's, passport and driving licence numbers.
제24조의2 (주민등록번호 처리의 제한): a resident registration number may not be stored without a statute
that asks for it. Checksums are not looked at: numbers given out since October 2020 have none.
"""

import re

_DASH = r"[-‐‑‒–—―−－~]"
_RESIDENT_SPLIT = re.compile(rf"(?<!\d)\d{{6}}[ \t]{{0,2}}{_DASH}[ \t]{{0,2}}[1-8１-８]\d{{6}}(?!\d)")
_RESIDENT_WHOLE = re.compile(r"(?<!\d)(\d{2})(\d{2})(\d{2})[ \t]{0,2}[1-8１-８]\d{6}(?!\d)")
_CARD = re.compile(r"(?<!\d)(?<!\d-)\d{4}(?:[- ]?\d{4}){3}(?!-?\d)")
_NAMED_CARD = re.compile(r"(?:카드|card)[^\d\n*]{0,12}\d{4}(?:[- ]?\d{4}){3}(?!-?\d)", re.IGNORECASE)
_LICENCE = re.compile(rf"(?<!\d)(?<!\d-)\d{{2}}{_DASH}\d{{2}}{_DASH}\d{{6}}{_DASH}\d{{2}}(?!-?\d)")
_PASSPORT = re.compile(r"(?<![A-Za-z0-9])[MSRODGmsrodg](?:\d{8}|\d{3}[A-Za-z]\d{4})(?![A-Za-z0-9])")
_NUMBER = r"(?<!\d)(?<![A-Za-z]-)\d(?:[- ]?\d){9,15}(?!-?\d)"
_ACCOUNT = re.compile(
    r"(?:계좌|통장|은행|뱅크|농협|신협|수협|축협|금고|우체국|예금주|account)"
    rf"(?:[^\d\n*]{{0,20}}{_NUMBER})+",
    re.IGNORECASE,
)
_ONE_NUMBER = re.compile(_NUMBER)
_PHONE = re.compile(r"(?:01[016789]|02|0[3-6]\d|070|080|050\d)\d{7,8}|1[568]\d{6}")
_FOUR_DIGITS = re.compile(r"\d{4}")
_DIGIT = re.compile(r"\d")


def mask(text: str) -> str:
    """The same text with those numbers' digits turned into stars. Phone and receipt numbers stay. Linear in length."""
    if _FOUR_DIGITS.search(text) is None:
        return text
    text = _RESIDENT_SPLIT.sub(_starred, text)
    text = _RESIDENT_WHOLE.sub(_dated, text)
    text = _LICENCE.sub(_starred, text)
    text = _PASSPORT.sub(_starred, text)
    text = _NAMED_CARD.sub(_starred, text)
    text = _CARD.sub(_card, text)
    return _ACCOUNT.sub(_accounts, text)


def _starred(match: re.Match[str]) -> str:
    return _DIGIT.sub("*", match[0])


def _dated(match: re.Match[str]) -> str:
    """Thirteen digits in a row are a resident number only when they begin with a possible day."""
    is_day = 1 <= int(match[2]) <= 12 and 1 <= int(match[3]) <= 31
    return _starred(match) if is_day else match[0]


def _card(match: re.Match[str]) -> str:
    """Sixteen digits are a card only when the check digit fits (ISO/IEC 7812, Luhn)."""
    digits = [int(each) for each in match[0] if each.isdecimal()]
    doubled = [value * 2 - 9 * (value > 4) for value in digits[-2::-2]]
    return _starred(match) if (sum(digits[-1::-2]) + sum(doubled)) % 10 == 0 else match[0]


def _accounts(match: re.Match[str]) -> str:
    return _ONE_NUMBER.sub(_account, match[0])


def _account(match: re.Match[str]) -> str:
    plain = "".join(each for each in match[0] if each.isdecimal())
    return match[0] if _PHONE.fullmatch(plain) else _starred(match)

"""Telephone numbers as messengers write them: E.164 outside, as they are dialled at home for a Korean gateway."""

import re

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumber, PhoneNumberFormat

_SHAPE = re.compile(r"\+?[0-9][0-9 ().-]{5,24}")
"""ASCII digits only: the library also takes letters of a keypad, and a text would become somebody's number."""
_E164 = re.compile(r"\+[1-9][0-9]{7,14}")
KOREA = 82


def e164(number: str, country: str = "KR") -> str | None:
    """`+821012345678` of `010-1234-5678`, `821012345678` or `+82 10 1234 5678`; None for what no one can be called on.

    Only the length is judged and not the range: a gateway's test numbers (01000000000) are numbers too.
    """
    parsed = _parsed(number, country)
    return phonenumbers.format_number(parsed, PhoneNumberFormat.E164) if parsed else None


def domestic(address: str) -> str | None:
    """`01012345678` of `+821012345678`, as gateways in Korea dial it; None for a number of another country."""
    parsed = _parsed(address, "KR")
    if parsed is None or parsed.country_code != KOREA:
        return None
    return re.sub(r"[^0-9]", "", phonenumbers.format_number(parsed, PhoneNumberFormat.NATIONAL))


def _parsed(number: str, country: str) -> PhoneNumber | None:
    if not _SHAPE.fullmatch(number):
        return None
    try:
        parsed = phonenumbers.parse(number, country)
    except NumberParseException:
        return None
    written = phonenumbers.format_number(parsed, PhoneNumberFormat.E164)
    has_zeros = parsed.country_code == KOREA and written.startswith(f"+{KOREA}0")
    if has_zeros or not _E164.fullmatch(written) or not phonenumbers.is_possible_number(parsed):
        return None
    return parsed

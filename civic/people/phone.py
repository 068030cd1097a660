"""Korean telephone numbers, written one way: 010-1234-5678."""

import re
import unicodedata

from core.errors import BadInput

_SEPARATORS = str.maketrans("", "", " -.()·‐‑‒–—−\u00a0")
_MOBILE = re.compile(r"(010)([1-9]\d{3})(\d{4})|(01[16789])([1-9]\d{2,3})(\d{4})")
_LAND = re.compile(r"(02)([1-9]\d{2,3})(\d{4})|(03[1-3]|04[1-4]|05[1-5]|06[1-4])([1-9]\d{2,3})(\d{4})")
_INTERNET = re.compile(r"(070)([1-9]\d{3})(\d{4})|(050\d)([1-9]\d{2,3})(\d{4})")


def normalise_phone(text: str) -> str:
    """The number as a person can be called on it, with hyphens.

    Takes spaces, dots, brackets, full-width digits and +82 / 0082. Raises BadInput for anything that no Korean
    mobile, area, 070 or 050 number can be (전기통신번호관리세칙).
    """
    plain = unicodedata.normalize("NFKC", text).strip().translate(_SEPARATORS)
    for prefix in ("+82", "0082", "82"):
        if plain.startswith(prefix):
            plain = "0" + plain[len(prefix) :].removeprefix("0")
            break
    if plain.isascii():
        for pattern in (_MOBILE, _LAND, _INTERNET):
            if match := pattern.fullmatch(plain):
                return "-".join(part for part in match.groups() if part)
    raise BadInput(
        "전화번호를 다시 확인해 주세요. 예: 010-1234-5678", "Please check the telephone number, e.g. 010-1234-5678."
    )


def mobile_phone(text: str) -> str:
    """As `normalise_phone`, for a number that can take a text message. Raises BadInput for any other."""
    phone = normalise_phone(text)
    if not phone.startswith("01"):
        raise BadInput(
            "문자를 받을 수 있는 휴대전화 번호를 적어 주세요. 예: 010-1234-5678",
            "Please give a mobile number that takes text messages, e.g. 010-1234-5678.",
        )
    return phone


def international(phone: str) -> str:
    """+821012345678 of a number that `normalise_phone` wrote: how channels write their addresses."""
    return "+82" + phone.replace("-", "")[1:]


def masked_phone(phone: str) -> str:
    """010-****-5678, for lists and for asking "is this you"."""
    head, _, tail = phone.partition("-")
    middle, _, last = tail.partition("-")
    return f"{head}-{'*' * len(middle)}-{last}"

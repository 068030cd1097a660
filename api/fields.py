"""Texts that the store can hold, and what is wrong with one that it cannot, said in Korean and English."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from pydantic import AfterValidator, StringConstraints
from pydantic_core import PydanticCustomError


def storable(value: str) -> str:
    """PostgreSQL takes no NUL and no lone surrogate; here they are the caller's mistake and not a crash."""
    if "\x00" in value:
        raise PydanticCustomError("nul_character", "NUL characters cannot be stored")
    try:
        value.encode()
    except UnicodeEncodeError:
        raise PydanticCustomError("lone_surrogate", "The text is not valid Unicode") from None
    return value


Plain = Annotated[str, AfterValidator(storable)]
Word = Annotated[Plain, StringConstraints(max_length=100)]
Name = Annotated[Plain, StringConstraints(min_length=1, max_length=200, strip_whitespace=True)]
Search = Annotated[Plain, StringConstraints(max_length=200)]
Message = Annotated[
    str, StringConstraints(min_length=1, max_length=4000, strip_whitespace=True), AfterValidator(storable)
]
"""What a citizen gets to read; the channel splits what is too long for it."""
LongText = Annotated[
    str, StringConstraints(min_length=1, max_length=10_000, strip_whitespace=True), AfterValidator(storable)
]
"""Stripped before it is counted (so the order of the two), or blanks would pass for a text."""

_KOREAN: Mapping[str, str] = {
    "missing": "꼭 있어야 하는 항목입니다.",
    "extra_forbidden": "모르는 항목입니다.",
    "nul_character": "저장할 수 없는 문자(NUL)가 들어 있습니다.",
    "lone_surrogate": "올바른 유니코드 글자가 아닙니다.",
    "string_type": "글자여야 합니다.",
    "string_too_short": "내용을 적어 주세요.",
    "string_too_long": "너무 깁니다.",
    "string_pattern_mismatch": "형식이 맞지 않습니다.",
    "int_parsing": "정수여야 합니다.",
    "int_parsing_size": "수가 너무 큽니다.",
    "int_type": "정수여야 합니다.",
    "bool_parsing": "true 또는 false여야 합니다.",
    "greater_than_equal": "수가 너무 작습니다.",
    "less_than_equal": "수가 너무 큽니다.",
    "enum": "정해진 값 가운데 하나여야 합니다.",
    "literal_error": "정해진 값 가운데 하나여야 합니다.",
    "uuid_parsing": "UUID여야 합니다.",
    "uuid_type": "UUID여야 합니다.",
    "datetime_parsing": "날짜와 시각(RFC 3339)이어야 합니다.",
    "datetime_from_date_parsing": "날짜와 시각(RFC 3339)이어야 합니다.",
    "timezone_aware": "시간대가 있어야 합니다(예: +09:00).",
    "model_attributes_type": "JSON 객체여야 합니다.",
    "dict_type": "JSON 객체여야 합니다.",
    "coordinates": "위도와 경도를 쉼표로 나누어 적어 주세요(예: 37.6153,126.7156).",
    "date_from_datetime_parsing": "날짜(예: 2026-09-23)여야 합니다.",
    "date_parsing": "날짜(예: 2026-09-23)여야 합니다.",
    "float_parsing": "숫자여야 합니다.",
    "list_type": "목록이어야 합니다.",
    "too_long": "너무 많습니다.",
    "too_short": "하나 이상 있어야 합니다.",
    "nothing_to_change": "바꿀 내용이 없습니다.",
    "text_without_status": "text는 status와 함께 보내 주세요.",
    "appeal_without_refusal": "appeal은 status가 refused일 때만 보내 주세요.",
    "body_without_transfer": "transferred_to는 status가 transferred일 때만 보내 주세요.",
    "transfer_without_body": "이송받는 기관(transferred_to)과 연락처(transferred_contact)를 적어 주세요.",
    "track_without_reason": "track과 track_reason은 함께 보내 주세요.",
}


def field_errors(errors: Sequence[Any]) -> list[dict[str, str]]:
    """{field, ko, en} for each of pydantic's errors; never the value that was sent."""
    return [
        {
            "field": ".".join(str(part) for part in error["loc"])[:200],
            "ko": _KOREAN.get(error["type"], "형식이 맞지 않습니다."),
            "en": error["msg"],
        }
        for error in errors[:20]
    ]

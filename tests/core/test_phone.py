"""Numbers as carriers write them, in E.164 and back; never a number out of what is none."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.phone import domestic, e164


@pytest.mark.parametrize(
    ("written", "number", "dialled"),
    [
        ("01012345678", "+821012345678", "01012345678"),
        ("010-1234-5678", "+821012345678", "01012345678"),
        ("010 1234 5678", "+821012345678", "01012345678"),
        ("821012345678", "+821012345678", "01012345678"),
        ("+82 10-1234-5678", "+821012345678", "01012345678"),
        ("+82 010-1234-5678", "+821012345678", "01012345678"),
        ("(031) 980-2114", None, None),
        ("031-980-2114", "+82319802114", "0319802114"),
        ("1588-0000", "+8215880000", "15880000"),
        ("+82000", None, None),
        ("00000000", None, None),
        ("0117654321", "+82117654321", "0117654321"),
        ("+1 415 555 0100", "+14155550100", None),
        ("", None, None),
        ("112", None, None),
        ("1234567890123456789012345", None, None),
        ("#1234567", None, None),
        ("1-800-FLOWERS", None, None),
        ("٠١٠١٢٣٤٥٦٧٨", None, None),
        ("０１０１２３４５６７８", None, None),
        ("01012345678 ext. 9", None, None),
    ],
)
def test_a_number_is_one_number_however_it_is_written(written: str, number: str | None, dialled: str | None) -> None:
    assert (e164(written), domestic(written)) == (number, dialled)


@given(text=st.text(max_size=40) | st.from_regex(r"\+?[0-9 ().-]{1,30}", fullmatch=True))
def test_nothing_breaks_it_and_a_number_stays_itself(text: str) -> None:
    number = e164(text)
    assert number is None or (number[0] == "+" and number[1:].isdigit() and e164(number) == number)
    if dialled := domestic(text):
        assert e164(dialled) == number

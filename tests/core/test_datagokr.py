"""The gateway of data.go.kr: its envelopes, its failures and its codes."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.datagokr import GatewayFailed, cell, decoded_key, parse_json, read_page, whole

ROW = {"a": "1"}


def body_of(items: object, **more: object) -> bytes:
    header = {"resultCode": "00", "resultMsg": "NORMAL_SERVICE"}
    return json.dumps({"response": {"header": header, "body": {"items": items, **more}}}).encode()


@pytest.mark.parametrize(
    ("items", "count"),
    [([ROW, ROW], 2), ({"item": [ROW]}, 1), ({"item": ROW}, 1), ("", 0), ([], 0), (ROW, 1), (None, 0)],
)
def test_items_come_in_any_of_five_shapes(items: object, count: int) -> None:
    page = read_page(body_of(items, totalCount="7", numOfRows=3))
    assert list(page.items) == [ROW] * count
    assert (page.total, page.rows, page.odd) == (7, 3, 0)


def test_an_item_that_is_no_object_is_counted() -> None:
    assert read_page(body_of([ROW, "x", None, 3])).odd == 3


def test_the_envelope_may_be_named_after_the_operation() -> None:
    page = read_page(b'{"PrkSttusInfo":{"a":"1"},"resultCode":"0","totalCount":"1"}', operation="PrkSttusInfo")
    assert (list(page.items), page.total) == ([ROW], 1)


@pytest.mark.parametrize("code", ["00", "0", "0000", ""])
def test_every_spelling_of_ok_is_ok(code: str) -> None:
    assert read_page(json.dumps({"resultCode": code, "items": [ROW]}).encode()).items == (ROW,)


def test_no_data_is_an_empty_page() -> None:
    page = read_page(b'{"response":{"header":{"resultCode":"03","resultMsg":"NO_DATA"}}}')
    assert (page.items, page.total) == ((), 0)


def test_an_answer_in_xml_has_the_same_shape() -> None:
    page = read_page(
        '<?xml version="1.0" encoding="EUC-KR"?><response><header><resultCode>00</resultCode></header><body><items>'
        "<item><이름>똠방</이름></item><item><이름>가람</이름></item></items><totalCount>2</totalCount></body></response>"
        .encode("cp949")
    )  # fmt: skip
    assert [item["이름"] for item in page.items] == ["똠방", "가람"]
    assert page.total == 2


def test_a_comma_before_a_closing_bracket_is_forgiven() -> None:
    assert read_page(b'{"items":[{"a":"1",},],"resultCode":"00",}').items == (ROW,)


def test_numbers_stay_text_however_long() -> None:
    page = read_page(b'{"items":[{"a":' + b"9" * 5_000 + b',"b":1e999,"c":NaN,"d":1260.0}]}')
    assert page.items[0]["a"] == "9" * 5_000
    assert [whole(page.items[0][name]) for name in "abcd"] == [None, None, None, 1260]


WHOLE_JSON = '{"response":{"header":{"resultCode":"00"},"body":{"items":[{"이름":"가람"}],"totalCount":"1"}}}'.encode()
WHOLE_XML = (
    "<?xml version='1.0'?><response><body><items><item><이름>가람</이름></item></items></body></response>".encode()
)


@pytest.mark.parametrize("body", [WHOLE_JSON, WHOLE_XML], ids=["JSON", "XML"])
def test_an_answer_cut_off_anywhere_is_asked_for_again(body: bytes) -> None:
    for length in range(23, len(body)):
        with pytest.raises(GatewayFailed) as failed:
            read_page(body[:length])
        assert failed.value.kind == "retry", body[:length].decode("utf-8", "replace")
    assert read_page(body).items == ({"이름": "가람"},)


@pytest.mark.parametrize("text", ["[" * 100_000, "{" + '"a":{' * 50_000])
def test_an_answer_of_endless_brackets_is_refused(text: str) -> None:
    with pytest.raises(GatewayFailed):
        parse_json(text)


def test_what_the_gateway_says_is_told_but_never_a_key() -> None:
    told = "SERVICE KEY a1b2c3== IS NOT REGISTERED"
    with pytest.raises(GatewayFailed) as failed:
        read_page(json.dumps({"cmmMsgHeader": {"returnReasonCode": "30", "returnAuthMsg": told}}).encode())
    assert failed.value.kind == "refused"
    assert "30" in failed.value.reason_ko
    assert "a1b2c3" not in failed.value.reason_ko + failed.value.reason_en


def test_the_weather_hubs_own_form_of_refusal_is_known() -> None:
    with pytest.raises(GatewayFailed) as failed:
        read_page('{"result":{"status":401,"message":"유효한 인증키가 아닙니다."}}'.encode(), 401)
    assert failed.value.kind == "refused"


@pytest.mark.parametrize("key", ["a+b/c==", "a%2Bb%2Fc%3D%3D", " a+b/c== "])
def test_both_spellings_of_a_key_are_one_key(key: str) -> None:
    assert decoded_key(key) == "a+b/c=="


def test_a_cell_is_a_line_that_a_table_can_hold() -> None:
    assert cell("  가람\n\t주차장\x00\ud800 ") == "가람 주차장"
    assert (cell(None), cell(True), cell(["x"]), cell(3)) == ("", "", "", "3")


@pytest.mark.parametrize(
    ("value", "number"),
    [("1,260", 1260), ("1260.0", 1260), (7, 7), ("-3", -3), ("1.5", None), ("", None), ("٣", None), ("1e3", None)],
)
def test_whole_numbers_are_read_and_others_are_not(value: object, number: int | None) -> None:
    assert whole(value) == number


@given(st.binary(max_size=300) | st.text(max_size=200).map(lambda text: ("{" + text).encode("utf-8", "ignore")))
def test_whatever_bytes_come_it_reads_or_fails_by_rule(body: bytes) -> None:
    try:
        read_page(body)
    except GatewayFailed as failure:
        assert failure.kind in {"retry", "quota", "refused", "broken"}

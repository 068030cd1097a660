"""Bizgo: whose texts are believed, whose signatures are good and for how much, and what a report tells staff."""

import base64
import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Literal

import pytest
from bizgo.testing import sign_webhook
from bizgo.webhooks import WEBHOOKS, WebhookReceiver
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from core.contracts.channel import (
    DeliveryReport,
    Forged,
    Malformed,
    Received,
    WebhookRequest,
)
from core.loading import ROOT
from integrations.channels import bizgo
from tests.integrations.channels.bizgo_made import ID, made
from tests.integrations.channels.conftest import Lent
from tests.integrations.channels.hearing import heard
from tests.integrations.channels.kits.bizgo import KIT, SECRET, STAMP, posted
from tests.integrations.channels.mutations import JSON, changed_at, paths
from tests.integrations.channels.test_contract import fuzzed

OLD = "bizgo-secret-of-last-year"
SHARED = ROOT.parent / "shared" / "data" / "channels"


def received(lent: Lent, document: Any, **values: Any) -> Received:
    return made(lent, **values).receive(KIT.sign(json.dumps(document).encode()))


# Whose words they are


def test_a_text_is_from_the_telephone_and_not_from_the_number_its_owner_typed(lent: Lent) -> None:
    """`from` is typed by the sender ("MO 발신자가 입력한 번호"): by it anybody could speak as anybody."""
    found = received(lent, KIT.text("가로등이 꺼졌어요") | {"from": "01099998888"}).messages[0]
    assert found.address == "+821012345678"
    assert found.sent_at == datetime(2026, 9, 21, 14, 13, 20, tzinfo=UTC)


@pytest.mark.parametrize(
    ("originator", "address"),
    [
        ("01012345678", "+821012345678"),
        ("010-1234-5678", "+821012345678"),
        ("821012345678", "+821012345678"),
        ("+82 10 1234 5678", "+821012345678"),
        ("0319802114", "+82319802114"),
        ("+14155550100", "+14155550100"),
    ],
)
def test_an_address_is_the_number_in_e164(lent: Lent, originator: str, address: str) -> None:
    assert received(lent, KIT.text("안녕") | {"originator": originator}).messages[0].address == address


@pytest.mark.parametrize("originator", ["", "발신번호표시제한", "#1234567", "112", "1-800-FLOWERS", "٠١٠١٢٣٤٥٦٧٨"])
def test_a_text_without_a_telephone_is_acknowledged_and_left(lent: Lent, originator: str) -> None:
    found = received(lent, KIT.text("안녕") | {"originator": originator})
    assert (found.ignored, found.messages) == ("a text without a telephone number", ())
    assert json.loads(found.ack.body) == {"msgKey": KIT.text("안녕")["msgKey"]}


def test_every_answer_names_the_key_that_bizgo_waits_for(lent: Lent) -> None:
    """`{"msgKey": …}` within five seconds, or the same comes up to three times more."""
    for document in (KIT.text("안녕"), KIT.report("10000"), KIT.report("?"), {"msgKey": "k", "serviceType": "NEW"}):
        assert json.loads(received(lent, document).ack.body) == {"msgKey": document["msgKey"]}


def test_only_texts_to_the_citys_own_number_are_taken(lent: Lent) -> None:
    for number in ("1234567", "#1234567"):
        assert received(lent, KIT.text("안녕"), mo_number=number).messages
    assert received(lent, KIT.text("안녕"), mo_number="#7654321").ignored == "a text to another number"


@pytest.mark.parametrize(
    ("changed", "fault"),
    [
        ({"msgKey": ""}, "msgKey: string_too_short"),
        ({"msgKey": "x" * 129}, "msgKey: string_too_long"),
        ({"msgKey": "a\x00b"}, "msgKey: string_pattern_mismatch"),
        ({"originator": None}, "originator: string_type"),
        ({"content": None}, "content: string_type"),
        ({"content": "가" * 20_001}, "content: string_too_long"),
        ({"occurredTime": 1}, "occurredTime: string_type"),
    ],
)
def test_what_is_wrong_is_named(lent: Lent, changed: dict[str, Any], fault: str) -> None:
    with pytest.raises(Malformed) as refused:
        received(lent, KIT.text("안녕") | changed)
    assert str(refused.value) == fault


@pytest.mark.parametrize("time", ["", "t", "2026-09-21T23:13:20", "0001-01-01T00:00:00+09:00", "9999-12-31T23:59:59Z"])
def test_an_unreadable_time_costs_no_text(lent: Lent, time: str) -> None:
    assert received(lent, KIT.text("안녕") | {"occurredTime": time}).messages[0].sent_at is None


# Signatures


@pytest.mark.parametrize("encoding", ["hex", "base64"])
def test_what_the_vendors_own_signer_signs_is_taken(lent: Lent, encoding: Literal["hex", "base64"]) -> None:
    signed = sign_webhook(SECRET, KIT.text("안녕"), timestamp=STAMP, encoding=encoding)
    headers = {name.lower(): value for name, value in signed.headers.items()}
    assert made(lent).receive(WebhookRequest("POST", headers, {}, signed.body)).messages


def test_what_our_kit_signs_the_vendors_own_receiver_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bizgo.webhooks.time.time", lambda: STAMP / 1000)
    request = posted(json.dumps(KIT.text("안녕")).encode())
    assert WebhookReceiver(SECRET).mo(request.headers, request.body).content == "안녕"
    told = posted(json.dumps(KIT.report("10000")).encode())
    assert WebhookReceiver(SECRET).report(told.headers, told.body).report_code == "10000"


def test_the_former_secret_opens_while_it_is_being_changed(lent: Lent) -> None:
    request = posted(json.dumps(KIT.text("안녕")).encode(), proof=bizgo_signature(OLD))
    assert made(lent, previous_webhook_secret=OLD).receive(request).messages
    with pytest.raises(Forged):
        made(lent).receive(request)


def bizgo_signature(secret: str) -> str:
    return sign_webhook(secret, b"", timestamp=STAMP).headers["X-IB-Signature"]


def test_a_signature_is_good_for_one_body_and_its_repeats(lent: Lent) -> None:
    """The body is not signed: whoever saw the two headers could put any words under them for five minutes."""
    channel = made(lent)
    words = posted(json.dumps(KIT.text("가로등이 꺼졌어요")).encode())
    other = replace(words, body=json.dumps(KIT.text("내 민원을 취하합니다", "2")).encode())
    assert channel.receive(words).messages == channel.receive(words).messages
    with pytest.raises(Forged, match="used for another body") as refused:
        channel.receive(other)
    assert refused.value.status == 403
    assert channel.receive(words).messages, "the honest repeat is still answered 200"


def test_the_same_signature_written_differently_is_the_same_signature(lent: Lent) -> None:
    channel = made(lent)
    words = posted(json.dumps(KIT.text("안녕")).encode())
    channel.receive(words)
    proof = words.headers["x-ib-signature"]
    for written in (proof.upper(), f" {proof} ", base64.b64encode(bytes.fromhex(proof)).decode()):
        with pytest.raises(Forged):
            channel.receive(posted(json.dumps(KIT.text("가짜", "2")).encode(), proof=written))


def test_a_forged_body_does_not_use_up_a_signature(lent: Lent) -> None:
    channel = made(lent)
    with pytest.raises(Forged):
        channel.receive(posted(b"{}", proof="0" * 64))
    assert channel.receive(posted(json.dumps(KIT.text("안녕")).encode())).messages


CALLERS = {"header": "x-real-ip", "networks": ["203.0.113.0/24", "2001:db8::/32"]}


@pytest.mark.parametrize(
    ("address", "is_taken"),
    [
        ("203.0.113.7", True),
        ("::ffff:203.0.113.7", True),
        ("2001:db8::9", True),
        ("198.51.100.1, 203.0.113.7", True),
        ("203.0.113.7, 198.51.100.1", False),
        ("198.51.100.1", False),
        ("", False),
        ("localhost", False),
        ("203.0.113.7:4711", False),
    ],
)
def test_only_listed_callers_get_in_where_a_list_is_kept(lent: Lent, address: str, is_taken: bool) -> None:
    request = KIT.sign(json.dumps(KIT.text("안녕")).encode())
    request = replace(request, headers=dict(request.headers) | {"x-real-ip": address})
    if is_taken:
        assert made(lent, callers=CALLERS).receive(request).messages
    else:
        with pytest.raises(Forged, match="the caller is not Bizgo"):
            made(lent, callers=CALLERS).receive(request)


def test_a_proxys_header_counts_for_nothing_until_it_is_trusted(lent: Lent) -> None:
    request = KIT.sign(json.dumps(KIT.text("안녕")).encode())
    request = replace(request, headers=dict(request.headers) | {"x-real-ip": "198.51.100.1"})
    assert made(lent).receive(request).messages


def test_several_calls_of_one_millisecond_are_taken_among_known_callers(lent: Lent) -> None:
    channel = made(lent, callers=CALLERS, bodies_per_stamp=2)
    requests = [posted(json.dumps(KIT.text("안녕", str(number))).encode()) for number in range(3)]
    requests = [replace(one, headers=dict(one.headers) | {"x-real-ip": "203.0.113.7"}) for one in requests]
    assert [channel.receive(one).messages[0].external_id[-4] for one in requests[:2]] == ["0", "1"]
    with pytest.raises(Forged):
        channel.receive(requests[2])


@pytest.mark.parametrize(
    "values",
    [
        {"bodies_per_stamp": 2},
        {"callers": {"header": "x-real-ip"}},
        {"callers": {"networks": ["203.0.113.0/24"]}},
        {"callers": {"header": "X Real IP", "networks": ["203.0.113.0/24"]}},
        {"base_url": "http://mars.example"},
        {"base_url": "https://user@mars.example"},
        {"sender": "031-980-2114"},
        {"webhook_secret": ""},
        {"api_key": "한글열쇠한글열쇠"},
    ],
)
def test_unsafe_settings_are_refused_at_the_start(lent: Lent, values: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        made(lent, **values)


# Reports


@pytest.mark.parametrize(
    ("code", "status", "reason"),
    [
        ("10000", "delivered", ""),
        ("23001", "failed", "쓰이지 않는 번호입니다 (no such subscriber, 23001)"),
        ("33001", "failed", "쓰이지 않는 번호입니다 (no such subscriber, 33001)"),
        ("23023", "failed", "사전등록되지 않은 발신번호입니다 (sender number is not registered, 23023)"),
        ("63020", "failed", "받는 분이 알림톡을 차단했습니다 (the citizen blocked Alimtalk, 63020)"),
        ("63005", "sent", "보냈으나 받았는지 알 수 없습니다 (sent but not confirmed, 63005)"),
        ("6ME09", "sent", "보냈으나 받았는지 알 수 없습니다 (sent but not confirmed, 6ME09)"),
        ("77777", "failed", "전해지지 않았습니다 (not delivered, 77777)"),
    ],
)
def test_a_report_says_to_staff_what_its_code_means(lent: Lent, code: str, status: Any, reason: str) -> None:
    found = received(lent, KIT.report(code))
    assert found.reports == (DeliveryReport("20260921120000001SM1", status, reason),)


def test_a_report_also_goes_by_the_reference_that_we_gave(lent: Lent) -> None:
    """A send that Bizgo knew already (A301) is kept under our reference, as its first answer was lost."""
    found = received(lent, KIT.report("10000", ref=str(ID)))
    assert [one.provider_id for one in found.reports] == ["20260921120000001SM1", str(ID)]
    for odd in ("", "시민", "x" * 150, None):
        assert len(received(lent, KIT.report("10000", ref=odd)).reports) == 1


@fuzzed
@given(data=st.data())
def test_no_changed_report_breaks_it(lent: Lent, data: st.DataObject) -> None:
    document: Any = KIT.report("23001", ref=str(ID), sendTime="2026-09-21T23:13:21.120+09:00", carrier="10001")
    for _ in range(data.draw(st.integers(1, 3))):
        document = changed_at(document, data.draw(st.sampled_from(list(paths(document)))), data.draw(JSON))
    heard(made(lent), KIT.sign(json.dumps(document).encode()))


@given(code=st.text(max_size=8) | st.from_regex(r"[0-9A-Z]{5}", fullmatch=True))
def test_no_code_breaks_it_and_none_but_success_counts_as_delivered(code: str) -> None:
    told = bizgo._told(bizgo.Told(msgKey="k", reportCode=code))
    assert told.reports or told.ignored
    for report in told.reports:
        assert (report.status == "delivered") == (code == "10000")
        assert report.reason or code == "10000"


@given(code=st.none() | st.text(max_size=10), layer=st.sampled_from(["gateway", "service"]), status=st.integers(0, 999))
def test_no_refusal_breaks_it_or_says_more_than_a_code(code: str | None, layer: str, status: int) -> None:
    failure = bizgo._refusal(code, layer, status)
    assert failure.reason and not failure.unknown
    assert code is None or len(code) < 2 or code.isalnum() or code not in failure.reason


# What others published


def test_published_examples_are_read(lent: Lent) -> None:
    """The SDK's own example bodies and its list of webhooks: texts and reports are taken, the rest is passed over."""
    folder = SHARED / "sms_kr"
    examples = json.loads((folder / "webhook_examples.json").read_text("utf-8")) if folder.is_dir() else {}
    assert set(examples) <= set(WEBHOOKS)
    for name, document in examples.items():
        found = received(lent, document)
        assert bool(found.messages) == (name == "mo")
        assert bool(found.reports) == (name == "report")


def test_codes_are_the_vendors_codes(lent: Lent) -> None:
    """Every code we have words for is one of the published table."""
    path = SHARED / "specs" / "bizgo_error_codes.json"
    published = json.loads(path.read_text("utf-8")) if path.is_file() else None
    if published is None:
        return
    tables = bizgo._CODES._tables
    known = {one["code"] for one in published["report"]["all"]}
    assert {f"{first}{code}" for first in "23" for code in tables["text"]} <= known
    assert {*tables["alimtalk"], *tables["other"], *tables["delivered"], *tables["unsure"]} <= known
    assert set(tables["gateway"]) <= {one["code"] for one in published["gateway"]}
    service = {one["code"] for one in published["service"]}
    assert {*tables["service"], *tables["busy"], *tables["stopped"], *tables["account"]["service"]} <= service

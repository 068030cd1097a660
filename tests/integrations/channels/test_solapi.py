"""Solapi: its own SDK's signature, one attempt that is never repeated blindly, reports, and texts where mapped."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from solapi.lib.authenticator import Authenticator  # type: ignore[import-untyped]
from solapi.model import KakaoOption, RequestMessage  # type: ignore[import-untyped]
from solapi.model.request.send_message_request import SendMessageRequest  # type: ignore[import-untyped]
from solapi.model.webhook.single_report import SingleReportPayload  # type: ignore[import-untyped]

from core.contracts.channel import (
    DeliveryReport,
    Forged,
    Malformed,
    OutgoingMessage,
    Received,
    SendFailed,
    Sent,
    Template,
)
from integrations.channels import solapi
from integrations.channels.solapi import Settings, Solapi
from tests.integrations.channels.conftest import Lent, Serve
from tests.integrations.channels.hearing import heard
from tests.integrations.channels.kits import CUT, HANG, Answer
from tests.integrations.channels.kits.solapi import (
    API_KEY,
    API_SECRET,
    INBOUND,
    KIT,
    PROOF,
    SECRET,
    SENDER,
    failed,
    posted,
    taken,
)
from tests.integrations.channels.mutations import JSON, changed_at, paths
from tests.integrations.channels.test_contract import fuzzed

ID = UUID("01999999-0000-7000-8000-000000000001")
TOKEN = "address-token-of-the-suite-0123456789"
OLD = "solapi-secret-of-last-year-0123456789"


def made(lent: Lent, url: str = "http://127.0.0.1:9", **values: Any) -> Solapi:
    settings = {
        "api_key": API_KEY,
        "api_secret": API_SECRET,
        "sender": SENDER,
        "webhook_secret": SECRET,
        "base_url": url,
    }
    return Solapi(Settings.model_validate(settings | values), lent.house)


def received(lent: Lent, document: Any, event: str = "SINGLE-REPORT", **values: Any) -> Received:
    return made(lent, **values).receive(posted(json.dumps(document).encode(), event))


def message(text: str = "접수했습니다.", **values: Any) -> OutgoingMessage:
    return OutgoingMessage(ID, KIT.address, text, **values)


# Who is calling


def test_the_secret_opens_bare_or_as_its_digest_and_the_former_one_too(lent: Lent) -> None:
    body = json.dumps([KIT.report("4000")]).encode()
    for proof in (PROOF, SECRET):
        assert made(lent).receive(posted(body, "SINGLE-REPORT", proof)).reports
    old = posted(body, "SINGLE-REPORT", OLD)
    assert made(lent, previous_webhook_secret=OLD).receive(old).reports
    with pytest.raises(Forged):
        made(lent).receive(old)


def test_a_token_in_the_address_opens_where_it_was_set(lent: Lent) -> None:
    bare = replace(posted(json.dumps([KIT.report("4000")]).encode(), "SINGLE-REPORT"), query={"token": TOKEN})
    bare = replace(bare, headers={"x-solapi-event-name": "SINGLE-REPORT"})
    assert made(lent, address_token=TOKEN).receive(bare).reports
    for wrong in ("", TOKEN[:-1], "토큰", "\udcff"):
        with pytest.raises(Forged):
            made(lent, address_token=TOKEN).receive(replace(bare, query={"token": wrong}))
    with pytest.raises(Forged) as refused:
        made(lent).receive(replace(bare, query={"token": ""}))
    assert refused.value.status == 401


def test_only_listed_callers_get_in_where_a_list_is_kept(lent: Lent) -> None:
    request = posted(json.dumps([KIT.report("4000")]).encode(), "SINGLE-REPORT")
    callers = {"header": "x-real-ip", "networks": ["203.0.113.0/24"]}
    for address, is_taken in (("203.0.113.7", True), ("198.51.100.1", False), ("", False)):
        known = replace(request, headers=dict(request.headers) | {"x-real-ip": address})
        if is_taken:
            assert made(lent, callers=callers).receive(known).reports
        else:
            with pytest.raises(Forged):
                made(lent, callers=callers).receive(known)


@pytest.mark.parametrize(
    "values",
    [
        {"webhook_secret": "short"},
        {"address_token": "short"},
        {"address_token": "토큰" * 20},
        {"api_secret": ""},
        {"base_url": "http://api.example"},
        {"inbound": {"event": "X"}},
    ],
)
def test_unsafe_settings_are_refused_at_the_start(lent: Lent, values: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        made(lent, **values)


# Reports and texts


@pytest.mark.parametrize(
    ("code", "status", "reason"),
    [
        ("4000", "delivered", ""),
        ("2000", "sent", ""),
        ("3000", "sent", ""),
        ("3032", "failed", "쓰이지 않는 번호입니다 (no such subscriber, 3032)"),
        ("2061", "failed", "받는 분이 080 번호로 수신을 거부했습니다 (the citizen opted out by the 080 number, 2061)"),
        ("3104", "failed", "카카오톡을 쓰지 않는 번호입니다 (not a KakaoTalk user, 3104)"),
        ("3999", "failed", "전해지지 않았습니다 (not delivered, 3999)"),
    ],
)
def test_a_report_says_to_staff_what_its_code_means(lent: Lent, code: str, status: Any, reason: str) -> None:
    expected = (DeliveryReport("M4V20260921120000AAAA", status, reason),)
    wrapped = {"eventDataId": "E1", "data": KIT.report(code), "retryCount": 0}
    SingleReportPayload.model_validate([wrapped])  # the vendor's own model of a webhook
    assert received(lent, [wrapped]).reports == expected
    assert received(lent, [KIT.report(code)]).reports == expected


def test_reports_come_in_lists_and_odd_ones_are_passed_over(lent: Lent) -> None:
    odd: list[Any] = [{"statusCode": "4000"}, KIT.report("x"), KIT.report("4000", messageId=7), KIT.report("٤٠٠٠")]
    found = received(lent, [KIT.report("4000", messageId="a"), *odd, KIT.report("3032", messageId="b")])
    assert [one.provider_id for one in found.reports] == ["a", "b"]
    assert received(lent, odd).ignored == "no report of a message"


def test_a_report_of_a_group_is_passed_over(lent: Lent) -> None:
    assert received(lent, [{"eventDataId": "1", "data": {"groupId": "G"}}], "GROUP-REPORT").ignored


@pytest.mark.parametrize("document", [[], [1], [[]], ["x"], 7, [{}] * 1001])
def test_a_body_that_is_no_list_of_objects_is_malformed(lent: Lent, document: Any) -> None:
    with pytest.raises(Malformed):
        received(lent, document)


def test_texts_are_read_by_the_names_of_the_settings_and_by_no_guess(lent: Lent) -> None:
    """No document of ours says how Solapi posts a text: without a mapping it is acknowledged and left."""
    said = {"mo_id": "7", "phone": "010-1234-5678", "words": "가로등이 꺼졌어요", "at": "2026-09-21T23:13:20+09:00"}
    names = {"event": "MO", "id": "mo_id", "sender": "phone", "text": "words", "sent_at": "at"}
    (found,) = received(lent, [said], "MO", inbound=names).messages
    assert (found.external_id, found.address, found.text) == ("7", "+821012345678", "가로등이 꺼졌어요")
    assert found.sent_at == datetime(2026, 9, 21, 14, 13, 20, tzinfo=UTC)
    assert received(lent, said, "MO", inbound=names).messages == (found,), "alone, without a list"
    assert received(lent, [said], "MO").ignored == "an event of another kind"
    assert received(lent, [said], "SINGLE-REPORT", inbound=names).ignored


@fuzzed
@given(data=st.data())
def test_no_changed_report_breaks_it(lent: Lent, data: st.DataObject) -> None:
    document: Any = [KIT.report("4000"), {"eventDataId": "E1", "data": KIT.report("3032"), "retryCount": 0}]
    for _ in range(data.draw(st.integers(1, 3))):
        document = changed_at(document, data.draw(st.sampled_from(list(paths(document)))), data.draw(JSON))
    heard(made(lent), posted(json.dumps(document).encode(), "SINGLE-REPORT"))


@given(code=st.one_of(st.none(), st.integers(), st.text(max_size=6), st.from_regex(r"[0-9]{4}", fullmatch=True)))
def test_no_code_breaks_it_and_none_but_success_counts_as_delivered(code: Any) -> None:
    for report in solapi._told({"messageId": "m", "statusCode": code}):
        assert (report.status == "delivered") == (code == "4000")
    failure = solapi._refusal(code)
    assert failure.reason and not failure.retry and not failure.unknown


# Sending


def test_calls_are_signed_as_the_vendors_own_sdk_signs_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Authenticator, "get_iso_datetime", staticmethod(lambda: "2026-09-21T23:13:20+09:00"))
    monkeypatch.setattr(Authenticator, "unique_id", staticmethod(lambda: "5a17"))
    theirs = Authenticator(API_KEY, API_SECRET).get_auth_info()
    assert solapi._signed(API_KEY, API_SECRET, "2026-09-21T23:13:20+09:00", "5a17") == theirs


async def test_each_call_is_signed_anew_with_date_and_salt(lent: Lent, serve: Serve) -> None:
    async with serve(KIT.ok) as provider:
        channel = made(lent, provider.url)
        await channel.send(message())
        await channel.send(message())
    said = [call.headers["authorization"] for call in provider.calls]
    assert said[0] != said[1]
    parts = dict(part.split("=", 1) for part in said[0].removeprefix("HMAC-SHA256 ").split(", "))
    assert parts["Date"] == lent.clock.now().isoformat()
    assert parts["signature"] == Authenticator.get_signature(API_SECRET, parts["Date"] + parts["salt"])


@pytest.mark.parametrize(
    ("text", "subject", "kind", "heading"),
    [
        ("가" * 45, "제목", "SMS", None),
        ("가" * 45 + "a", "민원 답변 📢", "LMS", "민원 답변 [안내]"),
        ("가" * 100, "", "LMS", None),
        ("똠" * 45, "", "SMS", None),
    ],
)
async def test_a_text_goes_as_short_as_its_bytes_allow_and_as_the_sdk_would_write_it(
    lent: Lent, serve: Serve, text: str, subject: str, kind: str, heading: str | None
) -> None:
    async with serve(KIT.ok) as provider:
        assert await made(lent, provider.url).send(message(text, subject=subject)) == Sent("M4V20260921120000AAAA")
    (call,) = provider.calls
    assert call.path == "/messages/v4/send-many/detail"
    (said,) = json.loads(call.body)["messages"]
    theirs = RequestMessage(
        from_=SENDER, to="01012345678", text=text, type=kind, subject=heading, auto_type_detect=False
    )
    written = SendMessageRequest(messages=[theirs]).model_dump(exclude_none=True, by_alias=True)["messages"][0]
    assert said == {name: value for name, value in written.items() if name != "country"}


async def test_a_notice_with_an_approved_template_goes_by_alimtalk_and_alone(lent: Lent, serve: Serve) -> None:
    kakao = {"pf_id": "KA01PF", "templates": {"case_received": "KA01TP"}}
    async with serve(KIT.ok) as provider:
        channel = made(lent, provider.url, alimtalk=kakao)
        await channel.send(message(template=Template("case_received", {"번호": "GP-1"})))
        await channel.send(message(template=Template("unknown")))
    first, second = (json.loads(call.body)["messages"][0] for call in provider.calls)
    assert (first["type"], "text" in first, second["type"]) == ("ATA", False, "SMS")
    theirs = KakaoOption(pf_id="KA01PF", template_id="KA01TP", variables={"번호": "GP-1"}, disable_sms=True)
    assert first["kakaoOptions"] == theirs.model_dump(exclude_none=True, by_alias=True)


@pytest.mark.parametrize("address", ["+14155550100", "not a number", ""])
async def test_a_number_of_another_country_is_refused_before_a_call(lent: Lent, address: str) -> None:
    with pytest.raises(SendFailed, match="국내 전화번호가 아니어서"):
        await made(lent).send(replace(message(), address=address))


async def test_a_text_of_which_nothing_is_left_is_not_sent(lent: Lent) -> None:
    with pytest.raises(SendFailed, match="보낼 글이 없습니다"):
        await made(lent).send(message("\u200b"))


async def test_it_makes_one_attempt_and_no_more(lent: Lent, serve: Serve) -> None:
    """The SDK's transport would repeat; a text that may be out must not go out twice."""
    for trouble in (Answer(503), CUT):
        async with serve(lambda call, trouble=trouble: trouble) as provider:  # type: ignore[misc]
            with pytest.raises(SendFailed) as failure:
                await made(lent, provider.url).send(message())
            assert (failure.value.retry, failure.value.unknown, len(provider.calls)) == (False, True, 1)


async def test_a_call_ends_by_the_channels_own_time_limit(lent: Lent, serve: Serve) -> None:
    async with serve(lambda call: HANG) as provider:
        with pytest.raises(SendFailed, match=r"may have been sent: TimeoutError") as failure:
            await made(lent, provider.url, timeout_s=0.2).send(message())
    assert failure.value.unknown


@pytest.mark.parametrize(
    ("answer", "stopped", "reason"),
    [
        (Answer(401, b'{"errorCode": "InvalidAPIKey"}'), False, "API 키를 받지 않습니다. 키와"),
        (Answer(403, b"<html>"), False, "(HTTP 403)"),
        (Answer(400, b'{"errorCode": "ValidationError"}'), False, "요청을 거절했습니다 (ValidationError)"),
        (Answer(400, '{"errorCode": "010-1234-5678 틀림"}'.encode()), False, "요청을 거절했습니다 (HTTP 400)"),
        (Answer(400, b'["x"]'), False, "(HTTP 400)"),
        (failed("1030"), False, "솔라피 잔액이 모자랍니다 (not enough balance, 1030)"),
        (failed("1062"), False, "사전등록되지 않은 발신번호입니다"),
        (failed("1061"), True, "수신을 거부했습니다"),
        (failed("1060"), True, "차단된 수신번호입니다"),
        (failed("what"), False, "솔라피가 거절했습니다 (refused)"),
    ],
)
async def test_what_solapi_refuses_is_told_apart(
    lent: Lent, serve: Serve, answer: Answer, stopped: bool, reason: str
) -> None:
    async with serve(lambda call: answer) as provider:
        with pytest.raises(SendFailed) as failure:
            await made(lent, provider.url).send(message())
    assert (failure.value.retry, failure.value.stopped, failure.value.unknown) == (False, stopped, False)
    assert reason in failure.value.reason


async def test_trouble_of_our_own_account_is_an_outage_and_no_failed_message(lent: Lent, serve: Serve) -> None:
    ours = [Answer(401, b"{}"), failed("1030"), failed("1062"), failed("2063")]
    theirs = [failed("1061"), failed("3032"), Answer(400, b"{}"), Answer(429, b"{}")]
    for answer, is_outage in [*((one, True) for one in ours), *((one, False) for one in theirs)]:
        async with serve(lambda call, answer=answer: answer) as provider:  # type: ignore[misc]
            with pytest.raises(SendFailed) as failure:
                await made(lent, provider.url).send(message())
        assert failure.value.outage is is_outage, answer


@pytest.mark.parametrize("answer", [Answer(200, b"<html>"), Answer(200, b"[]"), taken(messageList=None)])
async def test_what_was_taken_in_an_odd_shape_is_still_taken(lent: Lent, serve: Serve, answer: Answer) -> None:
    async with serve(lambda call: answer) as provider:
        assert await made(lent, provider.url).send(message()) == Sent("")


def test_the_suites_mapping_is_one_of_the_settings() -> None:
    assert set(INBOUND) == set(solapi.Inbound.model_fields)

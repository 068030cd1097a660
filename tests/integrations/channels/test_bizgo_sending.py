"""Bizgo: what goes out as which kind of message, once, and what its answers and pulled reports mean."""

import gzip
import json
from collections.abc import AsyncGenerator, Iterable
from contextlib import aclosing
from dataclasses import replace
from typing import Any

import httpx
import pytest
from bizgo.testing import FakeTransport

from core import cp949
from core.contracts.channel import DeliveryReport, OutgoingMessage, Polling, SendFailed, Sent, Template
from core.http import guarded_client
from tests.integrations.channels.bizgo_made import ID, made
from tests.integrations.channels.conftest import Lent, Serve
from tests.integrations.channels.kits import CUT, HANG, Answer, Call
from tests.integrations.channels.kits.bizgo import API_KEY, KIT, SENDER, refusal, taken


def message(text: str = "접수했습니다.", **values: Any) -> OutgoingMessage:
    return OutgoingMessage(ID, KIT.address, text, **values)


def sent_body(call: Call) -> Any:
    return json.loads(call.body)


@pytest.mark.parametrize(
    ("text", "kind", "size"),
    [
        ("가" * 45, "sms", 90),
        ("가" * 44 + "ab", "sms", 90),
        ("가" * 45 + "a", "mms", 91),
        ("똠" * 45, "sms", 90),  # eight bytes each to Python's euc_kr: 똠 would have cost a long message
        ("접수 완료 ✅ 🚨", "sms", 23),
        ("가" * 3000, "mms", 2000),
    ],
)
async def test_a_text_goes_as_short_as_its_bytes_allow(
    lent: Lent, serve: Serve, text: str, kind: str, size: int
) -> None:
    async with serve(KIT.ok) as provider:
        await made(lent, provider.url).send(message(text))
    (flow,) = sent_body(provider.calls[0])["messageFlow"]
    assert list(flow) == [kind]
    assert len(flow[kind]["text"].encode("cp949")) == size


async def test_one_call_bears_number_sender_key_and_its_time_to_live(lent: Lent, serve: Serve) -> None:
    """A key without idempotencyTtl is refused (A309), though the document calls it optional."""
    async with serve(KIT.ok) as provider:
        sent = await made(lent, provider.url).send(message())
    assert sent == Sent("20260921120000001SM1")
    assert sent_body(provider.calls[0]) == {
        "destinations": [{"to": "01012345678"}],
        "messageFlow": [{"sms": {"from": SENDER, "text": "접수했습니다."}}],
        "ref": str(ID),
        "idempotencyKey": str(ID),
        "idempotencyTtl": 86400,
    }
    assert provider.calls[0].headers["authorization"] == API_KEY


async def test_a_long_message_is_headed_by_its_subject_within_its_bytes(lent: Lent, serve: Serve) -> None:
    async with serve(KIT.ok) as provider:
        channel = made(lent, provider.url)
        for subject in ("민원 답변 📢", "", "아주 긴 제목 " * 20):
            await channel.send(message("가" * 100, subject=subject))
        await channel.send(message("짧은 글", subject="짧은 글에는 제목이 없다"))
    flows = [sent_body(call)["messageFlow"][0] for call in provider.calls]
    assert flows[0]["mms"]["title"] == "민원 답변 [안내]"
    assert "title" not in flows[1]["mms"]
    assert cp949.size(flows[2]["mms"]["title"]) <= 40
    assert flows[3] == {"sms": {"from": SENDER, "text": "짧은 글"}}


KAKAO = {"sender_key": "profile-key", "templates": {"case_received": "TPL_RECEIVED"}}


async def test_a_notice_with_an_approved_template_goes_by_alimtalk_and_alone(lent: Lent, serve: Serve) -> None:
    """Without Bizgo's own fallback: the house falls back itself, so that staff see each step."""
    async with serve(KIT.ok) as provider:
        channel = made(lent, provider.url, alimtalk=KAKAO)
        await channel.send(message(template=Template("case_received", {"번호": "GP-1", "name": "홍길동"})))
        await channel.send(message(template=Template("case_received")))
    first, bare = map(sent_body, provider.calls)
    flow = {"senderKey": "profile-key", "templateCode": "TPL_RECEIVED", "sendType": "template"}
    assert first["messageFlow"] == [{"alimtalk": flow}]
    assert first["destinations"] == [{"to": "01012345678", "replaceWords": {"번호": "GP-1", "name": "홍길동"}}]
    assert bare["destinations"] == [{"to": "01012345678", "replaceWords": {}}]


async def test_the_text_after_a_failed_alimtalk_is_no_repeat_to_bizgo(lent: Lent, serve: Serve) -> None:
    async with serve(KIT.ok) as provider:
        channel = made(lent, provider.url, alimtalk=KAKAO)
        notice = message(template=Template("case_received", {"a": "b"}))
        await channel.send(notice)
        await channel.send(replace(notice, template=None))
    keys = [sent_body(call)["idempotencyKey"] for call in provider.calls]
    assert keys == [f"{ID}-at", str(ID)]
    assert keys == [sent_body(call)["ref"] for call in provider.calls]


async def test_a_template_without_a_code_of_ours_goes_as_its_text(lent: Lent, serve: Serve) -> None:
    async with serve(KIT.ok) as provider:
        await made(lent, provider.url, alimtalk=KAKAO).send(message(template=Template("never_registered")))
        await made(lent, provider.url).send(message(template=Template("case_received")))
    assert ["sms" in sent_body(call)["messageFlow"][0] for call in provider.calls] == [True, True]


@pytest.mark.parametrize("address", ["+14155550100", "not a number", ""])
async def test_a_number_of_another_country_is_refused_before_a_call(lent: Lent, address: str) -> None:
    with pytest.raises(SendFailed, match="국내 전화번호가 아니어서") as failure:
        await made(lent).send(replace(message(), address=address))
    assert not failure.value.retry


@pytest.mark.parametrize("text", ["", "  ", "\u200b\u200d", "🧩"])
async def test_a_text_of_which_nothing_is_left_is_not_sent(lent: Lent, text: str) -> None:
    with pytest.raises(SendFailed, match="보낼 글이 없습니다"):
        await made(lent).send(message(text))


async def test_it_makes_one_attempt_and_no_more(lent: Lent, serve: Serve) -> None:
    """The vendor's client would repeat a keyed send twice by itself; the sender above counts attempts."""
    for trouble in (refusal(429, "A020", **{"retry-after": "1"}), Answer(503), CUT):
        async with serve(lambda call, trouble=trouble: trouble) as provider:  # type: ignore[misc]
            with pytest.raises(SendFailed):
                await made(lent, provider.url).send(message())
            assert len(provider.calls) == 1


async def test_a_call_ends_by_the_channels_own_time_limit(lent: Lent, serve: Serve) -> None:
    async with serve(lambda call: HANG) as provider:
        with pytest.raises(SendFailed, match=r"\(TimeoutError\)") as failure:
            await made(lent, provider.url, timeout_s=0.2).send(message())
    assert failure.value.retry


@pytest.mark.parametrize(
    ("answer", "retry", "stopped", "reason"),
    [
        (refusal(200, "A401", "gateway"), False, False, "API 키를 받지 않습니다"),
        (refusal(401, "A401", "gateway"), False, False, "API 키를 받지 않습니다"),
        (refusal(200, "A503", "gateway"), True, False, "지금 받지 못합니다"),
        (refusal(400, "A503"), False, False, "비즈고가 거절했습니다 (refused: HTTP 400, A503)"),
        (refusal(200, "A920"), True, False, "지금 받지 못합니다"),
        (refusal(400, "A327"), False, False, "사전등록되지 않은 발신번호입니다"),
        (refusal(400, "A320"), False, False, "발송 건수를 다 썼습니다"),
        (refusal(400, "A324"), False, True, "수신 차단되어 있습니다"),
        (Answer(404, b"<html>"), False, False, "비즈고가 거절했습니다 (refused: HTTP 404)"),
        (Answer(302, b"", {"location": "http://127.0.0.1:9/"}), True, False, "InvalidResponseError"),
        (Answer(200, b"<html>"), True, False, "InvalidResponseError"),
        (Answer(200, b"[" * 9999), True, False, "InvalidResponseError"),
    ],
)
async def test_what_bizgo_answers_is_told_apart(
    lent: Lent, serve: Serve, answer: Answer, retry: bool, stopped: bool, reason: str
) -> None:
    async with serve(lambda call: answer) as provider:
        with pytest.raises(SendFailed) as failure:
            await made(lent, provider.url).send(message())
    assert (failure.value.retry, failure.value.stopped, failure.value.unknown) == (retry, stopped, False)
    assert reason in failure.value.reason


@pytest.mark.parametrize(
    ("code", "retry", "stopped"), [("A306", False, False), ("A324", False, True), ("A910", True, False)]
)
async def test_a_number_that_was_refused_alone_is_a_refusal(
    lent: Lent, serve: Serve, code: str, retry: bool, stopped: bool
) -> None:
    async with serve(lambda call: taken(call, code)) as provider:
        with pytest.raises(SendFailed) as failure:
            await made(lent, provider.url).send(message())
    assert (failure.value.retry, failure.value.stopped) == (retry, stopped)


async def test_trouble_of_our_own_account_is_an_outage_and_no_failed_message(lent: Lent, serve: Serve) -> None:
    """The next one would fail alike: the house waits and tells an officer instead of writing letters to everybody."""
    ours = [refusal(401, "A401", "gateway"), refusal(400, "A110"), refusal(400, "A320"), refusal(400, "A327")]
    theirs = [refusal(400, "A306"), refusal(400, "A324"), refusal(429, "A020"), Answer(404, b"")]
    for answer, is_outage in [*((one, True) for one in ours), *((one, False) for one in theirs)]:
        async with serve(lambda call, answer=answer: answer) as provider:  # type: ignore[misc]
            with pytest.raises(SendFailed) as failure:
                await made(lent, provider.url).send(message())
        assert failure.value.outage is is_outage, answer


@pytest.mark.parametrize("answer", [lambda call: taken(call, "A301"), lambda call: refusal(400, "A301")])
async def test_a_repeat_that_bizgo_knew_counts_as_sent_under_our_reference(
    lent: Lent, serve: Serve, answer: Any
) -> None:
    async with serve(answer) as provider:
        assert await made(lent, provider.url).send(message()) == Sent(str(ID))


async def test_it_works_through_the_houses_guarded_client_and_packed_answers(lent: Lent, serve: Serve) -> None:
    def packed(call: Call) -> Answer:
        return Answer(body=gzip.compress(taken(call).body), headers={"content-encoding": "gzip"})

    async with serve(packed) as provider, guarded_client(allowed=["127.0.0.1"]) as http:
        lent.house = replace(lent.house, http=http)
        assert await made(lent, provider.url).send(message()) == Sent("20260921120000001SM1")


async def test_the_vendors_own_counterpart_understands_what_is_sent(lent: Lent) -> None:
    """bizgo.testing knows each operation of the document; an unknown path answers 404 there."""
    fake = FakeTransport()
    fake.on("sendOmni").send_result("A000")
    fake.on("sendOmni").duplicates()
    async with httpx.AsyncClient(transport=fake) as http:
        lent.house = replace(lent.house, http=http)
        channel = made(lent, "https://sandbox-mars.ibapi.kr", alimtalk=KAKAO)
        assert await channel.send(message()) == Sent("FAKE-MSGKEY-000001")
        again = await channel.send(message(template=Template("case_received", {"a": "b"})))
    assert [one.operation_id for one in fake.requests] == ["sendOmni", "sendOmni"]
    assert again == Sent(f"{ID}-at")


# Pulling reports


class Console:
    """Bizgo's polling door: a batch comes again until it is acknowledged."""

    def __init__(self, batches: Iterable[list[Any]]) -> None:
        self.batches = list(batches)
        self.acknowledged: list[str] = []

    def __call__(self, call: Call) -> Answer:
        common = {"authCode": "A000", "authResult": "Success", "infobankTrId": "t"}
        if call.method == "DELETE":
            self.acknowledged.append(call.path.rsplit("/", 1)[1])
            self.batches.pop(0)
            return Answer(body=json.dumps({"common": common, "data": {"code": "A000"}}).encode())
        batch = self.batches[0] if self.batches else None
        inner = {"reportId": f"r{len(self.acknowledged)}" if batch else "", "report": batch}
        return Answer(body=json.dumps({"common": common, "data": {"code": "A000", "data": inner}}).encode())


async def test_pulled_reports_read_like_posted_ones_and_are_acknowledged_when_all_were_taken(
    lent: Lent, serve: Serve
) -> None:
    console = Console([[KIT.report("10000", ref=str(ID)), KIT.report("23001")], [KIT.report("63020")]])
    found: list[DeliveryReport] = []
    async with serve(console) as provider:
        channel = made(lent, provider.url)
        assert isinstance(channel, Polling)
        polled = channel.poll()
        assert isinstance(polled, AsyncGenerator)
        async with aclosing(polled) as pulled:
            async for request in pulled:
                assert console.acknowledged == (["r0"] if len(found) >= 3 else [])
                found += channel.receive(request).reports
                if len(found) == 4:
                    break
    assert [one.status for one in found] == ["delivered", "delivered", "failed", "failed"]
    assert console.acknowledged == ["r0"], "the last batch was not gone through, and comes again"


async def test_polling_that_is_refused_says_so(lent: Lent, serve: Serve) -> None:
    async with serve(lambda call: refusal(400, "A801")) as provider:
        with pytest.raises(SendFailed, match="A801"):
            await anext(aiter(made(lent, provider.url).poll()))

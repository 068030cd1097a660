"""The one suite that every channel passes; a channel is in it as soon as its file exists. See kits/__init__.py."""

import copy
import json
import logging
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core import cp949
from core.contracts.channel import (
    Button,
    Channel,
    Forged,
    HttpAnswer,
    Malformed,
    OutgoingMessage,
    Received,
    SendFailed,
    WebhookRequest,
)
from core.loading import file, files
from tests.integrations.channels.conftest import Lent, Serve
from tests.integrations.channels.hearing import heard
from tests.integrations.channels.kits import CUT, HANG, Answer, Failure, Kit, impatient, kit_of
from tests.integrations.channels.mutations import JSON, ODD, changed_at, objects, paths, samples

CHANNELS = files("integrations.channels")
KITS = {name: found for name in CHANNELS if (found := kit_of(name))}
NOWHERE = "http://127.0.0.1:9"

all_channels = pytest.mark.parametrize("name", list(KITS))
fuzzed = settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


def those_with(what: str) -> pytest.MarkDecorator:
    """The channels that have buttons, places, photos."""
    arguments: dict[str, tuple[Any, ...]] = {"button": ("a",), "place": (37.6, 126.7), "photo": ("http://h",)}
    has = [name for name, kit in KITS.items() if getattr(kit, what)(*arguments[what]) is not None]
    return pytest.mark.parametrize("name", has)


def body(document: Any) -> bytes:
    return json.dumps(document, ensure_ascii=False).encode()


def only_message(channel: Channel, request: WebhookRequest) -> Any:
    received = channel.receive(request)
    assert received.ack.status // 100 == 2
    assert len(received.messages) == 1
    return received.messages[0]


@pytest.fixture
def kit(name: str) -> Kit:
    return KITS[name]


@pytest.fixture
def channel(kit: Kit, lent: Lent) -> Channel:
    """For tests that send nothing: the provider's server is away."""
    return kit.build(lent.house, NOWHERE)


def test_every_channel_has_a_kit() -> None:
    missing = [name for name in CHANNELS if name not in KITS]
    assert missing == [], f"write tests/integrations/channels/kits/<name>.py for {missing}"


@all_channels
class TestReceive:
    def test_it_reads_an_authentic_text(self, channel: Channel, kit: Kit, name: str) -> None:
        message = only_message(channel, kit.sign(body(kit.text("구래동 주차장 어디예요?"))))
        assert channel.name == name
        assert (message.kind, message.text, message.address) == ("text", "구래동 주차장 어디예요?", kit.address)

    def test_a_repeat_has_the_same_id_and_another_message_another(self, channel: Channel, kit: Kit) -> None:
        first, again = (only_message(channel, kit.sign(body(kit.text("네", "1")))) for _ in range(2))
        other = only_message(channel, kit.sign(body(kit.text("아니요", "2"))))
        assert first == again
        assert first.external_id != other.external_id

    def test_it_refuses_what_has_no_proof(self, channel: Channel, kit: Kit) -> None:
        for content in (body(kit.text("안녕")), b"{", b"\xff"):
            with pytest.raises(Forged) as refused:
                channel.receive(kit.unsigned(kit.sign(content)))
            assert refused.value.status == 401

    def test_it_refuses_a_wrong_proof_before_it_reads(self, channel: Channel, kit: Kit) -> None:
        for content in (body(kit.text("안녕")), b"{", b"\xff"):
            variants = kit.forged(kit.sign(content))
            assert variants
            for label, request in variants.items():
                with pytest.raises(Forged) as refused:
                    channel.receive(request)
                assert refused.value.status == 403, label

    def test_it_acknowledges_and_passes_over_what_is_not_for_us(self, channel: Channel, kit: Kit) -> None:
        for label, document in kit.ignored().items():
            received = channel.receive(kit.sign(body(document)))
            assert received.ignored, label
            assert not received.messages and not received.reports, label
            assert received.ack.status // 100 == 2, label

    @pytest.mark.parametrize(
        "content",
        [
            b"",
            b"{",
            b"null",
            b"[]",
            b'"text"',
            b"12",
            b"\xff\xfe",
            '{"text": "안녕"}'.encode("cp949"),
            '{"text": "안녕"}'.encode("utf-16"),
            b'{"a": "\\ud800"}',
            b'{"a": NaN}',
            b"[" * 100_000,
            b'{"a":' * 100_000,
            b"a=b&c=d",
            b"\x00" * 1000,
        ],
        ids=lambda content: repr(content[:12]),
    )
    def test_a_broken_body_is_malformed(self, channel: Channel, kit: Kit, content: bytes) -> None:
        with pytest.raises(Malformed):
            channel.receive(kit.sign(content))

    @pytest.mark.parametrize(
        "text",
        [
            "가" * 350_000,
            "🚨" * 10_000,
            "zero\u200bwidth\u200d\ufeff",
            "\u202egnp.exe\u202c \u2066x\u2069",
            "'; DROP TABLE cases; --",
            "<script>alert(1)</script>{{7*7}}",
            "a\x00b",
            "ㅎㅇ 뷁",
            " ",
            "\ufdfa" * 500,
        ],
        ids=lambda text: repr(text[:12]),
    )
    def test_odd_text_arrives_as_it_was_or_is_refused(self, channel: Channel, kit: Kit, text: str) -> None:
        outcome = heard(channel, kit.sign(body(kit.text(text))))
        assert not isinstance(outcome, Forged)
        if isinstance(outcome, Received) and outcome.messages:
            # In HTML a blank is nothing: who only names us opens the conversation.
            assert outcome.messages[0].text == text or (outcome.messages[0].kind == "start" and not text.strip())

    def test_unknown_fields_change_nothing(self, channel: Channel, kit: Kit) -> None:
        plain = kit.text("안녕하세요")
        for where, holder in enumerate(objects(plain)):
            changed = copy.deepcopy(plain)
            list(objects(changed))[where]["never_heard_of"] = {"deep": [None, {"er": 1}]}
            assert only_message(channel, kit.sign(body(changed))) == only_message(channel, kit.sign(body(plain))), (
                holder
            )

    def test_no_wrong_type_anywhere_breaks_it(self, channel: Channel, kit: Kit) -> None:
        for document in samples(kit):
            for path in list(paths(document)):
                for odd in ODD:
                    heard(channel, kit.sign(body(changed_at(document, path, odd))))

    @fuzzed
    @given(content=st.binary(max_size=400))
    def test_no_bytes_break_it(self, channel: Channel, kit: Kit, content: bytes) -> None:
        assert not isinstance(heard(channel, kit.sign(content)), Forged)

    @fuzzed
    @given(data=st.data())
    def test_no_changed_payload_breaks_it(self, channel: Channel, kit: Kit, data: st.DataObject) -> None:
        document = data.draw(st.sampled_from(samples(kit)))
        for _ in range(data.draw(st.integers(1, 3))):
            document = changed_at(document, data.draw(st.sampled_from(list(paths(document)))), data.draw(JSON))
        heard(channel, kit.sign(body(document)))

    @fuzzed
    @given(data=st.data())
    def test_no_header_breaks_it(self, channel: Channel, kit: Kit, data: st.DataObject) -> None:
        good = kit.sign(body(kit.text("안녕")))
        odd = st.text(st.characters(max_codepoint=0x10FFFF, exclude_categories=()), max_size=300)
        headers = {key: data.draw(st.one_of(st.just(value), odd)) for key, value in good.headers.items()}
        heard(channel, WebhookRequest(good.method, headers, good.query, good.body))


@those_with("button")
@pytest.mark.parametrize("payload", ["y", "form:confirm", "z" * 64])
def test_a_pressed_button_comes_back_with_its_payload(channel: Channel, kit: Kit, payload: str) -> None:
    message = only_message(channel, kit.sign(body(kit.button(payload))))
    assert (message.kind, message.payload, message.address) == ("button", payload, kit.address)


@those_with("place")
def test_a_place_comes_in_degrees(channel: Channel, kit: Kit) -> None:
    message = only_message(channel, kit.sign(body(kit.place(37.6453, 126.6287))))
    assert message.kind == "place"
    assert (message.place.lat, message.place.lon) == (37.6453, 126.6287)


@those_with("photo")
class TestPhoto:
    async def test_a_photo_can_be_fetched(self, kit: Kit, lent: Lent, serve: Serve) -> None:
        async with serve(kit.ok) as provider:
            channel = kit.build(lent.house, provider.url)
            message = only_message(channel, kit.sign(body(kit.photo(provider.url))))
            assert message.kind == "media"
            assert [media.kind for media in message.media] == ["photo"]
            if kit.file:
                assert await channel.fetch(message.media[0]) == kit.file
            await channel.aclose()

    async def test_a_photo_that_cannot_be_had_is_a_failure_told(self, kit: Kit, lent: Lent, serve: Serve) -> None:
        for trouble in (Answer(404), Answer(500, b"\xff"), CUT, HANG):
            if not kit.file:
                break
            async with serve(lambda call, trouble=trouble: trouble) as provider:  # type: ignore[misc]
                channel = (impatient(kit) if trouble is HANG else kit).build(lent.house, provider.url)
                message = only_message(channel, kit.sign(body(kit.photo(provider.url))))
                with pytest.raises(SendFailed):
                    await channel.fetch(message.media[0])
                await channel.aclose()


sends = pytest.mark.parametrize("name", [name for name, kit in KITS.items() if kit.failures])


@all_channels
class TestSend:
    async def test_what_goes_out_is_never_longer_than_the_provider_takes(
        self, kit: Kit, lent: Lent, serve: Serve
    ) -> None:
        async with serve(kit.ok) as provider:
            channel = kit.build(lent.house, provider.url)
            assert 0 < channel.capabilities.max_text <= kit.limit
            for text in ("네, 접수했습니다.", "가" * 20_000, "🚨" * 10_000, "문장입니다. " * 900):
                provider.calls.clear()
                lent.published.clear()
                await channel.send(kit.outgoing(provider.url, text))
                bubbles = kit.texts(provider.calls, lent.published)
                assert bubbles
                carried = cp949.plain(text).text if channel.capabilities.charset == "cp949" else text
                assert "".join(bubbles)[:9] == carried[:9]
                assert all(cp949.size(bubble) <= (channel.capabilities.max_bytes or 10**6) for bubble in bubbles)
                assert all(0 < kit.measure(bubble) <= kit.limit for bubble in bubbles)
            await channel.aclose()

    async def test_too_many_buttons_do_not_stop_it(self, kit: Kit, lent: Lent, serve: Serve) -> None:
        buttons = tuple(
            Button(f"{index}번째 아주 긴 이름의 단추를 눌러 주세요" * 3, f"b:{index}") for index in range(200)
        )
        async with serve(kit.ok) as provider:
            channel = kit.build(lent.house, provider.url)
            for ask in ("", "place", "photo"):
                await channel.send(kit.outgoing(provider.url, "골라 주세요", buttons=buttons, ask=ask))
            await channel.aclose()

    async def test_working_never_raises(self, kit: Kit, lent: Lent, serve: Serve) -> None:
        for trouble in (Answer(500), Answer(403), Answer(200, b"<html>"), CUT, HANG):
            async with serve(lambda call, trouble=trouble: trouble) as provider:  # type: ignore[misc]
                channel = (impatient(kit) if trouble is HANG else kit).build(lent.house, provider.url)
                await channel.working(kit.address)
                await channel.aclose()
        channel = kit.build(lent.house, NOWHERE)
        await channel.working("no such address")
        await channel.aclose()

    def test_an_answer_in_the_response_is_a_whole_answer(self, channel: Channel, kit: Kit) -> None:
        outgoing = [kit.outgoing(NOWHERE, "가" * 3000, buttons=(Button("네", "y"),)) for _ in range(5)]
        cases: list[tuple[list[OutgoingMessage], bool]] = [([], False), ([], True), (outgoing, False), (outgoing, True)]
        for messages, pending in cases:
            answer = channel.render(messages, pending=pending, lang="ko")
            assert isinstance(answer, HttpAnswer) and answer.status == 200
            assert channel.replies == "push" or json.loads(answer.body)


@sends
class TestTrouble:
    async def failed(self, kit: Kit, lent: Lent, serve: Serve, trouble: Answer) -> SendFailed:
        async with serve(lambda call: trouble) as provider:
            channel = (impatient(kit) if trouble is HANG else kit).build(lent.house, provider.url)
            with pytest.raises(SendFailed) as failure:
                await channel.send(kit.outgoing(provider.url, "비밀 이야기", buttons=(Button("네", "y"),)))
            await channel.aclose()
        assert failure.value.reason
        assert "비밀" not in str(failure.value) and kit.address not in str(failure.value)
        return failure.value

    async def test_too_many_is_tried_again_when_the_provider_says(self, kit: Kit, lent: Lent, serve: Serve) -> None:
        failure = await self.failed(kit, lent, serve, kit.failures["too_many"])
        assert (failure.retry, failure.retry_after, failure.unknown, failure.stopped) == (True, 7, False, False)

    @pytest.mark.parametrize("trouble", ["error", "cut", "hang"])
    async def test_what_broke_off_is_only_sent_again_where_that_is_safe(
        self, kit: Kit, lent: Lent, serve: Serve, trouble: str
    ) -> None:
        answer = {"error": kit.failures["error"], "cut": CUT, "hang": HANG}[trouble]
        failure = await self.failed(kit, lent, serve, answer)
        is_safe = kit.build(lent.house, NOWHERE).capabilities.idempotent
        assert (failure.retry, failure.unknown, failure.stopped) == (is_safe, not is_safe, False)

    async def test_what_never_left_is_sent_again(self, kit: Kit, lent: Lent) -> None:
        channel = kit.build(lent.house, NOWHERE)
        with pytest.raises(SendFailed) as failure:
            await channel.send(kit.outgoing(NOWHERE, "안녕"))
        assert (failure.value.retry, failure.value.unknown, failure.value.stopped) == (True, False, False)
        await channel.aclose()

    async def test_a_citizen_who_left_is_told_apart_from_a_refusal(self, kit: Kit, lent: Lent, serve: Serve) -> None:
        expected: dict[Failure, tuple[bool, bool, bool]] = {
            "blocked": (False, True, False),
            "refused": (False, False, False),
        }
        for trouble, flags in expected.items():
            if trouble in kit.failures:
                failure = await self.failed(kit, lent, serve, kit.failures[trouble])
                assert (failure.retry, failure.stopped, failure.unknown) == flags, trouble

    async def test_secrets_and_texts_stay_out_of_logs_and_errors(
        self, kit: Kit, lent: Lent, serve: Serve, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        caplog.set_level(logging.DEBUG)
        monkeypatch.setattr(logging.getLogger("httpx"), "filters", [])  # what another channel put there does not count
        assert kit.secrets
        said = ""
        for trouble in (None, *kit.failures.values(), Answer(200, b"<html>"), CUT, HANG):
            async with serve(lambda call, trouble=trouble: trouble or kit.ok(call)) as provider:  # type: ignore[misc]
                channel = (impatient(kit) if trouble is HANG else kit).build(lent.house, provider.url)
                try:
                    await channel.send(kit.outgoing(provider.url, "비밀 이야기"))
                except SendFailed as failure:
                    said += str(failure) + repr(failure) + repr(failure.__cause__)
                await channel.working(kit.address)
                await channel.aclose()
        good = kit.sign(body(kit.text("비밀 이야기")))
        for request in (good, kit.unsigned(good), *kit.forged(good).values(), kit.sign(b"{"), kit.sign(b'{"id": 1}')):
            said += repr(heard(kit.build(lent.house, NOWHERE), request)) if request is not good else ""
        said += "".join(logging.Formatter().format(record) for record in caplog.records)
        assert [secret for secret in (*kit.secrets, "비밀 이야기", "\\ube44\\ubc00") if secret in said] == []

    def test_settings_do_not_show_their_secrets(self, kit: Kit, name: str) -> None:
        model = file("integrations.channels", name).Settings
        with pytest.raises(ValueError) as refused:
            model.model_validate({"no_such_key": kit.secrets[0], "token": kit.secrets[0], "secret": kit.secrets[0][:5]})
        assert kit.secrets[0] not in str(refused.value)

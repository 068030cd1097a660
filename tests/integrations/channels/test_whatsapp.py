"""WhatsApp's own ways: the address check, many things in one call, ids without numbers, what a message is sent as."""

import base64
import json
import re
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pywa.utils import webhook_updates_validator

from core.contracts.channel import (
    Button,
    Forged,
    GeoPoint,
    IncomingMessage,
    Malformed,
    Media,
    Received,
    SendFailed,
    Template,
    WebhookRequest,
)
from core.loading import ROOT
from integrations.channels import whatsapp
from tests.integrations.channels.conftest import Lent, Serve
from tests.integrations.channels.kits import Answer, Call
from tests.integrations.channels.kits.whatsapp import (
    KIT,
    OURS,
    PERSON,
    SECRET,
    TOKEN,
    VERIFY,
    WAMID,
    refusal,
    signature,
)

SHARED = ROOT.parent / "shared/data/channels/whatsapp"
NOWHERE = "http://127.0.0.1:9"


def made(lent: Lent, url: str = NOWHERE, **values: Any) -> whatsapp.WhatsApp:
    KIT.url = url
    return whatsapp.WhatsApp(KIT.settings(url, **values), lent.house)


def received(lent: Lent, document: Any) -> Received:
    return made(lent).receive(KIT.sign(json.dumps(document).encode()))


def said(lent: Lent, kind: str, content: Any) -> IncomingMessage:
    return received(lent, KIT.message(kind, content)).messages[0]


class TestAddressCheck:
    def asked(self, lent: Lent, **query: str) -> Received:
        named = {f"hub.{name}": value for name, value in query.items()}
        return made(lent).receive(WebhookRequest("GET", {}, named, b""))

    def test_the_challenge_goes_back_to_who_knows_our_word(self, lent: Lent) -> None:
        found = self.asked(lent, mode="subscribe", verify_token=VERIFY, challenge="1158201444")
        assert found.ignored
        assert (found.ack.body, found.ack.content_type) == (b"1158201444", "text/plain")

    @pytest.mark.parametrize(("given", "status"), [("", 401), ("x" * 29, 403), ("비밀", 403), (SECRET, 403)])
    def test_to_nobody_else(self, lent: Lent, given: str, status: int) -> None:
        with pytest.raises(Forged) as refused:
            self.asked(lent, mode="subscribe", verify_token=given, challenge="1")
        assert refused.value.status == status

    @pytest.mark.parametrize(("mode", "challenge"), [("subscribe", "<script>"), ("subscribe", ""), ("x", "1")])
    def test_only_a_challenge_is_echoed(self, lent: Lent, mode: str, challenge: str) -> None:
        with pytest.raises(Malformed):
            self.asked(lent, mode=mode, verify_token=VERIFY, challenge=challenge)

    @settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(query=st.dictionaries(st.sampled_from(["mode", "verify_token", "challenge", "x"]), st.text(max_size=300)))
    def test_no_query_breaks_it(self, lent: Lent, query: dict[str, str]) -> None:
        for values in (query, query | {"verify_token": VERIFY}):
            try:
                found = self.asked(lent, **values)
            except (Forged, Malformed):
                continue
            assert re.fullmatch(rb"[A-Za-z0-9_-]{1,200}", found.ack.body)


class TestSignature:
    @pytest.mark.parametrize("body", [b"", "안녕 🚨".encode(), b'{"a":"\\uc548"}', b"\xff"])
    def test_our_signer_and_pywa_agree(self, body: bytes) -> None:
        assert webhook_updates_validator(SECRET, body, signature(body))
        assert not webhook_updates_validator(SECRET, body + b" ", signature(body))

    def test_we_want_the_prefix_that_pywa_does_not(self, lent: Lent) -> None:
        body = json.dumps(KIT.text("안녕")).encode()
        bare = signature(body).removeprefix("sha256=")
        assert webhook_updates_validator(SECRET, body, bare)
        with pytest.raises(Forged):
            made(lent).receive(WebhookRequest("POST", {"x-hub-signature-256": bare}, {}, body))

    def test_both_secrets_open_while_one_is_being_changed(self, lent: Lent) -> None:
        old = "0" * 32
        body = json.dumps(KIT.text("안녕")).encode()
        request = WebhookRequest("POST", {"x-hub-signature-256": signature(body, old)}, {}, body)
        assert made(lent, previous_app_secret=old).receive(request).messages
        with pytest.raises(Forged):
            made(lent).receive(request)


class TestReceive:
    def test_one_call_may_hold_many_things(self, lent: Lent) -> None:
        messages = [KIT.said("text", {"body": "하나"}, "1"), {"odd": 1}, KIT.said("text", {"body": "둘"}, "2"), None]
        statuses = [{"id": WAMID, "status": "delivered"}, {"id": 5}, {"id": WAMID, "status": "read"}]
        found = received(lent, KIT.call(messages=messages, statuses=statuses))
        assert [one.text for one in found.messages] == ["하나", "둘"]
        assert [one.status for one in found.reports] == ["delivered", "read"]

    def test_the_number_in_an_id_is_in_nothing_that_is_kept(self, lent: Lent) -> None:
        """A wamid is base64 around the number (measured); the house keeps a keyed hash, the same each time."""
        wamid = "wamid." + base64.b64encode(b"\x1d\x06\x18\x0c" + PERSON.encode() + b"\x15\x02\x00").decode()
        document = KIT.call(messages=[KIT.said("text", {"body": "안녕"}) | {"id": wamid}])
        message = received(lent, document).messages[0]
        assert wamid not in repr(message)
        assert message.external_id == message.provider_id == received(lent, document).messages[0].external_id
        assert len(message.external_id) == 64
        assert message.address == f"+{PERSON}"

    async def test_a_report_finds_the_message_that_was_sent(self, lent: Lent, serve: Serve) -> None:
        async with serve(KIT.ok) as provider:
            sent = await made(lent, provider.url).send(KIT.outgoing("", "접수했습니다."))
        report = received(lent, KIT.call(statuses=[{"id": f"{WAMID}9", "status": "read"}])).reports[0]
        assert sent.provider_id == report.provider_id != ""

    def test_a_failure_has_its_reason_in_korean_first(self, lent: Lent) -> None:
        failed = {"id": WAMID, "status": "failed", "errors": [{"code": 131047, "title": f"to {PERSON}"}]}
        assert received(lent, KIT.call(statuses=[failed])).reports[0].reason == (
            "마지막 메시지에서 24시간이 지나 승인된 템플릿으로만 보낼 수 있습니다 (outside the 24-hour window, 131047)"
        )
        odd: list[list[dict[str, str]]] = [[{"code": PERSON}], [{}], []]
        for errors in odd:
            reason = received(lent, KIT.call(statuses=[failed | {"errors": errors}])).reports[0].reason
            assert PERSON not in reason and "(Meta, no code)" in reason

    @pytest.mark.parametrize(
        ("kind", "content", "expected"),
        [
            ("interactive", {"type": "list_reply", "list_reply": {"id": "b:4", "title": "다섯째"}}, ("button", "b:4")),
            ("button", {"payload": "y", "text": "네"}, ("button", "y")),
            ("button", {"payload": "네, 맞아요", "text": "네, 맞아요"}, ("text", "")),
            ("interactive", {"type": "nfm_reply", "nfm_reply": {"name": "flow"}}, None),
        ],
    )
    def test_a_pressed_choice_is_ours_or_its_words(
        self, lent: Lent, kind: str, content: Any, expected: tuple[str, str] | None
    ) -> None:
        found = received(lent, KIT.message(kind, content)).messages
        assert [(one.kind, one.payload) for one in found] == ([expected] if expected else [])

    def test_a_template_button_that_carries_none_of_ours_is_heard_as_words(self, lent: Lent) -> None:
        assert said(lent, "button", {"payload": "네, 맞아요", "text": "네, 맞아요"}).text == "네, 맞아요"

    @pytest.mark.parametrize(
        ("kind", "content", "expected", "media"),
        [
            ("image", {"id": "5", "mime_type": "image/jpeg"}, "media", (Media("photo", "5", "image/jpeg"),)),
            (
                "document",
                {"id": "5", "mime_type": "application/pdf"},
                "other",
                (Media("file", "5", "application/pdf"),),
            ),
            ("document", {"id": "5", "mime_type": "image/png"}, "media", (Media("photo", "5", "image/png"),)),
            (
                "audio",
                {"id": "5", "mime_type": "audio/ogg", "voice": True},
                "other",
                (Media("voice", "5", "audio/ogg"),),
            ),
            ("video", {"id": "5"}, "other", (Media("video", "5"),)),
            ("image", {"id": "../../me", "mime_type": "image/jpeg"}, "other", ()),
            ("sticker", {"id": "5"}, "other", ()),
            ("unsupported", None, "other", ()),
            ("request_welcome", None, "start", ()),
        ],
    )
    def test_every_kind_is_told_apart(
        self, lent: Lent, kind: str, content: Any, expected: str, media: tuple[Media, ...]
    ) -> None:
        message = said(lent, kind, content)
        assert (message.kind, message.media) == (expected, media)

    def test_a_caption_is_the_text_and_the_time_is_known(self, lent: Lent) -> None:
        message = said(lent, "image", {"id": "5", "mime_type": "image/jpeg", "caption": "가로등이 꺼졌어요"})
        assert message.text == "가로등이 꺼졌어요"
        assert message.sent_at == datetime.fromtimestamp(1_789_999_990, UTC)

    def test_a_place_has_its_name(self, lent: Lent) -> None:
        found = said(lent, "location", {"latitude": 37.6, "longitude": 126.7, "name": "구래역", "address": "김포시"})
        assert found.place == GeoPoint(37.6, 126.7, "구래역 김포시")

    @pytest.mark.parametrize(("value", "kind"), [("stop", "stop"), ("resume", "start")])
    def test_the_citizens_own_switch_is_obeyed(self, lent: Lent, value: str, kind: str) -> None:
        one = {"wa_id": PERSON, "category": "marketing_messages", "value": value, "timestamp": 1731705721}
        (message,) = received(lent, KIT.call(field="user_preferences", user_preferences=[one])).messages
        assert (message.kind, message.address, message.is_event) == (kind, f"+{PERSON}", True)
        assert PERSON not in message.external_id


def buttons(count: int) -> tuple[Button, ...]:
    return tuple(Button(f"{index}번 주차장", f"b:{index}") for index in range(1, count + 1))


class TestSend:
    async def sent(self, lent: Lent, serve: Serve, **values: Any) -> dict[str, Any]:
        async with serve(KIT.ok) as provider:
            templates = {"case_received": {"name": "case_received", "variables": ["receipt_no", "title"]}}
            await made(lent, provider.url, templates=templates).send(KIT.outgoing("", "골라 주세요.", **values))
            (call,) = provider.calls
        assert call.path == f"/v23.0/{OURS}/messages"
        assert call.headers["authorization"] == f"Bearer {TOKEN}"
        body: dict[str, Any] = json.loads(call.body)
        assert {name: body.pop(name) for name in ("messaging_product", "recipient_type", "to")} == {
            "messaging_product": "whatsapp",
            "recipient_type": "individual",
            "to": PERSON,
        }
        return body

    async def test_words_alone_are_a_text(self, lent: Lent, serve: Serve) -> None:
        assert await self.sent(lent, serve) == {"type": "text", "text": {"body": "골라 주세요.", "preview_url": False}}

    async def test_up_to_three_choices_are_buttons(self, lent: Lent, serve: Serve) -> None:
        found = (await self.sent(lent, serve, buttons=buttons(3)))["interactive"]
        assert (found["type"], found["body"]) == ("button", {"text": "골라 주세요."})
        assert found["action"]["buttons"][0] == {"type": "reply", "reply": {"id": "b:1", "title": "1번 주차장"}}

    async def test_up_to_ten_are_a_list(self, lent: Lent, serve: Serve) -> None:
        found = (await self.sent(lent, serve, buttons=buttons(10)))["interactive"]
        (section,) = found["action"]["sections"]
        assert (found["type"], found["action"]["button"], len(section["rows"])) == ("list", "선택하기", 10)

    @pytest.mark.parametrize("shown", [buttons(11), (Button("네", "y"), Button("네", "n"))])
    async def test_what_it_cannot_press_it_can_read(self, lent: Lent, serve: Serve, shown: tuple[Button, ...]) -> None:
        text = (await self.sent(lent, serve, buttons=shown))["text"]["body"]
        assert text.startswith(f"골라 주세요.\n1. {shown[0].label}\n2. {shown[1].label}")

    async def test_a_place_is_asked_for_with_its_own_key_and_the_choices_as_lines(
        self, lent: Lent, serve: Serve
    ) -> None:
        found = (await self.sent(lent, serve, ask="place", buttons=buttons(1)))["interactive"]
        assert found == {
            "type": "location_request_message",
            "body": {"text": "골라 주세요.\n1. 1번 주차장"},
            "action": {"name": "send_location"},
        }

    async def test_a_notice_with_an_approved_template_goes_as_that(self, lent: Lent, serve: Serve) -> None:
        given = Template("case_received", {"receipt_no": "GP-2026-1", "title": "가로등\n고장"})
        assert await self.sent(lent, serve, template=given) == {
            "type": "template",
            "template": {
                "name": "case_received",
                "language": {"code": "ko", "policy": "deterministic"},
                "components": [
                    {
                        "type": "body",
                        "parameters": [{"type": "text", "text": "GP-2026-1"}, {"type": "text", "text": "가로등 고장"}],
                    }
                ],
            },
        }

    async def test_a_notice_without_one_goes_as_text(self, lent: Lent, serve: Serve) -> None:
        assert (await self.sent(lent, serve, template=Template("unheard_of", {})))["type"] == "text"

    async def test_labels_never_push_the_choices_off_a_long_text(self, lent: Lent, serve: Serve) -> None:
        async with serve(KIT.ok) as provider:
            message = KIT.outgoing("", "가" * 5000, ask="place", buttons=buttons(10))
            await made(lent, provider.url).send(message)
            (text,) = KIT.texts(provider.calls, [])
        assert len(text) == 1024 and text.endswith("\n10. 10번 주차장")

    @pytest.mark.parametrize(
        ("status", "code", "flags"),
        [
            (400, 131047, (False, None, False, False)),
            (400, 131056, (True, 60.0, False, False)),
            (400, 130429, (True, 60.0, False, False)),
            (400, 131000, (False, None, True, True)),
            (401, 190, (False, None, False, True)),
            (400, 133010, (False, None, False, True)),
            (404, 99, (False, None, False, False)),
        ],
    )
    async def test_metas_codes_say_what_to_do(
        self, lent: Lent, serve: Serve, status: int, code: int, flags: tuple[Any, ...]
    ) -> None:
        async with serve(lambda call: refusal(status, code)) as provider:
            with pytest.raises(SendFailed) as failure:
                await made(lent, provider.url).send(KIT.outgoing("", "안녕"))
        found = failure.value
        assert (found.retry, found.retry_after, found.unknown, found.outage) == flags
        assert str(code) in found.reason and PERSON not in found.reason


class TestWorking:
    async def test_it_marks_the_citizens_last_message(self, lent: Lent, serve: Serve) -> None:
        async with serve(KIT.ok) as provider:
            channel = made(lent, provider.url)
            for key in ("1", "2"):
                channel.receive(KIT.sign(json.dumps(KIT.text("안녕", key)).encode()))
            await channel.working(f"+{PERSON}")
            await channel.working("+821000000000")
            (call,) = provider.calls
        assert json.loads(call.body) == {
            "messaging_product": "whatsapp",
            "status": "read",
            "message_id": f"{WAMID}2",
            "typing_indicator": {"type": "text"},
        }

    def test_it_remembers_no_more_than_it_needs(self, lent: Lent) -> None:
        channel = made(lent)
        for index in range(2500):
            channel._remember(f"+8210{index:08d}", "x")
        assert len(channel._last) == 2000


class TestFetch:
    async def fetched(self, lent: Lent, serve: Serve, url: str) -> list[Call]:
        def answer(call: Call) -> Answer:
            if call.path.startswith("/v23.0/5"):
                return Answer(body=json.dumps({"url": url or f"{provider.url}/file"}).encode())
            return Answer(body=KIT.file)

        async with serve(answer) as provider:
            channel = made(lent, provider.url)
            try:
                assert await channel.fetch(Media("photo", "5")) == KIT.file
            except SendFailed:
                assert url
            return provider.calls

    async def test_it_asks_for_the_address_and_then_for_the_bytes(self, lent: Lent, serve: Serve) -> None:
        first, second = await self.fetched(lent, serve, "")
        assert first.path == f"/v23.0/5?phone_number_id={OURS}"
        assert second.headers["authorization"] == f"Bearer {TOKEN}"

    @pytest.mark.parametrize("url", ["https://evil.example/x", "http://lookaside.fbsbx.com/x", "x", "https://"])
    async def test_the_token_goes_to_no_unknown_host(self, lent: Lent, serve: Serve, url: str) -> None:
        assert len(await self.fetched(lent, serve, url)) == 1


class TestRecorded:
    """Payloads that others recorded, where the folder is there."""

    def test_the_recorded_signature_fits(self, lent: Lent) -> None:
        path = SHARED / "signature_vector.json"
        if not path.is_file():
            return
        one = json.loads(path.read_text("utf-8"))
        values = {"app_secret": one["app_secret"], "phone_number_id": "277321005464405"}
        headers = {"x-hub-signature-256": one["x_hub_signature_256"]}
        request = WebhookRequest("POST", headers, {}, one["body"].encode())
        (message,) = made(lent, **values).receive(request).messages
        assert (message.text, message.address) == ("Hey there! I am using PyWa.", "+972544401243")

    def test_recorded_calls_are_read(self, lent: Lent) -> None:
        path = SHARED / "inbound.json"
        if not path.is_file():
            return
        channel = made(lent, phone_number_id="1122334455667")
        calls = json.loads(path.read_text("utf-8")).items()
        found = {name: channel.receive(KIT.sign(json.dumps(one).encode())) for name, one in calls}
        kinds = {name: [one.kind for one in got.messages] for name, got in found.items() if "status" not in name}
        assert kinds == {
            "message.text": ["text"],
            "message.image": ["media"],
            "message.current_location": ["place"],
            "message.reply": ["text"],
            "message.unsupported": ["other"],
            "button.button": ["button"],
            "button.quick_reply": ["button"],
            "button.quick_reply_without_context": ["button"],
        }
        states = {name: [one.status for one in got.reports] for name, got in found.items() if "status" in name}
        assert states == {"status.sent": ["sent"], "status.delivered": ["delivered"], "status.failed": ["failed"]}
        assert "실험" in found["status.failed"].reports[0].reason

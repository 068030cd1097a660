"""Twilio's own ways: what is signed, reports, words that Twilio understands itself, where files may lie."""

import json
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs

import pytest
from pydantic import ValidationError
from twilio.request_validator import RequestValidator  # type: ignore[import-untyped]

from core.contracts.channel import DeliveryReport, Forged, Malformed, Media, Received, SendFailed, WebhookRequest
from core.loading import ROOT
from integrations.channels import twilio
from tests.integrations.channels.conftest import Lent, Serve
from tests.integrations.channels.kits import Answer, Call
from tests.integrations.channels.kits.twilio import ACCOUNT, KIT, OURS, PERSON, TOKEN, URL, form, refusal, signature

SHARED = ROOT.parent / "shared/data/channels/twilio"
NOWHERE = "http://127.0.0.1:9"


def made(lent: Lent, url: str = NOWHERE, **values: Any) -> twilio.Twilio:
    given = {"account_sid": ACCOUNT, "auth_token": TOKEN, "sender": OURS, "webhook_url": URL, "api_base_url": url}
    return twilio.Twilio(twilio.Settings.model_validate(given | values), lent.house)


def received(lent: Lent, document: dict[str, Any], **values: Any) -> Received:
    return made(lent, **values).receive(KIT.sign(json.dumps(document).encode()))


class TestSignature:
    """The suite's signer was written from Twilio's page; the vendor's own must make and take the same."""

    def test_our_signer_and_twilios_agree(self) -> None:
        body = form(KIT.text("구래동 주차장 어디예요? +& =%"))
        fields = {name: values[0] for name, values in parse_qs(body.decode(), keep_blank_values=True).items()}
        assert RequestValidator(TOKEN).compute_signature(URL, fields) == signature(URL, body)

    @pytest.mark.parametrize(
        ("registered", "signed"),
        [
            ("https://a.go.kr/channels/twilio", "https://a.go.kr:443/channels/twilio"),
            ("https://a.go.kr:443/channels/twilio", "https://a.go.kr/channels/twilio"),
            ("https://a.go.kr/channels/twilio?city=gimpo", "https://a.go.kr/channels/twilio?city=gimpo"),
        ],
    )
    def test_the_address_counts_as_registered_with_or_without_its_port(
        self, lent: Lent, registered: str, signed: str
    ) -> None:
        body = form(KIT.text("안녕"))
        request = WebhookRequest("POST", {"x-twilio-signature": signature(signed, body)}, {}, body, "http://proxy/x")
        assert made(lent, webhook_url=registered).receive(request).messages
        with pytest.raises(Forged):
            made(lent, webhook_url=registered + "1").receive(request)

    def test_without_a_setting_it_is_the_houses_public_address(self, lent: Lent) -> None:
        body = form(KIT.text("안녕"))
        url = f"{lent.house.public_url}/channels/twilio"
        request = WebhookRequest("POST", {"x-twilio-signature": signature(url, body)}, {}, body)
        assert made(lent, webhook_url="").receive(request).messages

    def test_both_tokens_open_while_one_is_being_changed(self, lent: Lent) -> None:
        old = "the-token-of-yesterday-0123456789"
        body = form(KIT.text("안녕"))
        request = WebhookRequest("POST", {"x-twilio-signature": signature(URL, body, old)}, {}, body)
        assert made(lent, previous_auth_token=old).receive(request).messages
        with pytest.raises(Forged):
            made(lent).receive(request)

    def test_a_json_body_is_no_way_round_the_signature(self, lent: Lent) -> None:
        """The SDK, given a dict, would not hash a JSON body at all; here every byte is signed as a form."""
        body = b'{"MessageSid": "SM00000000000000000000000000000001", "From": "+821055501234"}'
        digest = "bodySHA256=0a1ff7634d9ab3b95db5c9a2dfe9416e41502b283a80c7cf19632632f96e6620"
        headers = {"x-twilio-signature": signature(URL, b""), "content-type": "application/json"}
        request = WebhookRequest("POST", headers, {"bodySHA256": digest[11:]}, body, f"{URL}?{digest}")
        with pytest.raises(Forged):
            made(lent).receive(request)

    def test_repeated_names_are_all_signed(self, lent: Lent) -> None:
        body = form(KIT.text("안녕")) + b"&Body=another"
        request = WebhookRequest("POST", {"x-twilio-signature": signature(URL, body)}, {}, body)
        assert made(lent).receive(request).messages[0].text == "안녕"
        with pytest.raises(Forged):
            made(lent).receive(replace(request, body=body.replace(b"another", b"other")))


class TestReports:
    @pytest.mark.parametrize(
        ("status", "expected"),
        [
            ("sent", "sent"),
            ("delivered", "delivered"),
            ("read", "read"),
            ("undelivered", "failed"),
            ("failed", "failed"),
        ],
    )
    def test_a_state_becomes_a_report(self, lent: Lent, status: str, expected: str) -> None:
        found = received(lent, KIT.message(MessageStatus=status, SmsStatus=status))
        assert [(one.provider_id, one.status) for one in found.reports] == [(f"SM{1:032x}", expected)]
        assert not found.messages

    def test_a_failure_has_its_reason_in_korean_first(self, lent: Lent) -> None:
        reports = received(lent, KIT.message(MessageStatus="undelivered", ErrorCode="30003")).reports
        assert reports == (
            DeliveryReport(
                f"SM{1:032x}",
                "failed",
                "전화가 꺼져 있거나 받을 수 없는 곳에 있습니다 (handset cannot be reached, 30003)",
            ),
        )

    def test_an_unknown_code_is_shown_and_anything_else_is_not(self, lent: Lent) -> None:
        found = [
            received(lent, KIT.message(MessageStatus="failed", ErrorCode=code)).reports[0].reason
            for code in ("99999", PERSON, "")
        ]
        assert "Twilio, 99999" in found[0]
        assert "no code" in found[1] and "no code" in found[2]


class TestReceive:
    @pytest.mark.parametrize(("word", "kind"), [("STOP", "stop"), ("START", "start"), ("HELP", "text"), ("", "text")])
    def test_what_twilio_did_with_a_word_decides(self, lent: Lent, word: str, kind: str) -> None:
        assert received(lent, KIT.message(Body="STOP", OptOutType=word)).messages[0].kind == kind

    def test_pictures_come_first_and_other_files_beside(self, lent: Lent) -> None:
        at = f"{NOWHERE}/2010-04-01/Accounts/{ACCOUNT}/Messages/MM1/Media"
        values = {"NumMedia": "3", "MediaUrl0": f"{at}/1", "MediaContentType0": "audio/amr"}
        values |= {"MediaUrl1": f"{at}/2", "MediaContentType1": "image/png"}
        values |= {"MediaUrl2": "https://evil.example/3", "MediaContentType2": "image/png"}
        message = received(lent, KIT.message(**values)).messages[0]
        assert message.kind == "media"
        assert message.media == (Media("photo", f"{at}/2", "image/png"), Media("voice", f"{at}/1", "audio/amr"))

    def test_a_call_without_a_message_id_is_malformed(self, lent: Lent) -> None:
        with pytest.raises(Malformed):
            received(lent, {"From": PERSON, "Body": "안녕"})

    def test_the_answer_is_empty_twiml(self, lent: Lent) -> None:
        ack = received(lent, KIT.text("안녕")).ack
        assert (ack.content_type, ack.body) == ("text/xml", b'<?xml version="1.0" encoding="UTF-8"?><Response/>')


class TestSend:
    async def sent(self, lent: Lent, serve: Serve, **values: Any) -> tuple[Call, dict[str, str]]:
        async with serve(KIT.ok) as provider:
            await made(lent, provider.url, **values).send(KIT.outgoing(provider.url, "접수했습니다."))
            (call,) = provider.calls
        return call, {name: found[0] for name, found in parse_qs(call.body.decode()).items()}

    async def test_it_names_number_sender_text_and_where_to_report(self, lent: Lent, serve: Serve) -> None:
        call, fields = await self.sent(lent, serve)
        assert call.path == f"/2010-04-01/Accounts/{ACCOUNT}/Messages.json"
        assert fields == {"To": PERSON, "From": OURS, "Body": "접수했습니다.", "StatusCallback": URL}

    async def test_a_service_stands_in_for_the_number_and_a_key_for_the_token(self, lent: Lent, serve: Serve) -> None:
        service, key = "MG" + "0" * 32, "SK" + "1" * 32
        call, fields = await self.sent(
            lent, serve, sender="", messaging_service_sid=service, api_key=key, api_key_secret="s3cret"
        )
        assert fields["MessagingServiceSid"] == service and "From" not in fields
        assert call.headers["authorization"] == "Basic U0sx" + "MTEx" * 10 + "MTpzM2NyZXQ="

    async def test_refused_credentials_are_an_outage(self, lent: Lent, serve: Serve) -> None:
        async with serve(lambda call: refusal(401, 20003)) as provider:
            with pytest.raises(SendFailed) as failure:
                await made(lent, provider.url).send(KIT.outgoing("", "안녕"))
        assert (failure.value.outage, failure.value.retry) == (True, False)
        assert "계정 정보" in failure.value.reason

    async def test_a_wait_without_end_is_cut_to_an_hour(self, lent: Lent, serve: Serve) -> None:
        for value in ("9" * 35, "999999"):
            async with serve(lambda call, value=value: refusal(429, 20429, **{"retry-after": value})) as provider:  # type: ignore[misc]
                with pytest.raises(SendFailed) as failure:
                    await made(lent, provider.url).send(KIT.outgoing("", "안녕"))
            assert failure.value.retry_after == 3600


class TestFetch:
    def media(self, url: str) -> Media:
        return Media("photo", f"{url}/2010-04-01/Accounts/{ACCOUNT}/Messages/MM1/Media/ME1", "image/jpeg")

    async def test_credentials_stay_at_twilio_when_it_points_elsewhere(self, lent: Lent, serve: Serve) -> None:
        def answer(call: Call) -> Answer:
            if "Media/ME1" in call.path:
                return Answer(307, headers={"location": f"{provider.url}/signed?x=1"})
            return Answer(body=KIT.file)

        async with serve(answer) as provider:
            assert await made(lent, provider.url).fetch(self.media(provider.url)) == KIT.file
            first, second = provider.calls
        assert "authorization" in first.headers and "authorization" not in second.headers

    @pytest.mark.parametrize(
        "where", ["https://evil.example/x", "http://mms.twiliocdn.com/x", "file:///etc/passwd", "//evil.example", ":"]
    )
    async def test_it_follows_to_no_unknown_host(self, lent: Lent, serve: Serve, where: str) -> None:
        async with serve(lambda call: Answer(307, headers={"location": where})) as provider:
            with pytest.raises(SendFailed, match="unknown host"):
                await made(lent, provider.url).fetch(self.media(provider.url))
            assert len(provider.calls) == 1

    async def test_it_follows_once(self, lent: Lent, serve: Serve) -> None:
        async with serve(lambda call: Answer(307, headers={"location": f"{provider.url}{call.path}x"})) as provider:
            with pytest.raises(SendFailed, match="redirected twice"):
                await made(lent, provider.url).fetch(self.media(provider.url))

    async def test_a_file_that_lies_elsewhere_is_not_asked_for(self, lent: Lent) -> None:
        with pytest.raises(SendFailed, match="not at Twilio"):
            await made(lent).fetch(Media("photo", "https://evil.example/x"))


@pytest.mark.parametrize(
    "values",
    [
        {"sender": ""},
        {"messaging_service_sid": "MG" + "0" * 32},
        {"api_key": "SK" + "1" * 32},
        {"account_sid": "AC1"},
        {"sender": "01012345678"},
    ],
)
def test_settings_that_cannot_work_are_refused(lent: Lent, values: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        made(lent, **values)


class TestRecorded:
    """The vendor's vectors and payloads that others recorded, where the folder is there."""

    def test_the_vendors_vectors_fit_the_suites_signer(self) -> None:
        path = SHARED / "signature_vectors.json"
        vectors = json.loads(path.read_text("utf-8")) if path.is_file() else []
        for one in vectors:
            if "params" not in one or "1234" in one["url"] or "port" in one["name"]:
                continue
            pairs = one["params"].items() if isinstance(one["params"], dict) else one["params"]
            body = "&".join(f"{name}={value.replace('+', '%2B')}" for name, value in pairs).encode()
            assert signature(one["url"], body, one["auth_token"]) == one["signature"], one["name"]

    def test_recorded_forms_are_read(self, lent: Lent) -> None:
        path = SHARED / "inbound_forms.json"
        if not path.is_file():
            return
        forms = {name: text.encode() for name, text in json.loads(path.read_text("utf-8")).items()}
        found = {
            name: made(lent).receive(WebhookRequest("POST", {"x-twilio-signature": signature(URL, one)}, {}, one))
            for name, one in forms.items()
        }
        (message,) = found["inbound_sms"].messages
        assert (message.kind, message.text, message.address) == ("text", "Msg", "+14133881111")
        assert found["inbound_whatsapp_via_twilio"].ignored
        assert found["status_callback"].reports == (DeliveryReport(f"SM{1:032d}", "delivered"),)

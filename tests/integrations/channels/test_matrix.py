"""Matrix's own ways: kinds of event, rooms of two, joining, edits and threads, questions about names, the file."""

import json
from dataclasses import replace
from typing import Any
from urllib.parse import unquote

import pytest

from core.attempts import MAX_FILE
from core.contracts.channel import (
    Forged,
    HttpAnswer,
    IncomingMessage,
    Media,
    OutgoingMessage,
    Received,
    Registering,
    SendFailed,
    WebhookRequest,
)
from integrations.channels.matrix import Matrix, Settings
from tests.integrations.channels.conftest import Lent, Serve
from tests.integrations.channels.counterpart import Counterpart
from tests.integrations.channels.kits import Answer, Call
from tests.integrations.channels.kits.matrix import (
    AS_TOKEN,
    BASE,
    BOT,
    CITIZEN,
    HS_TOKEN,
    KIT,
    ROOM,
    event,
    member,
    refusal,
    said,
    sends,
    transaction,
)

PATH = "/_matrix/client/v3/rooms/" + ROOM


def made(lent: Lent, url: str = "http://127.0.0.1:9") -> Matrix:
    channel = KIT.build(lent.house, url)
    assert isinstance(channel, Matrix)
    return channel


def received(lent: Lent, *events: Any) -> Received:
    return made(lent).receive(KIT.sign(json.dumps(transaction(*events)).encode()))


def one(lent: Lent, found: Any) -> IncomingMessage:
    (message,) = received(lent, found).messages
    return message


def file(msgtype: str, sort: str, **more: Any) -> dict[str, Any]:
    content = {"msgtype": msgtype, "body": "a.bin", "url": "mxc://city.example/x_-1", "info": {"mimetype": sort}}
    return event("m.room.message", content | more)


def asked(lent: Lent, method: str, path: str, body: bytes = b"", token: str = HS_TOKEN) -> HttpAnswer:
    request = WebhookRequest(method, {"authorization": f"Bearer {token}"}, {}, body, f"{BASE}/{path}")
    found = made(lent).receive(request)
    assert found.ignored and not found.messages
    return found.ack


@pytest.mark.parametrize(
    ("found", "kind", "text", "media"),
    [
        (said("안녕하세요"), "text", "안녕하세요", []),
        (event("m.room.message", {"msgtype": "m.emote", "body": "손을 흔든다"}), "text", "손을 흔든다", []),
        (member(BOT, "invite", sender=CITIZEN), "start", "", []),
        (member(CITIZEN, "leave"), "stop", "", []),
        (member(BOT, "leave"), "stop", "", []),
        (member(BOT, "ban"), "stop", "", []),
        (event("m.sticker", {"body": "웃음", "url": "mxc://a/b"}), "other", "", []),
        (file("m.image", "image/png"), "media", "", ["photo"]),
        (file("m.image", "image/png", filename="a.png", body="가로등"), "media", "가로등", ["photo"]),
        (file("m.file", "image/heic"), "media", "", ["photo"]),
        (file("m.file", "application/x-hwp"), "other", "", ["file"]),
        (file("m.audio", "audio/ogg"), "other", "", ["voice"]),
        (file("m.video", "video/mp4"), "other", "", ["video"]),
        (file("m.image", "image/png", url="https://elsewhere.example/1.png"), "other", "", []),
        (file("m.image", "image/png", url=None, file={"url": "mxc://a/b", "key": {}}), "other", "", []),
        (event("m.room.message", {"msgtype": "m.key.verification.request", "body": "?"}), "other", "", []),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_it_reads_each_kind(lent: Lent, found: Any, kind: str, text: str, media: list[str]) -> None:
    message = one(lent, found)
    assert (message.kind, message.text, [each.kind for each in message.media]) == (kind, text, media)
    assert (message.address, message.external_id, message.provider_id) == (ROOM, "$event-1", "$event-1")
    assert message.sent_at and message.sent_at.isoformat() == "2026-09-21T11:26:40.123000+00:00"
    assert message.is_event == (kind == "stop"), "who left is not answered"


@pytest.mark.parametrize(
    ("uri", "point"),
    [
        ("geo:37.6453,126.6287", (37.6453, 126.6287)),
        ("geo:37.6,126.7,30;u=35", (37.6, 126.7)),
        ("geo:-37.6,-126.7", (-37.6, -126.7)),
        ("geo:91,0", None),
        ("geo:1e9,2", None),
        ("https://maps.example/?q=37,126", None),
        (7, None),
    ],
)
def test_a_place_is_a_geo_uri(lent: Lent, uri: Any, point: tuple[float, float] | None) -> None:
    message = one(lent, event("m.room.message", {"msgtype": "m.location", "body": "구래역", "geo_uri": uri}))
    found = message.place and (message.place.lat, message.place.lon, message.place.label)
    assert (message.kind, found) == (("place", (*point, "구래역")) if point else ("other", None))


def test_a_quoted_line_of_ours_is_not_his_word(lent: Lent) -> None:
    reply = {"m.in_reply_to": {"event_id": "$event-0"}}
    quoted = "> <@sinmungo:city.example> 어느 쪽인가요?\n> 1. 네\n\n네, 맞아요"
    assert one(lent, said(quoted, relation=reply)).text == "네, 맞아요"
    assert one(lent, said("> 인용으로 시작하는 글\n\n끝")).text == "> 인용으로 시작하는 글\n\n끝"


def test_an_edit_brings_the_new_words_and_names_the_old_message(lent: Lent) -> None:
    relation = {"rel_type": "m.replace", "event_id": "$event-0"}
    new = {"msgtype": "m.text", "body": "마산동"}
    content = {"msgtype": "m.text", "body": "* 마산동", "m.new_content": new, "m.relates_to": relation}
    message = one(lent, event("m.room.message", content))
    assert (message.text, message.edits, message.external_id) == ("마산동", "$event-0", "$event-1")


@pytest.mark.parametrize("where", [{"redacts": "$event-0"}, {"content": {"redacts": "$event-0"}}])
def test_what_was_taken_back_is_named(lent: Lent, where: dict[str, Any]) -> None:
    """Before room version 11 the event names it, since then its content does."""
    found = received(lent, event("m.room.redaction", {"reason": "실수"}) | where)
    assert (found.withdrawn, found.messages, found.ignored) == (("$event-0",), (), "")


def test_our_own_redaction_takes_nothing_of_a_citizens_away(lent: Lent) -> None:
    assert received(lent, event("m.room.redaction", {"redacts": "$event-0"}, sender=BOT)).withdrawn == ()


def test_an_encrypted_room_is_one_message_however_much_is_written_there(lent: Lent) -> None:
    secret = {"algorithm": "m.megolm.v1.aes-sha2", "ciphertext": "AwgAEnACgAkLmt6q"}
    found = received(
        lent, event("m.room.encryption", secret, "0", state_key=""), event("m.room.encrypted", secret, "1")
    )
    assert {(one.kind, one.payload, one.external_id) for one in found.messages} == {
        ("other", "encrypted", f"encrypted:{ROOM}")
    }


def test_events_keep_their_order_past_an_odd_one(lent: Lent) -> None:
    found = received(lent, said("하나", "1"), {"type": 7}, said("둘", "2"), None, said("셋", "3"))
    assert [message.text for message in found.messages] == ["하나", "둘", "셋"]


def test_names_are_answered_for(lent: Lent) -> None:
    answers = {path: asked(lent, "GET", path).status for path in (f"users/{BOT}", f"users/{CITIZEN}", "rooms/#a:b")}
    assert answers == {f"users/{BOT}": 200, f"users/{CITIZEN}": 404, "rooms/#a:b": 404}
    assert asked(lent, "POST", "ping", b'{"transaction_id": "1"}').status == 200
    with pytest.raises(Forged):
        asked(lent, "GET", f"users/{BOT}", token=AS_TOKEN)


def test_an_old_homeservers_token_stands_in_the_address(lent: Lent) -> None:
    old = replace(KIT.sign(b'{"events": []}'), headers={}, query={"access_token": HS_TOKEN})
    assert made(lent).receive(old).ack.status == 200


def test_the_former_token_opens_while_it_is_being_changed(lent: Lent) -> None:
    settings = made(lent)._settings.model_copy(update={"hs_token": "n" * 40, "previous_hs_token": HS_TOKEN})
    request = KIT.sign(b'{"events": []}')
    assert Matrix(settings, lent.house).receive(request).ack.status == 200
    with pytest.raises(Forged):
        Matrix(settings.model_copy(update={"previous_hs_token": ""}), lent.house).receive(request)


def outgoing(text: str = "네, 접수했습니다.", **values: Any) -> OutgoingMessage:
    return KIT.outgoing("", text, **values)


def steps(provider: Counterpart) -> list[tuple[str, str]]:
    return [(call.method, unquote(call.path).removeprefix(PATH)) for call in provider.calls]


async def content_of(lent: Lent, serve: Serve, message: OutgoingMessage) -> dict[str, Any]:
    async with serve(KIT.ok) as provider:
        sent = await made(lent, provider.url).send(message)
        assert sent.provider_id == "$sent-9"
    (call,) = sends(provider.calls)
    assert (call.method, unquote(call.path)) == ("PUT", f"{PATH}/send/m.room.message/{message.id}")
    content: dict[str, Any] = json.loads(call.body)
    return content


async def test_nothing_in_an_answer_is_markup(lent: Lent, serve: Serve) -> None:
    content = await content_of(lent, serve, outgoing('<b>네</b> & "끝"\n<script>\x07'))
    assert content["body"] == '<b>네</b> & "끝"\n<script>'
    assert content["formatted_body"] == "&lt;b&gt;네&lt;/b&gt; &amp; &quot;끝&quot;<br/>&lt;script&gt;"
    assert (content["msgtype"], content["m.mentions"]) == ("m.text", {})


async def test_an_answer_stands_in_a_thread(lent: Lent, serve: Serve) -> None:
    relation = (await content_of(lent, serve, outgoing(answers="$event-1")))["m.relates_to"]
    assert (relation["rel_type"], relation["event_id"]) == ("m.thread", "$event-1")


async def test_a_changed_message_takes_the_place_of_the_old(lent: Lent, serve: Serve) -> None:
    content = await content_of(lent, serve, outgoing("고침", replaces="$sent-1", answers="$event-1"))
    assert content["m.relates_to"] == {"rel_type": "m.replace", "event_id": "$sent-1"}
    assert (content["body"], content["m.new_content"]["body"]) == ("* 고침", "고침")


async def test_the_longest_edit_still_fits_an_event(lent: Lent, serve: Serve) -> None:
    for letter in ("가", "🚨", '"', "&", "\n", "\\", "\u2028"):
        content = await content_of(lent, serve, outgoing(letter * 9000, replaces="$sent-1"))
        assert len(json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()) < 65_000, letter


class Server:
    """A homeserver's room: who is in it, and whether we may join."""

    def __init__(self, *members: str, may_join: bool = True) -> None:
        self.members = set(members)
        self.may_join = may_join

    def __call__(self, call: Call) -> Answer:
        path = unquote(call.path).removeprefix(PATH)
        if path == "/join" and self.may_join:
            self.members.add(BOT)
        elif BOT not in self.members:
            return refusal(403, "M_FORBIDDEN")
        if path == "/joined_members":
            return Answer(body=json.dumps({"joined": {one: {} for one in self.members}}).encode())
        return KIT.ok(call)


async def test_the_first_answer_joins_the_room_that_it_was_invited_to(lent: Lent, serve: Serve) -> None:
    async with serve(Server(CITIZEN)) as provider:
        await made(lent, provider.url).send(outgoing())
    sent = f"/send/m.room.message/{outgoing().id}"
    assert [path for _, path in steps(provider)] == ["/joined_members", "/join", "/joined_members", sent]


@pytest.mark.parametrize(
    ("server", "last"),
    [
        (Server(CITIZEN, may_join=False), "/join"),
        (Server(BOT), "/joined_members"),
        (Server(BOT, CITIZEN, "@lee:elsewhere.example"), "/leave"),
    ],
    ids=["thrown out", "alone", "a third person"],
)
async def test_it_stops_where_it_is_not_alone_with_the_citizen(
    lent: Lent, serve: Serve, server: Server, last: str
) -> None:
    async with serve(server) as provider:
        with pytest.raises(SendFailed) as failure:
            await made(lent, provider.url).send(outgoing("김시민 님의 민원"))
    assert failure.value.stopped and not failure.value.retry
    assert steps(provider)[-1][1] == last
    assert not any("김시민" in call.body.decode() for call in provider.calls)


async def test_a_third_person_is_told_why(lent: Lent, serve: Serve) -> None:
    async with serve(Server(BOT, CITIZEN, "@lee:city.example")) as provider:
        with pytest.raises(SendFailed):
            await made(lent, provider.url).send(outgoing())
    (notice,) = sends(provider.calls)
    assert "1:1" in json.loads(notice.body)["body"]


async def test_a_refused_token_is_an_outage_and_no_citizens_fault(lent: Lent, serve: Serve) -> None:
    async with serve(lambda call: refusal(401, "M_UNKNOWN_TOKEN")) as provider:
        with pytest.raises(SendFailed) as failure:
            await made(lent, provider.url).send(outgoing())
    assert (failure.value.outage, failure.value.stopped, failure.value.retry) == (True, False, False)


async def test_typing_is_shown_and_ends_by_itself(lent: Lent, serve: Serve) -> None:
    async with serve(KIT.ok) as provider:
        await made(lent, provider.url).working(ROOM)
    assert steps(provider) == [("PUT", f"/typing/{BOT}")]
    assert json.loads(provider.calls[0].body) == {"typing": True, "timeout": 8000}


async def test_a_file_is_at_most_20_mb_and_from_our_own_homeserver(lent: Lent, serve: Serve) -> None:
    async with serve(lambda call: Answer(body=b"\xff" * (MAX_FILE + 1))) as provider:
        channel = made(lent, provider.url)
        with pytest.raises(SendFailed, match="20 MB"):
            await channel.fetch(Media("photo", "mxc://far.example/big"))
        assert [unquote(call.path) for call in provider.calls] == ["/_matrix/client/v1/media/download/far.example/big"]
        assert provider.calls[0].headers["authorization"] == f"Bearer {AS_TOKEN}"
        for ref in ("https://far.example/a.jpg", "mxc://far.example/../../v3/account/whoami", "mxc://a/b?c=d", ""):
            with pytest.raises(SendFailed, match="not a file"):
                await channel.fetch(Media("photo", ref))
        assert len(provider.calls) == 1


async def test_registering_writes_the_homeservers_file_first(lent: Lent, serve: Serve) -> None:
    async with serve(lambda call: refusal(401, "M_UNKNOWN_TOKEN")) as provider:
        with pytest.raises(SendFailed, match=r"matrix-as\.yaml") as failure:
            await made(lent, provider.url).register("https://city.example/channels/matrix")
    written = lent.house.var / "matrix-as.yaml"
    assert written.stat().st_mode & 0o077 == 0, "it holds both tokens"
    found = json.loads(written.read_text("utf-8"))
    assert (found["as_token"], found["hs_token"], found["sender_localpart"]) == (AS_TOKEN, HS_TOKEN, "sinmungo")
    assert found["url"] == "https://city.example/channels/matrix"
    assert AS_TOKEN not in str(failure.value)


async def test_registering_names_the_bot_and_has_the_homeserver_ping_us(lent: Lent, serve: Serve) -> None:
    async with serve(lambda call: Answer(body=b'{"duration_ms": 12}')) as provider:
        channel = made(lent, provider.url)
        assert isinstance(channel, Registering)
        assert await channel.register("https://city.example/channels/matrix") == f"{BOT}, 12 ms"
    named = next(json.loads(call.body) for call in provider.calls if call.path.endswith("/displayname"))
    assert named == {"displayname": "신문고"}

    def unreachable(call: Call) -> Answer:
        return refusal(502, "M_CONNECTION_FAILED") if call.path.endswith("/ping") else Answer()

    async with serve(unreachable) as provider:
        with pytest.raises(SendFailed, match="cannot reach us"):
            await made(lent, provider.url).register("https://city.example/channels/matrix")


@pytest.mark.parametrize(
    "wrong", [{"as_token": "short"}, {"hs_token": "한글" * 20}, {"homeserver_url": "city.example"}, {"server_name": ""}]
)
def test_settings_that_could_not_work_are_refused(wrong: dict[str, str]) -> None:
    good = {"homeserver_url": "http://h", "server_name": "h", "as_token": AS_TOKEN, "hs_token": HS_TOKEN}
    Settings.model_validate(good)
    with pytest.raises(ValueError, match="1 validation error"):
        Settings.model_validate(good | wrong)

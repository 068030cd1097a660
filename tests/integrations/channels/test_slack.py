"""Slack's own ways of calling us: signatures as its library makes them, every kind of call, what others recorded."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

import pytest
from pydantic import ValidationError
from slack_sdk.signature import SignatureVerifier

from core.clock import SetClock
from core.contracts.channel import Forged, Malformed, Received
from core.contracts.staffroom import (
    EVERYWHERE,
    StaffButton,
    StaffCard,
    StaffEvent,
)
from core.loading import ROOT
from integrations.channels.slack import SIGNATURE, STAMP, Settings, Slack
from tests.integrations.channels.conftest import Lent
from tests.integrations.channels.kits import slack as kit
from tests.integrations.channels.kits.slack import (
    KIT,
    ROOM,
    SECRET,
    TEAM,
    TOKEN,
    USER,
    event,
    form,
    interaction,
)
from tests.integrations.channels.mutations import ODD, changed_at, paths

SHARED = ROOT.parent / "shared/data/channels/slack"
CARD = StaffCard(
    "GP-2026-000001 · 가로등", fields=(("상태", "접수 <b>&"),), buttons=(StaffButton("담당", "take", "x:1"),)
)


def made(lent: Lent, url: str = "http://127.0.0.1:9") -> Slack:
    channel = KIT.build(lent.house, url)
    assert isinstance(channel, Slack)
    return channel


def heard(lent: Lent, document: Any) -> Received:
    return made(lent).receive(KIT.sign(json.dumps(document).encode()))


def did(received: Received) -> StaffEvent:
    assert not received.messages
    (one,) = received.staff
    return one


# -- who calls --


def test_the_vendors_library_agrees_with_our_guard(lent: Lent) -> None:
    """The judge is slack-sdk's verifier: what it signs is let in, and what is let in it finds right."""
    clock: Any = type("Clock", (), {"now": staticmethod(lambda: float(kit.STAMP))})()
    judge = SignatureVerifier(SECRET, clock)
    for body in ('{"type":"url_verification","challenge":"c"}', '{"text":"가나다 🚨"}', "{}"):
        signature = judge.generate_signature(timestamp=str(kit.STAMP), body=body)
        headers = {STAMP: str(kit.STAMP), SIGNATURE: str(signature), "content-type": "application/json"}
        request = kit.signed(body.encode())
        assert request.headers[SIGNATURE] == signature
        assert judge.is_valid_request(request.body, headers)
        made(lent).receive(request)


@pytest.mark.parametrize(("off", "fits"), [(-301, False), (-300, True), (300, True), (301, False)])
def test_a_stamp_may_be_five_minutes_off_either_way(lent: Lent, off: int, fits: bool) -> None:
    request = kit.signed(b"{}", stamp=str(kit.STAMP + off))
    if fits:
        assert made(lent).receive(request).ignored
    else:
        with pytest.raises(Forged):
            made(lent).receive(request)


def test_an_unsigned_certificate_check_is_refused(lent: Lent) -> None:
    request = form({"ssl_check": "1", "token": "x"})
    with pytest.raises(Forged) as refused:
        made(lent).receive(KIT.unsigned(request))
    assert refused.value.status == 401
    assert made(lent).receive(request).ignored


def test_the_address_is_verified_by_its_challenge(lent: Lent) -> None:
    received = heard(lent, {"type": "url_verification", "challenge": "3eZbrw1a"})
    assert json.loads(received.ack.body) == {"challenge": "3eZbrw1a"}


def test_another_workspace_is_not_heard_where_one_is_named(lent: Lent) -> None:
    settings = Settings(bot_token=TOKEN, signing_secret=SECRET, team_id="T0ANOTHER")
    assert Slack(settings, lent.house).receive(KIT.sign(json.dumps(kit.said("안녕")).encode())).ignored


@pytest.mark.parametrize("body", [b"payload=%7B", b"payload=12", b"payload=%FF", b"%FF=%FE", b"command"])
def test_a_broken_form_is_malformed(lent: Lent, body: bytes) -> None:
    kind = "application/x-www-form-urlencoded"
    if body == b"command":
        assert made(lent).receive(kit.signed(body, kind=kind)).ignored
        return
    if body == b"%FF=%FE":
        with pytest.raises(Malformed):
            made(lent).receive(kit.signed(body, kind=kind))
        return
    with pytest.raises(Malformed):
        made(lent).receive(kit.signed(body, kind=kind))


# -- what they say --


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        ("&lt;b&gt; &amp;amp; 안녕", "<b> &amp; 안녕"),
        ("보세요 <https://www.gimpo.go.kr|www.gimpo.go.kr>", "보세요 https://www.gimpo.go.kr"),
        ("<https://a.kr/x?y=1&amp;z=2|여기>", "여기 (https://a.kr/x?y=1&z=2)"),
        ("<mailto:a@b.kr|a@b.kr> <tel:0319802114|031-980-2114>", "a@b.kr 031-980-2114 (0319802114)"),
        ("<@U0SOMEONE> <#C0ROADS|roads> <!here>", "@ #roads @"),
        ("a < b > c", "a < b > c"),
    ],
)
def test_slacks_own_writing_becomes_what_a_person_sees(lent: Lent, raw: str, text: str) -> None:
    document = kit.said("x")
    document["event"]["text"] = raw
    assert heard(lent, document).messages[0].text == text


def test_a_reply_in_a_thread_of_a_desk_room_is_the_staffs(lent: Lent) -> None:
    said = {"channel": ROOM, "channel_type": "channel", "thread_ts": "1789999000.000100"}
    one = did(heard(lent, kit.said("확인했습니다", **said)))
    assert (one.kind, one.member, one.room, one.thread) == ("reply", f"{TEAM}/{USER}", ROOM, "1789999000.000100")
    assert (one.text, one.external_id, one.is_aside, one.has_files) == ("확인했습니다", "Ev0SUITE1", False, False)
    document = kit.said("x", **said)
    document["event"]["text"] = "<@U0OTHER> 봐 주세요"
    assert did(heard(lent, document)).is_aside
    assert did(heard(lent, kit.said("도면", **said, subtype="file_share", files=[{"id": "F1"}]))).has_files


def test_a_button_a_form_and_a_command_are_the_staffs(lent: Lent) -> None:
    pressed = did(heard(lent, kit.pressed("staff:take", "x:7", room=ROOM)))
    assert (pressed.kind, pressed.action, pressed.value, pressed.room) == ("button", "take", "x:7", ROOM)
    assert pressed.trigger and pressed.thread == f"{kit.STAMP - 60}.000200"
    view = {
        "callback_id": "staff:status",
        "private_metadata": "x:7",
        "state": {
            "values": {
                "status": {"status": {"type": "static_select", "selected_option": {"value": "answered"}}},
                "text": {"text": {"type": "plain_text_input", "value": "치웠습니다"}},
                "body": {"body": {"type": "plain_text_input", "value": None}},
            }
        },
    }
    payload = {
        "type": "view_submission",
        "team": {"id": TEAM},
        "user": {"id": USER},
        "trigger_id": "1.2.3",
        "view": view,
    }
    filled = did(made(lent).receive(interaction(payload)))
    assert (filled.kind, filled.action, filled.value) == ("form", "status", "x:7")
    assert filled.values == {"status": "answered", "text": "치웠습니다", "body": ""}
    given = {"team_id": TEAM, "user_id": USER, "channel_id": "C0ANY", "command": "/sinmungo", "trigger_id": "9.9"}
    typed = did(made(lent).receive(form(given | {"text": " LINK abcd-2345 "})))
    assert (typed.kind, typed.action, typed.text, typed.external_id) == ("command", "link", "abcd-2345", "c:9.9")


def test_a_linking_code_typed_to_the_app_is_no_citizens_message(lent: Lent) -> None:
    one = did(heard(lent, kit.said("연결 ABCD-2345")))
    assert (one.kind, one.action, one.text, one.trigger) == ("command", "link", "ABCD-2345", "")
    assert heard(lent, kit.said("연결이 자꾸 끊겨요")).messages


@pytest.mark.parametrize(
    ("content", "room", "action"),
    [
        ({"type": "channel_archive", "channel": ROOM, "user": USER}, ROOM, "gone"),
        ({"type": "channel_deleted", "channel": ROOM}, ROOM, "gone"),
        ({"type": "channel_left", "channel": ROOM}, ROOM, "gone"),
        ({"type": "group_archive", "channel": ROOM}, ROOM, "gone"),
        ({"type": "channel_unarchive", "channel": ROOM, "user": USER}, ROOM, "back"),
        ({"type": "tokens_revoked", "tokens": {"bot": ["U0APP"]}}, EVERYWHERE, "gone"),
        ({"type": "app_uninstalled"}, EVERYWHERE, "gone"),
    ],
)
def test_what_becomes_of_a_room_is_told(lent: Lent, content: Any, room: str, action: str) -> None:
    one = did(heard(lent, event(content)))
    assert (one.kind, one.room, one.action, one.member) == ("room", room, action, "")


def test_another_room_is_nothing_to_us(lent: Lent) -> None:
    assert heard(lent, event({"type": "channel_archive", "channel": "C0OTHER01", "user": USER})).ignored


def test_without_rooms_nobody_is_staff(lent: Lent) -> None:
    channel = Slack(Settings(bot_token=TOKEN, signing_secret=SECRET), lent.house)
    for request in (
        interaction(kit.pressed("staff:take", "x:7", room=ROOM)),
        KIT.sign(json.dumps({"type": "app_rate_limited", "minute_rate_limited": 1, "team_id": TEAM}).encode()),
    ):
        assert channel.receive(request).ignored


# -- settings, and what others recorded --


@pytest.mark.parametrize(
    "given",
    [
        {"bot_token": "xoxp-1-2"},
        {"signing_secret": ""},
        {"rooms": {"road": "#roads"}},
        {"rooms": {"road": "D0DIRECT1"}},
        {"command": "sinmungo"},
        {"api_base_url": "https://slack.com/api/"},
        {"unknown": 1},
    ],
)
def test_a_wrong_setting_is_refused(given: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Settings.model_validate({"bot_token": TOKEN, "signing_secret": SECRET, **given})


def recorded() -> Iterator[Any]:
    """Extra pass over payloads that the vendor published (not shipped with the code)."""
    if (SHARED / "inbound.json").exists():
        for name, content in json.loads((SHARED / "inbound.json").read_text("utf-8")).items():
            yield pytest.param(content, id=name)
    yield pytest.param(event({"type": "reaction_added", "user": USER}), id="our own")


@pytest.mark.parametrize("content", list(recorded()))
def test_every_recorded_call_is_taken_and_none_is_a_citizens(lent: Lent, content: Any) -> None:
    """They are of channels that are nobody's desk here, and of other apps' buttons."""
    if isinstance(content, str):
        request = kit.signed(content.encode(), kind="application/x-www-form-urlencoded")
    elif "challenge" in content or content.get("type") == "event_callback":
        request = KIT.sign(json.dumps(content).encode())
    else:
        request = kit.signed(f"payload={quote(json.dumps(content))}".encode(), kind="application/x-www-form-urlencoded")
    received = made(lent).receive(request)
    assert received.ack.status == 200 and not received.messages
    assert received.ignored or received.staff[0].kind == "command"


def vectors() -> Iterator[Any]:
    if (SHARED / "signature_vector.json").exists():
        yield json.loads((SHARED / "signature_vector.json").read_text("utf-8"))


@pytest.mark.parametrize("vector", list(vectors()) or [None])
def test_the_vendors_own_example_of_a_signature_fits(lent: Lent, vector: Any) -> None:
    if vector is None:  # the same promise is kept above against the vendor's library
        return
    stamp = str(vector["timestamp"])
    lent.clock.move(datetime.fromtimestamp(int(stamp), UTC) - lent.clock.now())
    assert isinstance(lent.clock, SetClock)
    settings = Settings(bot_token=TOKEN, signing_secret=vector["signing_secret"])
    headers = {STAMP: stamp, SIGNATURE: vector["signature"], "content-type": "application/x-www-form-urlencoded"}
    request = kit.signed(vector["body"].encode())
    received = Slack(settings, lent.house).receive(type(request)("POST", headers, {}, vector["body"].encode()))
    assert received.ack.status == 200


STAFFS = {
    "a button": kit.pressed("staff:take", "x:7", room=ROOM),
    "a form": {
        "type": "view_submission",
        "team": {"id": TEAM},
        "user": {"id": USER, "team_id": TEAM},
        "trigger_id": "1.2.3",
        "view": {
            "callback_id": "staff:status",
            "private_metadata": "x:7",
            "state": {"values": {"text": {"t": {"value": "글"}}, "status": {"s": {"selected_option": {"value": "a"}}}}},
        },
    },
    "a reply": kit.said("확인", channel=ROOM, channel_type="channel", thread_ts="1789999000.000100", files=[{}]),
    "a room": event({"type": "channel_archive", "channel": ROOM, "user": USER}),
    "a limit": {"type": "app_rate_limited", "team_id": TEAM, "minute_rate_limited": 1790000000},
    "a code": kit.said("연결 ABCD-2345"),
}


@pytest.mark.parametrize("name", STAFFS)
def test_no_wrong_type_in_what_staff_did_breaks_it(lent: Lent, name: str) -> None:
    assert did(heard(lent, STAFFS[name]))
    channel = made(lent)
    for path in list(paths(STAFFS[name])):
        for odd in ODD:
            try:
                received = channel.receive(KIT.sign(json.dumps(changed_at(STAFFS[name], path, odd)).encode()))
            except Malformed:
                assert not path  # the whole of it is no object
                continue
            assert received.ack.status == 200
            for one in received.staff:
                said = (one.member, one.room, one.thread, one.action, one.value, one.text, one.trigger)
                assert all(isinstance(text, str) for text in (*said, *one.values, *one.values.values()))
                assert 0 < len(one.external_id) <= 150

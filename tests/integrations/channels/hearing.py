"""What a channel makes of a request, with the bounds of the store checked on all of it."""

from datetime import UTC

from core.contracts.channel import Channel, Forged, Malformed, Received, WebhookRequest
from core.contracts.staffroom import StaffEvent


def heard(channel: Channel, request: WebhookRequest) -> Received | Forged | Malformed:
    """What the channel makes of it; anything but the three is a failure of the test. Keeps the bounds of the store."""
    try:
        received = channel.receive(request)
    except (Forged, Malformed) as error:
        return error
    assert received.ack.status // 100 == 2
    assert received.messages or received.reports or received.ignored or received.withdrawn or received.staff
    for event in received.staff:
        assert_short(event.external_id)
        assert_bounded(event)
    for key in received.withdrawn:
        assert_short(key)
    for report in received.reports:
        assert_short(report.provider_id)
        assert isinstance(report.reason, str)
    for message in received.messages:
        assert_short(message.external_id)
        if not message.known_by:
            assert_short(message.address)
        assert message.is_event or not message.known_by
        for name in (message.provider_id, message.edits, message.album, message.known_by):
            assert_short(name or "-")
        assert message.kind in ("text", "button", "place", "media", "start", "stop", "other")
        assert isinstance(message.text, str)
        assert message.payload.isascii() and len(message.payload) <= 64
        assert (message.kind == "place") <= (message.place is not None)
        if message.place:
            assert -90 <= message.place.lat <= 90 and -180 <= message.place.lon <= 180
            assert isinstance(message.place.label, str)
        for media in message.media:
            assert_short(media.ref, 1000)
            assert isinstance(media.content_type, str) and isinstance(media.size, int)
            assert "\x00" not in media.content_type and media.size >= 0
        assert len(message.lang_hint) <= 16 and message.lang_hint.isascii() and "\x00" not in message.lang_hint
        assert len(message.reply_token) <= 2000 and message.reply_token.isascii() and "\x00" not in message.reply_token
        if message.sent_at:
            message.sent_at.astimezone(UTC)
    return received


def assert_bounded(event: StaffEvent) -> None:
    """What a member of staff did, of the types that it says it has; where and who is short."""
    for value in (event.member, event.room, event.thread, event.action, event.value, event.text, event.trigger):
        assert isinstance(value, str)
    assert max(map(len, (event.member, event.room, event.thread))) <= 100
    assert all(isinstance(part, str) for pair in event.values.items() for part in pair)


def assert_short(value: object, most: int = 200) -> None:
    """Fit to be an index key: text of 1 to `most` characters that PostgreSQL takes."""
    assert isinstance(value, str) and 0 < len(value) <= most
    assert "\x00" not in value
    value.encode()

"""Slack's published specification under Prism: each call of ours is one that it knows and takes."""

from datetime import UTC, datetime
from uuid import UUID

import pytest

from core.contracts.channel import Button, Media, OutgoingMessage, SendFailed
from core.contracts.staffroom import RoomFailed, StaffButton, StaffCard, StaffField, StaffForm
from integrations.channels.slack import Settings, Slack
from tests.counterparts.conftest import Prism, Watched
from tests.integrations.channels.kits.slack import KIT, ROOM, SECRET, TEAM, TOKEN, USER

pytestmark = pytest.mark.counterpart
SPEC = "slack_web_oas3.json"
CARD = StaffCard(
    "GP-2026-000001 · 가로등",
    fields=(("상태", "접수"), ("기한", "2026년 11월 27일(금)")),
    buttons=(
        StaffButton("담당하기", "take", "x:1", "primary"),
        StaffButton("이어서", "take_over", "x:1", "", "정말요?"),
    ),
    note="이 글타래에 답을 적으면 시민에게 전해집니다.",
)
FORM = StaffForm(
    "status",
    "상태 변경",
    "GP-2026-000001",
    (
        StaffField("status", "새 상태", (("answered", "답변 완료"), ("refused", "불수용"))),
        StaffField("text", "시민에게 드릴 글", is_required=False, is_long=True, hint="그대로 전해집니다."),
    ),
    "바꾸기",
    "x:1",
)


async def slack(prism: Prism, watched: Watched) -> Slack:
    """Its paths have no /api in front."""
    url = await prism(SPEC)
    settings = Settings(bot_token=TOKEN, signing_secret=SECRET, rooms={"road": ROOM}, api_base_url=url)
    return Slack(settings, watched.house)


def message(**values: object) -> OutgoingMessage:
    return OutgoingMessage(id=UUID(int=7), address=KIT.address, **values)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "values",
    [
        {"text": "접수했습니다. <여기> & 저기"},
        {"text": "골라 주세요", "buttons": tuple(Button(f"{index}번", f"b:{index}") for index in range(30))},
        {"text": "고쳤습니다", "replaces": "1405894322.002768"},
    ],
    ids=["words", "choices", "replaced"],
)
async def test_what_is_said_to_a_citizen_is_taken(prism: Prism, watched: Watched, values: dict[str, object]) -> None:
    channel = await slack(prism, watched)
    assert (await channel.send(message(**values))).provider_id
    await channel.aclose()


async def test_what_is_shown_to_staff_is_taken(prism: Prism, watched: Watched) -> None:
    channel, key = await slack(prism, watched), UUID(int=9)
    ts = await channel.post(ROOM, CARD, key=key)
    assert ts
    assert await channel.post(ROOM, StaffCard("", "상태: 접수 → 처리 중"), key=key, thread=ts)
    await channel.change(ROOM, ts, CARD)
    await channel.whisper(ROOM, f"{TEAM}/{USER}", StaffCard("", "보냈습니다"), thread=ts)
    await channel.open_form("12345.98765.abcd2358fdea", FORM)
    since = datetime(2026, 11, 1, tzinfo=UTC)
    assert await channel.find(ROOM, key, since) == ""
    # The answer that the specification gives as an example breaks its own schema (response_metadata), which Prism tells
    # by a 500; a call that is wrong gets a 4xx.
    with pytest.raises(RoomFailed, match="HTTP 500"):
        await channel.find(ROOM, key, since, thread=ts)
    await channel.aclose()


async def test_an_example_file_of_theirs_is_asked_for_and_not_fetched_elsewhere(prism: Prism, watched: Watched) -> None:
    channel = await slack(prism, watched)
    with pytest.raises(SendFailed) as refused:
        await channel.fetch(Media("photo", "F2147483862"))
    assert "주소가 아닙니다" in refused.value.reason or "받지 못했습니다" in refused.value.reason
    await channel.aclose()


async def test_a_call_that_the_specification_does_not_know_is_refused(prism: Prism, watched: Watched) -> None:
    """The judge judges: a form without its trigger is no call of theirs."""
    channel = await slack(prism, watched)
    with pytest.raises(RoomFailed):
        await channel._call(channel._client.api_call, api_method="views.open", json={"view": {}})
    await channel.aclose()

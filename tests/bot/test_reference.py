"""What "거기", "두 번째" and "말고" lean on."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Literal
from uuid import UUID

import pytest

from bot.reference import Reference, refer
from bot.wording import without_negated
from core.contracts.channel import IncomingMessage
from core.contracts.dialogue import Topic, Turn
from core.contracts.understanding import Entity, IntentScore, Understanding

SERVICE_OF = {"parking_find": "parking", "parking_fee_hours": "parking", "office_info": "office", "help": "general"}
ITEMS = ({"id": "a", "name": "구래1"}, {"id": "b", "name": "구래2"}, {"id": "c", "name": "구래3"})
LIST = Topic("parking", "parking_find", ITEMS, memory={"pick": "parking_fee_hours"})
PENDING = Topic("parking", "parking_fee_hours", memory={"pending": "parking_fee_hours"})


def turn(
    text: str,
    intent: str = "",
    *,
    band: Literal["act", "ask", "refuse"] = "refuse",
    topic: Topic | None = LIST,
    entities: tuple[tuple[str, str, str], ...] = (),
) -> Turn:
    found = tuple(
        Entity(kind, text.index(said), text.index(said) + len(said), said, value) for kind, said, value in entities
    )
    ranking = (IntentScore(intent, 0.9),) if intent else ()
    seen = without_negated(Understanding(text, "ko", band, ranking, found))
    message = IncomingMessage("1", "a", "text", text)
    now = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
    return Turn(UUID(int=0), "gimpo", "memory", None, now, "ko", message, seen, topic=topic)


SECOND = (("ordinal", "두 번째", "2"),)
LAST = (("ordinal", "마지막", "-1"),)
JANGGI = (("place", "장기동", "장기동"),)


def test_with_nothing_talked_about_nothing_is_meant() -> None:
    assert refer(turn("거기 요금은?", topic=None), SERVICE_OF) is None


@pytest.mark.parametrize(
    ("made", "wanted"),
    [
        (turn("그럼 두 번째는?", entities=SECOND), Reference("parking_fee_hours", ITEMS[1], 1)),
        (turn("마지막 거", entities=LAST), Reference("parking_fee_hours", ITEMS[2], 2)),
        (
            turn("두 번째 어디예요", "parking_find", band="act", entities=SECOND),
            Reference("parking_find", ITEMS[1], 1),
        ),
        (
            turn("거기 요금은?", "parking_fee_hours", band="act", topic=replace(LIST, index=2)),
            Reference("parking_fee_hours", ITEMS[2], 2),
        ),
        (turn("아니 구래동 말고 장기동", entities=JANGGI), Reference("parking_find")),
        (turn("장기동이요", entities=JANGGI, topic=PENDING), Reference("parking_fee_hours")),
        (turn("두 시간", entities=(("duration", "두 시간", "120"),)), Reference("parking_find", None, None)),
        (turn("공짜인데 없음?", "parking_find", band="ask"), Reference("parking_find")),
    ],
)
def test_it_leans_on_what_was_talked_about(made: Turn, wanted: Reference) -> None:
    assert refer(made, SERVICE_OF) == wanted


@pytest.mark.parametrize(
    "made",
    [
        turn("그럼 여권은 어디서 만들어요?", "office_info", band="act"),
        turn("장기동 주차장 알려줘", "parking_find", band="act", entities=JANGGI),
        turn("오늘 날씨가 참 좋네요 그렇죠"),
        turn("여권 발급", "office_info", band="ask"),
    ],
)
def test_a_question_of_its_own_stands_alone(made: Turn) -> None:
    assert refer(made, SERVICE_OF) is None

"""The rules of bays as citizens hear them, and the dated rows that they are told from."""

from datetime import date
from typing import Literal

import pytest

from actions.parking_rules import lawbook
from actions.parking_rules.handlers import INTENTS, tell
from bot.replies import Texts
from core.loading import ROOT
from tests.actions.parking.turns import turn

FILES = {lang: [ROOT / f"actions/parking_rules/replies.{lang}.yml"] for lang in ("ko", "en")}
TEXTS = Texts(FILES, {"ko": {}, "en": {}})
TODAY = date(2026, 9, 30)


async def told(text: str, lang: Literal["ko", "en"] = "ko", argument: str = "") -> str:
    (say,) = (await tell(turn(text, lang=lang, argument=argument))).says
    return TEXTS.render(say.key, lang, say.values)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("급속 충전기 몇 시간까지 돼요", "급속충전기: 1시간까지, 완속충전기: 14시간까지"),
        ("플러그인 하이브리드 완속은요", "2026년 2월부터 7시간으로 안내되고 있어요. 확인 필요."),
        (
            "일반 차가 충전구역에 대면",
            "일반 차가 충전구역에 주차하면 과태료 10만 원, 충전시설을 일부러 훼손하면 20만 원",
        ),
        ("장애인 구역 과태료", "과태료 10만 원, 물건을 쌓거나 앞을 막아 주차를 방해하면 50만 원"),
        ("장애인 표지만 있으면 되나요", "표지만 있고 그분이 타지 않았으면 댈 수 없어요."),
        ("주차표지를 빌려주면", "과태료가 200만 원까지 나올 수 있어요."),
        ("임산부 칸에 남이 대면", "법에 정해진 과태료는 없습니다."),
        ("여성 전용 주차 단속", "배려를 부탁하는 자리예요."),
        ("소화전 옆은요", "소화전 5m 안"),
        ("주차 규칙 알려줘", "어떤 자리의 규칙이 궁금하세요?"),
    ],
)
async def test_a_rule_is_told(text: str, words: str) -> None:
    assert words in await told(text)


async def test_what_is_not_certain_is_said_to_be_so_with_the_article() -> None:
    text = await told("장애인 구역 과태료")
    assert "근거: 장애인등편의법 제17조·제27조" in text
    assert "현행 조문을 확인해 주세요." in text


async def test_a_rule_holds_from_its_day_on() -> None:
    assert "charging_slow_phev" not in lawbook.rules(date(2026, 2, 4))
    assert lawbook.rules(date(2026, 2, 5))["charging_slow_phev"].hours == 7
    assert lawbook.rules(date(2026, 2, 5))["charging_slow"].hours == 14


def test_every_row_names_its_article_its_source_and_how_sure_it_is() -> None:
    held = lawbook.rules(TODAY).values()
    assert {rule.certainty for rule in held} <= set("VSOPK?")
    assert all(rule.article and rule.source for rule in held)
    assert [rule.key for rule in held if rule.is_certain] == [], "the texts say so as long as no row was read in law"


@pytest.mark.parametrize("topic", ["charging", "disabled", "badge", "courtesy", "banned", "", "x"])
@pytest.mark.parametrize("lang", ["ko", "en"])
async def test_every_topic_has_words_in_both_languages(topic: str, lang: Literal["ko", "en"]) -> None:
    text = await told("", lang, topic)
    assert text and "None" not in text and len(text) <= 1_000


async def test_a_button_leads_to_the_other_topics() -> None:
    (say,) = (await tell(turn("급속 충전 시간"))).says
    assert [button.payload for button in say.buttons] == [
        "do:parking_rules:disabled", "do:parking_rules:courtesy", "do:parking_rules:banned"
    ]  # fmt: skip
    assert list(INTENTS) == ["parking_rules"]

"""The engine on lines it was not trained on, and on the sentences that must be clear."""

import json
from collections import Counter
from pathlib import Path

import pytest

from core.loading import ROOT
from nlu.datasets import read_examples, read_training
from nlu.engine import LightEngine
from nlu.evaluation import evaluate
from nlu.markup import Example

from .conftest import NOW

HERE = Path(__file__).parent
# `dev` may be looked at while lines are written; `split` is for measuring only. Neither author wrote training lines.
# `account` holds what is said of one's own account, `rules` what is asked of the rules of parking bays: each written
# apart from the training lines, by the same hand.
DEV = read_examples(HERE / "dev.jsonl")
SPLIT = read_examples(HERE / "split.jsonl")
OWN = read_examples(HERE / "account.jsonl")
RULES = read_examples(HERE / "rules.jsonl")
SEVERAL = [json.loads(line) for line in (HERE / "several.jsonl").read_text("utf-8").splitlines()]
TALK = {"greet", "thanks", "affirm", "deny", "help", "talk_to_human", "out_of_scope"}
STYLES = {"polite", "casual", "terse", "typo", "nospace", "dialect", "mixed", "personal"}
INTENTS = {
    "parking_find", "parking_fee_hours", "air_now", "air_forecast_alert", "air_complaint", "arrears_inquiry",
    "arrears_payment", "arrears_installment", "arrears_seizure_release", "complaint_file", "complaint_status",
    "complaint_add_info", "complaint_withdraw", "safety_report", "town_shop", "town_event", "town_share", "town_travel",
    "office_info", "talk_to_human", "subscribe", "unsubscribe", "greet", "thanks", "affirm", "deny", "help",
    "out_of_scope",
}  # fmt: skip
PARKING = {"parking_rules"}
ASKED = {"parking_place", "parking_watch"}
"""Waiting for a place, and home and work: no lines of others measure them yet."""
ACCOUNT = {"link_channel", "unlink_channel", "choose_notice_channel", "my_data_show", "my_data_delete"}


@pytest.mark.parametrize("lines", [DEV, SPLIT], ids=["dev", "split"])
def test_figures_hold_on_lines_of_others(engine: LightEngine, lines: list[Example]) -> None:
    report = evaluate(engine, lines)
    assert report.lines >= 500
    assert report.accuracy_in_scope >= 0.95, report.confusions
    assert report.macro_f1 >= 0.95
    assert report.entity_f1 >= 0.90, report.entity_f1_by_type
    assert report.oos_auroc >= 0.95
    assert report.oos_recall >= 0.80
    assert report.acted_right >= 0.95
    assert report.accuracy_by_style.keys() == STYLES
    assert {style: share for style, share in report.accuracy_by_style.items() if share < 0.85} == {}


def test_what_is_said_of_ones_own_account_is_understood_and_hardly_ever_acted_on_wrongly(engine: LightEngine) -> None:
    report = evaluate(engine, OWN)
    taught = {example.text for example in read_training(ROOT / "nlu" / "data").examples}
    assert {example.intent for example in OWN} == ACCOUNT and len(OWN) == 100
    assert {example.style for example in OWN} == STYLES
    assert [example.text for example in OWN if example.text in taught] == []
    assert report.accuracy_in_scope >= 0.9, report.confusions
    assert report.acted_right >= 0.95


def test_rules_of_bays_are_told_from_complaints_and_fees(engine: LightEngine) -> None:
    report = evaluate(engine, RULES)
    taught = {example.text for example in read_training(ROOT / "nlu" / "data").examples}
    assert {example.intent for example in RULES} == PARKING and len(RULES) >= 30
    assert {example.style for example in RULES} == STYLES
    assert [example.text for example in RULES if example.text in taught] == []
    assert report.accuracy_in_scope >= 0.9, report.confusions
    assert report.acted_right >= 0.95


@pytest.mark.parametrize("lines", [DEV, SPLIT], ids=["dev", "split"])
def test_nobody_is_tested_on_own_lines(lines: list[Example]) -> None:
    taught = read_training(ROOT / "nlu" / "data").examples
    assert [example.text for example in taught if not example.author] == []
    assert {example.author for example in lines} & {example.author for example in taught} == set()
    assert {example.intent for example in lines} == INTENTS
    # Bare replies such as ㄴㄴ and words such as 상담원 연결 have no second wording; a request has.
    known = {example.text for example in taught}
    requests = [example.text for example in lines if example.intent not in TALK and len(example.text) > 10]
    assert [text for text in requests if text in known] == []
    assert sum(example.text in known for example in lines) <= 0.05 * len(lines)


def test_every_intent_has_enough_lines_in_both_languages() -> None:
    examples = read_training(ROOT / "nlu" / "data").examples
    assert {example.intent for example in examples} == INTENTS | ACCOUNT | PARKING | ASKED
    lines = Counter(example.intent for example in examples)
    english = Counter(example.intent for example in examples if example.text.isascii())
    assert {intent: count for intent, count in lines.items() if count < 60} == {}
    assert {intent: english[intent] for intent in INTENTS | ACCOUNT | PARKING | ASKED if english[intent] < 8} == {}


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("구래동 주차장", "parking_find"),
        ("여기 근처 주차", "parking_find"),
        ("전기차 충전되는 데", "parking_find"),
        ("두 시간 대면 얼마야?", "parking_fee_hours"),
        ("쓰레기 무단투기 신고할게요", "complaint_file"),
        ("민원 어떻게 됐어요", "complaint_status"),
        ("여권 어디서 만들어요?", "office_info"),
        ("상담원 연결해줘", "talk_to_human"),
        ("안녕하세요", "greet"),
        ("도움말", "help"),
        ("where can I park near 구래역", "parking_find"),
        ("parking lot 어디", "parking_find"),
        ("구래동미세먼지어때", "air_now"),
        ("안녕하세요. 구래동 공영주차장 요금 알려주세요. 감사합니다", "parking_fee_hours"),
    ],
)
def test_clear_sentences_are_acted_on(engine: LightEngine, text: str, intent: str) -> None:
    answer = engine.understand(text, now_iso=NOW)
    assert (answer.intent, answer.band) == (intent, "act")


@pytest.mark.parametrize(
    "text", ["피자 한 판 주문할게요", "국민연금 언제부터 받을 수 있어요?", "order me a pizza", "asdkfjhasd"]
)
def test_what_no_city_can_answer_is_refused(engine: LightEngine, text: str) -> None:
    assert engine.understand(text, now_iso=NOW).band == "refuse"


@pytest.mark.parametrize(
    ("text", "intent"),
    [(text, "affirm") for text in ("네", "응", "ㅇㅇ", "넵!", "네네", "yes", "OK", "Yes.", "ㅇㅋ", "맞아요~")]
    + [(text, "deny") for text in ("아니요", "ㄴㄴ", "아뇨", "no", "No thanks", "아니ㅋㅋ", "싫어요")],
)
def test_bare_replies_are_known_by_heart(engine: LightEngine, text: str, intent: str) -> None:
    answer = engine.understand(text, now_iso=NOW)
    assert (answer.intent, answer.band, answer.confidence) == (intent, "act", 1.0)


@pytest.mark.parametrize("row", SEVERAL, ids=lambda row: row["text"][:30])
def test_several_wishes_are_told_apart_and_one_story_stays_one(engine: LightEngine, row: dict[str, object]) -> None:
    answer = engine.understand(str(row["text"]), now_iso=NOW)
    assert [part.intent for part in answer.parts] == row["intents"]
    for part in answer.parts:
        assert part.text in answer.text
        assert part.band == "act"


def test_parts_carry_their_own_entities(engine: LightEngine) -> None:
    answer = engine.understand("구래동 주차장 알려주고 장기동 미세먼지도 알려줘", now_iso=NOW)
    assert [[entity.value for entity in part.all("place")] for part in answer.parts] == [["구래동"], ["장기동"]]
    for part in answer.parts:
        for entity in part.entities:
            assert part.text[entity.start : entity.end] == entity.text


def test_a_close_call_is_asked_back_with_both_candidates(engine: LightEngine) -> None:
    answer = engine.understand("체납액 얼마예요? 그리고 분납도 되나요?", now_iso=NOW)
    assert answer.band == "ask"
    assert set(answer.candidates()) >= {"arrears_inquiry", "arrears_installment"}


@pytest.mark.parametrize(
    ("text", "lang"),
    [
        ("주차장 어디예요", "ko"),
        ("parking lot 어디", "ko"),
        ("where can I park near 구래역", "en"),
        ("please help me", "en"),
        ("CCTV", "ko"),
        ("👍", "ko"),
        ("구래역 parking 가능?", "ko"),
    ],
)
def test_language(engine: LightEngine, text: str, lang: str) -> None:
    assert engine.understand(text, now_iso=NOW).lang == lang

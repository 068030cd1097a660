"""Every dialogue of tests/dialogs, played on the real house; one test each, named by its title."""

from datetime import timedelta
from pathlib import Path

import pytest

from core.loading import ROOT
from nlu.datasets import read_training
from tests.actions.air import sky
from tests.bot import dialog_file
from tests.bot.city import City
from tests.bot.dialog_file import BadDialogue, Dialog
from tests.bot.dialog_player import Player

DIALOGS = dialog_file.read_all()


@pytest.fixture(scope="module", autouse=True)
async def air(city: City) -> None:
    """Hours of the air up to 14:00 on 2026-09-30, as the source of exercise would tell them; other days have none."""
    now = sky.NOON + timedelta(minutes=20)
    async with city.house.db.transaction() as tx:
        await sky.tell(tx, sky.usual(), now, source="practice", forecasts=sky.usual_forecasts())


@pytest.mark.parametrize("dialog", DIALOGS, ids=[dialog.title for dialog in DIALOGS])
async def test_dialog(city: City, texting: City, dialog: Dialog) -> None:
    await Player(texting if dialog.channel else city, dialog).play()


def test_every_intent_has_a_dialogue() -> None:
    played = {str(intent) for dialog in DIALOGS for intent in dialog.checked("의도")}
    assert {example.intent for example in read_training(ROOT / "nlu" / "data").examples} - played == set()


SAID_IN_THE_ISSUE = (
    "구래동 주차장",
    "여기 근처 주차",
    "전기차 충전되는 데",
    "두 시간 대면 얼마야?",
    "거기 요금은?",
    "그럼 두 번째는?",
    "아니 구래동 말고 장기동",
    "불이야",
    "사람이 쓰러졌어요",
    "수신거부",
    "그만",
    "STOP",
)


@pytest.mark.parametrize("said", SAID_IN_THE_ISSUE)
def test_the_citizens_words_that_the_city_asked_for_are_played(said: str) -> None:
    assert said in {step.value for dialog in DIALOGS for step in dialog.steps if step.action == "시민"}


BROKEN = {
    "no_title": ("- 대화: [{시민: 안녕}]", "1번째 대화에 제목이 없습니다"),
    "unknown_key": ("- 제목: 틀린 것\n  대화:\n    - 시민: 안녕\n    - 대답: 네", "틀린 것: 모르는 열쇠말 대답"),
    "two_acts": ("- 제목: 두 일\n  대화:\n    - {시민: 안녕, 단추누름: 네}", "두 일: 한 줄에 한 가지"),
    "empty": ("- 제목: 빈 것\n  대화: []", "빈 것: ‘대화’가 비었습니다"),
    "answer_first": ("- 제목: 거꾸로\n  대화:\n    - 시: 안녕하세요", "거꾸로: 시민이 먼저"),
    "colon": ("- 제목: 쌍점\n  대화:\n    - 시민: 안녕\n    - 시: [분야: 기타]", "쌍점: ‘시’의 말에 쌍점"),
    "not_a_list": ("제목: 목록이 아님", "대화의 목록이어야"),
    "not_yaml": ("- 제목: [", "YAML로 읽을 수 없습니다"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_malformed_file_is_named_with_its_title(name: str, tmp_path: Path) -> None:
    text, wrong = BROKEN[name]
    file = tmp_path / "99_wrong.yml"
    file.write_text(text, "utf-8")
    with pytest.raises(BadDialogue, match=r"99_wrong\.yml") as caught:
        dialog_file.read(file)
    assert wrong in str(caught.value)


def test_a_title_is_used_once(tmp_path: Path) -> None:
    for name in ("a.yml", "b.yml"):
        (tmp_path / name).write_text("- 제목: 같은 것\n  대화: [{시민: 안녕}]", "utf-8")
    with pytest.raises(BadDialogue, match="같은 것"):
        dialog_file.read_all(tmp_path)


@pytest.mark.parametrize(
    ("check", "wrong"),
    [
        ("시: 없는 말입니다", "없는 말입니다"),
        ("단추: 없는 단추", "없는 단추"),
        ("없음: 도와드릴까요", "있으면 안 됩니다"),
        ("침묵: 예", "대답하지 않아야"),
        ("의도: parking_find", "의도가 greet"),
        ("언어: en", "en 말이어야"),
        ("상태: {수신거부: true}", "수신거부"),
        ("상태: {없는것: 1}", "모르는 상태"),
        ("말풍선: 7", "말풍선이 2개"),
    ],
)
async def test_a_wrong_answer_fails_with_the_talk(city: City, tmp_path: Path, check: str, wrong: str) -> None:
    file = tmp_path / "wrong.yml"
    file.write_text(f"- 제목: 틀린 대답\n  대화:\n    - 시민: 안녕하세요\n    - {check}\n", "utf-8")
    with pytest.raises(AssertionError, match=r"wrong\.yml: 틀린 대답") as caught:
        await Player(city, dialog_file.read(file)[0]).play()
    assert wrong in str(caught.value) and "시민: 안녕하세요" in str(caught.value)

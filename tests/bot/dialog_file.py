"""Reads the dialogues in tests/dialogs: what a citizen does, what the city answers, in words that a clerk can check."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from core.loading import ROOT

FOLDER = ROOT / "tests" / "dialogs"
ACTIONS = (
    "시민",
    "단추누름",
    "예전단추",
    "지어낸단추",
    "위치",
    "사진",
    "채팅시작",
    "음성",
    "시간흐름",
    "양식정리",
    "직원",
    "이웃",
)
"""What happens; one to a step. 반복 belongs to 시민 and repeats its text."""
CHECKS = ("시", "단추", "없음", "침묵", "의도", "언어", "상태", "말풍선", "문자")
"""What must then be true of the answers since the last action, or of the store."""
_EXTRAS = ("반복",)
_HEAD = ("제목", "언어", "시작", "채널", "대화")


class BadDialogue(Exception):
    """A dialogue file that cannot be played; the message names file and title."""


@dataclass(frozen=True, slots=True)
class Step:
    """One line of a dialogue: an action with its value, or only checks on the action before it."""

    action: str
    value: Any
    checks: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Dialog:
    """`lang`: the messenger's word on the citizen's language. `start`: when it begins in Seoul, if not as usual.

    `channel`: "문자" for a channel of plain text messages, without buttons; else one with everything.
    """

    file: str
    title: str
    steps: tuple[Step, ...]
    lang: str = ""
    start: str = ""
    channel: str = ""

    def checked(self, kind: str) -> list[Any]:
        """All values of one kind of check."""
        return [step.checks[kind] for step in self.steps if kind in step.checks]


def read_all(folder: Path = FOLDER) -> list[Dialog]:
    """Every dialogue of every file, by file name. Raises BadDialogue; titles are unique over all files."""
    found = [dialog for file in sorted(folder.glob("*.yml")) for dialog in read(file)]
    titles = [dialog.title for dialog in found]
    if twice := sorted({title for title in titles if titles.count(title) > 1}):
        raise BadDialogue(f"같은 제목이 두 번 있습니다: {', '.join(twice)}")
    return found


def read(file: Path) -> list[Dialog]:
    """The dialogues of one file. Raises BadDialogue naming file, title and what is wrong."""
    try:
        raw = yaml.safe_load(file.read_text("utf-8"))
    except yaml.YAMLError as error:
        raise BadDialogue(f"{file.name}: YAML로 읽을 수 없습니다: {error}") from None
    if not isinstance(raw, list):
        raise BadDialogue(f"{file.name}: 대화의 목록이어야 합니다")
    return [_dialog(file.name, number, one) for number, one in enumerate(raw, 1)]


def _dialog(file: str, number: int, raw: Any) -> Dialog:
    title = raw.get("제목") if isinstance(raw, dict) else None
    if not isinstance(title, str) or not title:
        raise BadDialogue(f"{file}: {number}번째 대화에 제목이 없습니다")
    where = f"{file}: {title}"
    if unknown := sorted(map(str, set(raw) - set(_HEAD))):
        raise BadDialogue(f"{where}: 모르는 열쇠말 {', '.join(unknown)}")
    lines = raw.get("대화")
    if not isinstance(lines, list) or not lines:
        raise BadDialogue(f"{where}: ‘대화’가 비었습니다")
    steps = tuple(_step(where, line) for line in lines)
    if not steps[0].action:
        raise BadDialogue(f"{where}: 시민이 먼저 무엇인가 해야 합니다")
    return Dialog(file, title, steps, *(str(raw.get(key, "")) for key in ("언어", "시작", "채널")))


def _step(where: str, line: Any) -> Step:
    if not isinstance(line, dict):
        raise BadDialogue(f"{where}: ‘열쇠말: 값’이 아닌 줄이 있습니다: {line!r}")
    if unknown := sorted(map(str, set(line) - {*ACTIONS, *CHECKS, *_EXTRAS})):
        raise BadDialogue(f"{where}: 모르는 열쇠말 {', '.join(unknown)}")
    acts = [key for key in line if key in ACTIONS]
    if len(acts) > 1:
        raise BadDialogue(f"{where}: 한 줄에 한 가지 일만 적습니다: {', '.join(acts)}")
    checks = {key: line[key] for key in line if key in CHECKS}
    for key in ("시", "단추", "없음"):
        if key in checks:
            fragments = checks[key] if isinstance(checks[key], list) else [checks[key]]
            if any(isinstance(one, dict | list) or one is None for one in fragments):
                raise BadDialogue(f"{where}: ‘{key}’의 말에 쌍점이 있으면 따옴표로 묶어 주세요: {fragments}")
            checks[key] = [str(one) for one in fragments]
    action = acts[0] if acts else ""
    if not action and not checks:
        raise BadDialogue(f"{where}: 아무 일도 없는 줄이 있습니다")
    value = line.get(action)
    if action == "시민":
        value = str(value) * int(line.get("반복", 1))
    return Step(action, value, checks)

"""Rasa 3.1 files: everything the format allows for training lines, and errors an officer can act on."""

from pathlib import Path

import pytest

from nlu.datasets import read_examples, read_training
from nlu.errors import TrainingDataError
from nlu.markup import Span
from nlu.rasa_yaml import read_file

WHOLE = """version: "3.1"
nlu:
- intent: arrears_payment
  examples: |
    - [구래동](place) 세금
    - [미먼](pollutant:pm10) 어때
    - [모레]{"entity": "date", "value": "2", "role": "until"}까지
    # a remark
- intent: greet
  examples:
    - text: 안녕
      metadata: {author: a}
    - 반가워요
- synonym: waste
  examples: |
    - 쓰레기
- lookup: category
  examples: |
    - 쓰레기
- regex: ticket
  examples: |
    - T-[0-9]+
responses: {}
"""


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "nlu.yml"
    path.write_text(text, "utf-8")
    return path


def test_every_kind_of_block(tmp_path: Path) -> None:
    data = read_file(written(tmp_path, WHOLE))
    assert [(example.text, example.intent) for example in data.examples] == [
        ("구래동 세금", "arrears_payment"),
        ("미먼 어때", "arrears_payment"),
        ("모레까지", "arrears_payment"),
        ("안녕", "greet"),
        ("반가워요", "greet"),
    ]
    assert data.examples[0].entities == (Span(0, 3, "place", "구래동"),)
    assert data.examples[2].entities == (Span(0, 2, "date", "2", "until"),)
    assert data.synonyms == {"미먼": "pm10", "모레": "2", "쓰레기": "waste"}
    assert data.lookups == {"category": ["쓰레기"]}
    assert data.regexes == {"ticket": ["T-[0-9]+"]}


def test_an_intent_in_two_files_is_merged(tmp_path: Path) -> None:
    for name in ("a.yml", "b.yaml"):
        (tmp_path / name).write_text(f'version: "3.1"\nnlu:\n- intent: greet\n  examples: |\n    - {name}\n', "utf-8")
    assert [example.text for example in read_training(tmp_path).examples] == ["a.yml", "b.yaml"]


HEAD = 'version: "3.1"\nnlu:\n'


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("versin: 3\n", 1, "알 수 없는 키 'versin'"),
        (HEAD + "- intent: a\n  exampels: |\n    - x\n", 4, "알 수 없는 키 'exampels'"),
        (HEAD + "- intent: a\n  examples: {a: 1}\n", 4, "예문이 와야 합니다"),
        (HEAD + "- intent: a\n  examples: 3\n", 4, "예문이 와야 합니다"),
        (HEAD + "- intent: a\n", 3, "'examples:'가 없습니다"),
        (HEAD + "- intent: a\n  examples: |\n    - 좋아요\n    - [구래동(place)\n", 6, "괄호 짝"),
        (HEAD + "- intent: a\n  examples: |\n    - [구래동](place\n", 5, "괄호 짝"),
        (HEAD + '- intent: a\n  examples: |\n    - [x]{"entity": }\n', 5, "JSON이 아닙니다"),
        (HEAD + '- intent: a\n  examples: |\n    - [x]{"role": "r"}\n', 5, "이름이 없습니다"),
        (HEAD + "- intent: a\n  examples: |\n    좋아요\n", 5, "'- '로 시작"),
        (HEAD + "- intent: a\n  synonym: b\n  examples: |\n    - x\n", 3, "하나만"),
        (HEAD + "- intent:\n  examples: |\n    - x\n", 3, "이름이 와야"),
        (HEAD + "- regex: r\n  examples: |\n    - '('\n", 5, "정규식"),
        (HEAD + "- intent: a\n  examples:\n  - {metadata: 1}\n", 5, "'text:'가 없습니다"),
        (HEAD + "  intent: a\n - b", 4, "YAML 문법"),
        ("nlu: 3\n", 1, "목록이어야"),
        ("- a\n", 1, "시작해야"),
    ],
)
def test_malformed_files_name_file_line_and_remedy(tmp_path: Path, text: str, line: int, said: str) -> None:
    path = written(tmp_path, text)
    with pytest.raises(TrainingDataError) as caught:
        read_file(path)
    assert caught.value.line == line
    assert str(caught.value).startswith(f"{path}:{line}: ")
    assert said in str(caught.value)


def test_an_empty_folder_and_a_binary_file_are_said(tmp_path: Path) -> None:
    with pytest.raises(TrainingDataError, match="학습 데이터"):
        read_training(tmp_path)
    (tmp_path / "nlu.yml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(TrainingDataError, match="UTF-8"):
        read_training(tmp_path)


def test_jsonl_examples(tmp_path: Path) -> None:
    path = tmp_path / "lines.jsonl"
    line = '{"text": "구래동", "intent": "a", "entities": [{"start": 0, "end": 3, "entity": "place"}]}\n'
    path.write_text(line, "utf-8")
    assert read_examples(path)[0].entities == (Span(0, 3, "place", "구래동"),)
    path.write_text(line + "{}\n", "utf-8")
    with pytest.raises(TrainingDataError) as caught:
        read_examples(path)
    assert caught.value.line == 2

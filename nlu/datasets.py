"""Labelled lines from disk: Rasa YAML and JSONL, one file or a folder of both."""

import json
import unicodedata
from pathlib import Path

from nlu.errors import TrainingDataError
from nlu.markup import Example, Span
from nlu.rasa_yaml import TrainingData, read_file

_YAML = {".yml", ".yaml"}
_SUFFIXES = _YAML | {".jsonl"}


def training_files(path: Path) -> list[Path]:
    """The files that `read_training` reads, in the order it reads them; hidden folders and files are left out."""
    if not path.is_dir():
        return [path]
    inside = (file for file in path.rglob("*") if file.suffix in _SUFFIXES and file.is_file())
    return sorted(file for file in inside if not any(part.startswith(".") for part in file.relative_to(path).parts))


def read_training(path: Path) -> TrainingData:
    """Everything one file, or all files of a folder and its folders say, merged in name order.

    Raises TrainingDataError with file and line.
    """
    files = training_files(path)
    if not files:
        raise TrainingDataError(path, 0, "학습 데이터(*.yml, *.jsonl)가 없습니다", "no training files here")
    data = TrainingData()
    for file in files:
        if file.suffix in _YAML:
            read_file(file, data)
        else:
            data.examples.extend(_read_jsonl(file))
    return data


def read_examples(path: Path) -> list[Example]:
    """Labelled lines of Rasa YAML, or of JSONL `{text, intent, entities: [{start, end, entity, value?}]}`.

    JSONL lines may carry `author` and `style`. Raises TrainingDataError with the line that cannot be read.
    """
    return read_training(path).examples


def _read_jsonl(path: Path) -> list[Example]:
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as problem:
        raise TrainingDataError(path, 0, "파일을 열 수 없습니다", "cannot open the file as UTF-8") from problem
    return [_example(path, number, line) for number, line in enumerate(lines, start=1) if line.strip()]


def _example(path: Path, number: int, line: str) -> Example:
    try:
        said = json.loads(line)
        text = str(said["text"])
        spans = tuple(_span(text, entity) for entity in said.get("entities") or ())
        composed = unicodedata.normalize("NFC", text)
        # Offsets count code points of the text as it came; a text that composing shortens keeps its intent only.
        kept = spans if len(composed) == len(text) else ()
        return Example(composed, str(said["intent"]), kept, str(said.get("author", "")), str(said.get("style", "")))
    except (ValueError, KeyError, TypeError, AttributeError) as problem:
        korean = '한 줄에 {"text", "intent", "entities"} 하나가 있어야 합니다'
        raise TrainingDataError(path, number, korean, "expected one JSON object with text and intent") from problem


def _span(text: str, entity: dict[str, object]) -> Span:
    start, end = int(str(entity["start"])), int(str(entity["end"]))
    if not 0 <= start < end <= len(text):
        raise ValueError("offsets outside the text")
    role = entity.get("role")
    value = entity.get("value")
    return Span(
        start=start,
        end=end,
        type=str(entity["entity"]),
        value=text[start:end] if value is None else str(value),
        role=None if role is None else str(role),
    )

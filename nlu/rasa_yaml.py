"""Reading Rasa 3.1 training files: the format officers already know, with errors that name file, line and remedy."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Never

import yaml

from nlu.errors import TrainingDataError
from nlu.markup import Example, MarkupError, parse_line

_TOP_KEYS = {"version", "nlu"}
# Parts of a Rasa assistant that may share a file with training data; they are other rooms' business.
_OTHER_TOP_KEYS = {
    "intents", "entities", "slots", "responses", "forms", "actions", "session_config", "config",
    "rules", "stories", "e2e_actions", "recipe", "language", "pipeline", "policies", "assistant_id",
}  # fmt: skip
_BLOCK_KINDS = ("intent", "synonym", "regex", "lookup")


@dataclass(slots=True)
class TrainingData:
    """Everything the files of one folder say. `synonyms` maps a surface form to its canonical value."""

    examples: list[Example] = field(default_factory=list)
    synonyms: dict[str, str] = field(default_factory=dict)
    lookups: dict[str, list[str]] = field(default_factory=dict)
    regexes: dict[str, list[str]] = field(default_factory=dict)


def read_file(path: Path, data: TrainingData | None = None) -> TrainingData:
    """Add one file to `data` (a new one when None) and return it. Raises TrainingDataError."""
    data = data if data is not None else TrainingData()
    root = _compose(path)
    if root is None:
        return data
    top = _mapping(path, root, "'version:'과 'nlu:'로 시작해야 합니다", "expected the keys version and nlu")
    for key, node in top.items():
        if key not in _TOP_KEYS | _OTHER_TOP_KEYS:
            _fail(path, node, f"알 수 없는 키 '{key}'입니다. 'version', 'nlu'를 쓸 수 있습니다", f"unknown key {key!r}")
    blocks = top.get("nlu")
    if blocks is None:
        return data
    if not isinstance(blocks, yaml.SequenceNode):
        _fail(path, blocks, "'nlu:' 아래는 '- intent: …' 목록이어야 합니다", "nlu must be a list of blocks")
    for block in blocks.value:
        _read_block(path, block, data)
    return data


def _compose(path: Path) -> yaml.Node | None:
    try:
        text = path.read_text(encoding="utf-8")
        return yaml.compose(text, Loader=yaml.SafeLoader)
    except UnicodeDecodeError as problem:
        raise TrainingDataError(path, 1, "UTF-8 글이 아닙니다", "not UTF-8 text") from problem
    except OSError as problem:
        raise TrainingDataError(path, 0, "파일을 열 수 없습니다", "cannot open the file") from problem
    except yaml.MarkedYAMLError as problem:
        mark = problem.problem_mark or problem.context_mark
        line = mark.line + 1 if mark else 1
        raise TrainingDataError(path, line, "YAML 문법이 맞지 않습니다", f"{problem.problem}") from problem
    except yaml.YAMLError as problem:
        raise TrainingDataError(path, 1, "YAML로 읽을 수 없는 문자가 있습니다", "unreadable character") from problem


def _read_block(path: Path, block: yaml.Node, data: TrainingData) -> None:
    parts = _mapping(path, block, "'- intent: 이름'과 'examples: |'가 필요합니다", "expected intent and examples")
    for key, node in parts.items():
        if key not in {*_BLOCK_KINDS, "examples", "metadata"}:
            korean = f"알 수 없는 키 '{key}'입니다. intent, synonym, regex, lookup, examples, metadata만 쓸 수 있습니다"
            _fail(path, node, korean, f"unknown key {key!r}")
    kinds = [kind for kind in _BLOCK_KINDS if kind in parts]
    if len(kinds) != 1:
        _fail(path, block, "intent, synonym, regex, lookup 가운데 하나만 있어야 합니다", "expected exactly one kind")
    name = parts[kinds[0]]
    if not isinstance(name, yaml.ScalarNode) or not name.value.strip():
        _fail(path, name, f"'{kinds[0]}:' 뒤에는 이름이 와야 합니다", f"{kinds[0]} needs a name")
    if "examples" not in parts:
        _fail(path, block, "'examples:'가 없습니다", "examples is missing")
    lines = _lines(path, parts["examples"])
    if kinds[0] == "intent":
        _keep_intent(path, name.value.strip(), lines, data, _author(path, parts.get("metadata")))
    else:
        _KEEPERS[kinds[0]](path, name.value.strip(), lines, data)


def _author(path: Path, metadata: yaml.Node | None) -> str:
    """`metadata: {author: …}` of an intent's block; other metadata is its writers' business."""
    if not isinstance(metadata, yaml.MappingNode):
        return ""
    author = _mapping(path, metadata, "", "").get("author")
    return author.value.strip() if isinstance(author, yaml.ScalarNode) else ""


def _keep_intent(path: Path, name: str, lines: Iterator[tuple[int, str]], data: TrainingData, author: str) -> None:
    for number, line in lines:
        try:
            example = parse_line(line, name, author)
        except MarkupError as problem:
            raise TrainingDataError(path, number, problem.korean, problem.english) from problem
        data.examples.append(example)
        for span in example.entities:
            surface = example.text[span.start : span.end]
            if span.value != surface:
                data.synonyms[surface.lower()] = span.value


def _keep_synonym(path: Path, name: str, lines: Iterator[tuple[int, str]], data: TrainingData) -> None:
    for _, line in lines:
        data.synonyms[line.lower()] = name


def _keep_lookup(path: Path, name: str, lines: Iterator[tuple[int, str]], data: TrainingData) -> None:
    data.lookups.setdefault(name, []).extend(line for _, line in lines)


def _keep_regex(path: Path, name: str, lines: Iterator[tuple[int, str]], data: TrainingData) -> None:
    for number, line in lines:
        try:
            re.compile(line)
        except re.error as problem:
            raise TrainingDataError(path, number, "정규식이 맞지 않습니다", f"invalid regex: {problem}") from problem
        data.regexes.setdefault(name, []).append(line)


_KEEPERS: dict[str, Callable[[Path, str, Iterator[tuple[int, str]], TrainingData], None]] = {
    "synonym": _keep_synonym,
    "lookup": _keep_lookup,
    "regex": _keep_regex,
}


def _lines(path: Path, node: yaml.Node) -> Iterator[tuple[int, str]]:
    """Line number and text of each example, from a literal block or from a list of texts or {text}."""
    if isinstance(node, yaml.ScalarNode) and node.tag == "tag:yaml.org,2002:str":
        first = node.start_mark.line + (2 if node.style in {"|", ">"} else 1)
        for number, line in enumerate(node.value.splitlines(), start=first):
            stripped = line.strip()
            if not stripped or stripped.startswith("#"):
                continue
            if not stripped.startswith("-"):
                raise TrainingDataError(
                    path, number, "예문 줄은 '- '로 시작해야 합니다", "each example begins with '- '"
                )
            if text := stripped[1:].strip():
                yield number, text
    elif isinstance(node, yaml.SequenceNode):
        for item in node.value:
            yield item.start_mark.line + 1, _item_text(path, item)
    else:
        _fail(path, node, "'examples:' 뒤에는 '|'와 예문이 와야 합니다", "examples must be a text")


def _item_text(path: Path, item: yaml.Node) -> str:
    if isinstance(item, yaml.MappingNode):
        text = _mapping(path, item, "'text:'가 필요합니다", "expected text").get("text")
        if text is None:
            _fail(path, item, "예문에 'text:'가 없습니다", "example without text")
        item = text
    if not isinstance(item, yaml.ScalarNode):
        _fail(path, item, "예문은 글이어야 합니다", "an example must be a text")
    return str(item.value).strip().removeprefix("- ")


def _mapping(path: Path, node: yaml.Node, korean: str, english: str) -> dict[str, yaml.Node]:
    if not isinstance(node, yaml.MappingNode):
        _fail(path, node, korean, english)
    return {str(key.value): value for key, value in node.value}


def _fail(path: Path, node: yaml.Node, korean: str, english: str) -> Never:
    raise TrainingDataError(path, node.start_mark.line + 1, korean, english)

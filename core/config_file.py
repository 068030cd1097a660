"""Reads config.yml: environment values put in, and for every mistake the file, line and key where it stands."""

import os
import re
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from core.errors import ConfigError

_ENV = re.compile(r"\$\{([A-Z0-9_]+)(?::-([^}]*))?\}")


def refused(path: Path, node: yaml.Node | None, prefix: tuple[str | int, ...], error: ValidationError) -> ConfigError:
    """The first thing wrong, as one sentence with its place."""
    first = error.errors(include_url=False, include_input=False)[0]
    where = prefix + tuple(first["loc"])
    line = line_of(node, where)
    key = ".".join(str(part) for part in where) or "(top)"
    expected = _expected(first["type"], first["msg"])
    return ConfigError(
        f"{path.name} {line}번째 줄의 '{key}' 값을 쓸 수 없습니다: {expected[0]}",
        f"{path.name}:{line}: {key}: {expected[1]}",
    )


_KOREAN = {
    "missing": "꼭 있어야 하는 항목이 없습니다",
    "extra_forbidden": "모르는 항목입니다. 철자를 확인해 주세요",
    "int_parsing": "정수여야 합니다",
    "int_type": "정수여야 합니다",
    "float_parsing": "숫자여야 합니다",
    "float_type": "숫자여야 합니다",
    "bool_parsing": "true 또는 false여야 합니다",
    "string_type": "글자여야 합니다",
    "dict_type": "여러 항목으로 된 묶음이어야 합니다",
    "model_type": "여러 항목으로 된 묶음이어야 합니다",
    "list_type": "목록이어야 합니다",
    "literal_error": "정해진 값 가운데 하나여야 합니다",
    "time_parsing": 'HH:MM 꼴의 시각이어야 합니다(예: "21:00")',
}


def _expected(kind: str, english: str) -> tuple[str, str]:
    return f"{_KOREAN.get(kind, '형식이 맞지 않습니다')} ({english})", english


def parse(path: Path) -> tuple[Any, yaml.Node | None]:
    try:
        raw = path.read_text("utf-8")
        document = yaml.safe_load(raw)
    except FileNotFoundError:
        raise ConfigError(f"설정 파일이 없습니다: {path}", f"No such configuration file: {path}") from None
    except UnicodeDecodeError as error:
        raise ConfigError(
            f"{path.name} 파일은 UTF-8이어야 합니다({error.start}번째 바이트)",
            f"{path.name}: not UTF-8 at byte {error.start}",
        ) from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 1 if mark else 1
        problem = getattr(error, "problem", "") or "not YAML"
        raise ConfigError(
            f"{path.name} {line}번째 줄: YAML 문법이 맞지 않습니다 ({problem})",
            f"{path.name}:{line}: {problem}",
        ) from None
    if not isinstance(document, dict):
        raise ConfigError(
            f"{path.name} 1번째 줄: 'city:'로 시작하는 묶음이어야 합니다",
            f"{path.name}:1: expected a mapping",
        )
    return _fill(document, path, node_of(path), ()), node_of(path)


def node_of(path: Path) -> yaml.Node | None:
    return _composed(path.read_text("utf-8"))


@cache
def _composed(raw: str) -> yaml.Node | None:
    return yaml.compose(raw, Loader=yaml.SafeLoader)


def _fill(value: Any, path: Path, node: yaml.Node | None, where: tuple[str | int, ...]) -> Any:
    """Put environment values in for ${NAME} and ${NAME:-default}; a switched-off channel may leave them unset."""
    if isinstance(value, dict):
        if value.get("enabled") is False:
            return value
        return {key: _fill(item, path, node, (*where, key)) for key, item in value.items()}
    if isinstance(value, list):
        return [_fill(item, path, node, (*where, index)) for index, item in enumerate(value)]
    if not isinstance(value, str):
        return value

    def environment(match: re.Match[str]) -> str:
        name, default = match.groups()
        found = os.environ.get(name, default)
        if found is None:
            key, line = ".".join(map(str, where)), line_of(node, where)
            raise ConfigError(
                f"{path.name} {line}번째 줄의 '{key}': 환경 변수 {name}이(가) 없습니다",
                f"{path.name}:{line}: {key}: environment variable {name} is not set",
            )
        return found

    return _ENV.sub(environment, value)


def line_of(node: yaml.Node | None, where: tuple[str | int, ...]) -> int:
    """The line (from 1) of the deepest part of the key that the file has."""
    line = 1
    for part in where:
        if isinstance(node, yaml.MappingNode):
            pairs = {key.value: (key, item) for key, item in node.value}
            if str(part) not in pairs:
                return line
            key, node = pairs[str(part)]
            line = key.start_mark.line + 1
        elif isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
            node = node.value[part]
            line = node.start_mark.line + 1
    return line

"""Whatever the city says, it says in Korean and in English."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.architecture import tree

KOREAN = [path for path in tree.files(".yml") if path.name.endswith(".ko.yml")]
_HANGUL = re.compile(r"[가-힣]")
KOREAN_IN_ENGLISH = {"lang", "language", "chat.lang"}
"""Keys whose English text may hold Korean: the name of the other language, written in it."""


def _pair(path: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    english = Path(str(path).replace(".ko.yml", ".en.yml"))
    return yaml.safe_load(tree.text(path)), yaml.safe_load(tree.text(english))


def test_every_english_file_has_a_korean_one() -> None:
    english = [str(path) for path in tree.files(".yml") if path.name.endswith(".en.yml")]
    assert [path.replace(".en.yml", ".ko.yml") for path in english] == [str(path) for path in KOREAN]


@pytest.mark.parametrize("path", KOREAN, ids=str)
def test_both_languages_have_the_same_keys_and_no_empty_text(path: Path) -> None:
    korean, english = _pair(path)
    assert sorted(korean) == sorted(english)
    assert [key for key, said in (*korean.items(), *english.items()) if not str(said).strip()] == []


@pytest.mark.parametrize("path", KOREAN, ids=str)
def test_english_texts_are_english(path: Path) -> None:
    """Templates may test Korean words inside {% … %} and write what a citizen could say in quotation marks."""
    _, english = _pair(path)
    bare = {
        key: re.sub(r"{[%{#].*?[%}#]}|[‘“'\"][^’”'\"]*[’”'\"]|\([^)]*\)", "", str(said), flags=re.S)
        for key, said in english.items()
    }
    assert [key for key, said in bare.items() if _HANGUL.search(said) and key not in KOREAN_IN_ENGLISH] == []

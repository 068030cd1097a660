"""All that the bot can say: both languages alike, every key that the code names exists, every template renders."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from jinja2 import Environment, meta

from bot.replies import LANGS, Texts, find_sources
from core.errors import ConfigError
from core.loading import ROOT

SOURCES = find_sources()
CONSTANTS = {
    lang: {"city": "김포시", "city_phone": "031", "retention_days": 365, "office_hours": "09~18"} for lang in LANGS
}
TEXTS = Texts(SOURCES, CONSTANTS)
KEYS = TEXTS.keys()
CODE = sorted([*(ROOT / "bot").glob("*.py"), *(ROOT / "actions").rglob("*.py")])
NEED_REAL_VALUES = {"parking.compared", "parking.found", "parking.lot"}
"""They look numbers up in tables; the dialogues render them on real lots."""
OF_THE_AIR = ("air.", "air_alerts.", "alerts.list")
"""So do these, of grades, hours and levels; tests/actions/air and the dialogues render them on real hours."""


class Anything(str):
    """Stands for any value a template may be given."""

    @property
    def title(self) -> "Anything":  # type: ignore[override]
        return Anything("값")

    def __getattr__(self, name: str) -> "Anything":
        if name.startswith("__"):
            raise AttributeError(name)
        return Anything("값")

    def __getitem__(self, key: Any) -> "Anything":
        return Anything("값")

    def __iter__(self) -> Iterator["Anything"]:
        return iter([Anything("값")])

    def __format__(self, spec: str) -> str:
        return "7"

    def __lt__(self, other: Any) -> bool:
        return True

    def __ge__(self, other: Any) -> bool:
        return False


def used_keys() -> set[str]:
    """Template keys as the code writes them; `*` where a part is computed."""
    found: set[str] = set()
    for file in CODE:
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if not isinstance(node, ast.Call):
                continue
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if name in ("Say", "say") and node.args:
                found |= keys_of(node.args[0])
            if name == "Choice":
                found |= {key for word in node.keywords if word.arg == "key" for key in keys_of(word.value)}
    return found


def keys_of(node: ast.expr) -> set[str]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return {node.value}
    if isinstance(node, ast.IfExp):
        return keys_of(node.body) | keys_of(node.orelse)
    if isinstance(node, ast.JoinedStr):
        parts = [str(part.value) if isinstance(part, ast.Constant) else "*" for part in node.values]
        return {"".join(parts)}
    return set()


@pytest.mark.parametrize("key", sorted(used_keys()))
def test_every_key_in_the_code_exists(key: str) -> None:
    pattern = re.compile(re.escape(key).replace(r"\*", r"[\w.]+") + "$")
    assert any(pattern.match(one) for one in KEYS), key


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize("key", [key for key in KEYS if key not in NEED_REAL_VALUES and not key.startswith(OF_THE_AIR)])
def test_every_template_renders(key: str, lang: str) -> None:
    raw = raw_texts(lang)[key]
    names = meta.find_undeclared_variables(Environment(autoescape=True).parse(plain_filters(raw)))
    values: dict[str, Any] = dict.fromkeys(names - set(CONSTANTS[lang]), Anything("값"))
    values |= {"topic": "air"} if key.startswith("alerts.") else {}
    shown = TEXTS.render(key, lang, values)
    assert "{{" not in shown and "{%" not in shown
    assert "\n\n\n" not in shown


@cache
def raw_texts(lang: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for file in SOURCES[lang]:
        found |= {key: str(text) for key, text in yaml.safe_load(file.read_text("utf-8")).items()}
    return found


def plain_filters(raw: str) -> str:
    """The names in a template can be found without its filters."""
    return re.sub(r"\|\s*(?:josa\([^)]*\)|krw|meters)", "", raw)


@pytest.mark.parametrize("key", sorted(set(raw_texts("ko")) | set(raw_texts("en"))))
def test_both_languages_have_it_and_english_has_no_hangul(key: str) -> None:
    assert key in raw_texts("ko") and key in raw_texts("en")
    assert not re.search(r"[가-힣]", raw_texts("en")[key])


def test_a_key_in_one_language_only_is_refused(tmp_path: Path) -> None:
    (tmp_path / "one.ko.yml").write_text("hello: 안녕", "utf-8")
    (tmp_path / "one.en.yml").write_text("bye: bye", "utf-8")
    with pytest.raises(ConfigError) as caught:
        Texts({"ko": [tmp_path / "one.ko.yml"], "en": [tmp_path / "one.en.yml"]}, {"ko": {}, "en": {}})
    assert "bye" in caught.value.reason_ko and "hello" in caught.value.reason_ko


def test_a_broken_template_is_named(tmp_path: Path) -> None:
    file = tmp_path / "one.ko.yml"
    file.write_text('hello: "{{ name"', "utf-8")
    with pytest.raises(ConfigError) as caught:
        Texts({"ko": [file], "en": [file]}, {"ko": {}, "en": {}})
    assert "one.ko.yml" in caught.value.reason_ko and "hello" in caught.value.reason_ko


def test_a_citizens_words_are_text_and_never_a_template() -> None:
    shown = TEXTS.render("form.corrected", "ko", {"slot": "위치", "value": "{{ 7*7 }}<b>"})
    assert shown == "위치를 ‘{{ 7*7 }}<b>’로 고쳤습니다."

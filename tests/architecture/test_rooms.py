"""What CONTRIBUTING.md asks of a new channel, intent and source is asked here of every one that stands."""

import inspect
from pathlib import Path

import pytest
import yaml
from pydantic import BaseModel

from core import loading
from core.loading import ROOT
from nlu.datasets import read_training
from tests.architecture import tree
from tests.bot import dialog_file
from tests.integrations.channels.kits import kit_of

CHANNELS = loading.files("integrations.channels")
HOUSE_KEYS = {"enabled", "polling"}
"""Keys of any channel's section that the house reads itself."""
TALK = {"affirm", "deny", "out_of_scope"}
"""Intents that are answers to us and no wish of a citizen: they have no name on a button."""
KINDS = sorted(
    folder.name for folder in (ROOT / "integrations").iterdir() if folder.is_dir() and list(folder.glob("*.py"))
)
ENGINES = loading.files("integrations.language")
NO_SOURCES = {"bank_network", "banks", "channels", "files", "inbound", "language", "outbound", "rooms"}
SOURCES = [(kind, name) for kind in KINDS if kind not in NO_SOURCES for name in loading.files(f"integrations.{kind}")]
OUR_OWN = {("parking", "compact")}
"""Forms of ours and nobody's publication: described in demo/gimpo/README.md."""


def intents() -> list[str]:
    return sorted({example.intent for example in read_training(ROOT / "nlu/data").examples})


def handled() -> dict[str, str]:
    """Intent → service."""
    return {
        name: module.__name__.split(".")[1]
        for module in loading.folders("actions", "handlers")
        for name in module.INTENTS
    }


def texts(lang: str) -> dict[str, str]:
    found = [Path(f"bot/core.{lang}.yml"), *tree.files(".yml", below=("actions",))]
    merged: dict[str, str] = {}
    for path in found:
        if path.name.endswith(f".{lang}.yml"):
            merged |= yaml.safe_load(tree.text(path))
    return merged


@pytest.mark.parametrize("name", CHANNELS)
def test_a_channel_is_whole(name: str) -> None:
    module = loading.file("integrations.channels", name)
    assert issubclass(module.Settings, BaseModel)
    assert module.Settings.model_config.get("extra") == "forbid", "a misspelt key must be named, not swallowed"
    assert list(inspect.signature(module.build).parameters) == ["settings", "house"]
    assert kit_of(name) is not None, "tests/integrations/channels/kits/<name>.py"
    assert (ROOT / f"tests/integrations/channels/test_{name}.py").is_file()
    assert "## 설정" in tree.text(Path(f"docs/channels/{name}.md"))
    assert "## In English" in tree.text(Path(f"docs/channels/{name}.md"))


@pytest.mark.parametrize("name", CHANNELS)
def test_a_channels_page_names_its_settings(name: str) -> None:
    page = tree.text(Path(f"docs/channels/{name}.md"))
    fields = loading.file("integrations.channels", name).Settings.model_fields
    assert [field for field in fields if f"`{field}`" not in page] == []


@pytest.mark.parametrize("name", CHANNELS)
def test_a_channels_section_in_config_yml_holds_known_keys_and_all_that_must_be_said(name: str) -> None:
    section = yaml.safe_load(tree.text(Path("config.yml")))["channels"][name]
    fields = loading.file("integrations.channels", name).Settings.model_fields
    assert set(section) - HOUSE_KEYS <= set(fields)
    assert {field for field, info in fields.items() if info.is_required()} <= set(section)


@pytest.mark.parametrize("name", ENGINES)
def test_a_language_engine_is_whole(name: str) -> None:
    module = loading.file("integrations.language", name)
    assert module.Settings.model_config.get("extra") == "forbid"
    assert list(inspect.signature(module.build).parameters) == ["settings", "light", "intents"]
    assert list(inspect.signature(module.probe).parameters) == ["settings"]
    assert set(yaml.safe_load(tree.text(Path("config.yml")))["nlu"][name]) <= set(module.Settings.model_fields)
    assert (ROOT / f"tests/integrations/language/test_{name}.py").is_file()


@pytest.mark.parametrize(("kind", "name"), SOURCES)
def test_a_source_has_its_page(kind: str, name: str) -> None:
    if (kind, name) in OUR_OWN:
        return
    pages = [tree.text(path) for path in tree.files(".md", below=("docs/sources",))]
    about = [page for page in pages if f"`integrations/{kind}/{name}.py`" in page]
    assert len(about) == 1
    assert [word for word in ("Where", "Licence", "Freshness", "## Fields") if word not in about[0]] == []


@pytest.mark.parametrize("name", loading.files("integrations.banks"))
def test_a_gateway_to_banks_is_whole(name: str) -> None:
    module = loading.file("integrations.banks", name)
    assert module.Settings.model_config.get("extra") == "forbid"
    assert list(inspect.signature(module.build).parameters) == ["name", "settings"]
    page = tree.text(Path("docs/desk/arrears-banks.md"))
    assert f"`integrations/banks/{name}.py`" in page
    sections = yaml.safe_load(tree.text(Path("config.yml")))["arrears"]["banks"]["gateways"].values()
    keys = [set(one) - {"vendor", "enabled"} for one in sections if one["vendor"] == name]
    assert keys and all(one <= set(module.Settings.model_fields) for one in keys)


def test_an_intent_is_answered() -> None:
    """By its own handler; what no service serves yet goes to `unserved`, which names the department."""
    served = handled()
    assert "unserved" in served
    assert set(served) - {"unserved"} <= set(intents()), "handlers of intents that nobody can mean"


def test_an_intent_has_enough_lines_to_be_learnt() -> None:
    examples = read_training(ROOT / "nlu/data").examples
    count = {intent: sum(example.intent == intent for example in examples) for intent in intents()}
    assert {intent: lines for intent, lines in count.items() if lines < 20} == {}


def test_an_intent_has_a_name_in_both_languages() -> None:
    """The name stands on buttons and in "did you mean"."""
    for lang in ("ko", "en"):
        named = texts(lang)
        assert [
            one for one in intents() if f"intent.{one}" not in named and one not in TALK | {"greet", "thanks"}
        ] == []


def test_an_intent_has_a_dialogue() -> None:
    """A dialogue whose check `의도` names it."""
    shown = {intent for dialog in dialog_file.read_all() for intent in dialog.checked("의도")}
    assert [intent for intent in intents() if intent not in shown] == []

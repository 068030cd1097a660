"""Pages that lie are worse than none: links lead somewhere, commands exist, no machine of ours is named."""

import re
import subprocess
from pathlib import Path

import pytest
import yaml

from civic.cases.status import NAMES
from civic.conversations.delivery import LADDER
from commands.__main__ import app
from core import loading
from core.loading import ROOT
from core.settings import Settings
from tests.architecture import tree

PAGES = [
    *(Path(name) for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")),
    *tree.files(".md", below=("docs", "demo")),
]
_LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)]*)?\)")
_COMMAND = re.compile(r"\./sinmungo ([a-z][a-z-]*(?: (?:add|parking|test)\b)?)")
_TARGET = re.compile(r"`make ([a-z]+)`")
_PATH = re.compile(
    r"`((?:actions|api|bench|bot|civic|commands|core|demo|docs|integrations|migrations|nlu|tests|web)/[\w./-]+)`"
)
_OURS = re.compile(r"(?<![\w.])/(?:work|root|home)/\w|(?:pypi|npm|registry)[\w.-]*\.(?:internal|local|corp|lan)\b")


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_links_lead_somewhere(page: Path) -> None:
    prose = re.sub(r"^```.*?^```$|`[^`\n]+`", "", tree.text(page), flags=re.M | re.S)
    targets = [target for target in _LINK.findall(prose) if "://" not in target and "mailto:" not in target]
    assert [target for target in targets if not (ROOT / page.parent / target).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_named_files_exist(page: Path) -> None:
    """A path in backquotes is a promise, unless it is one that tools make."""
    named = [path for path in _PATH.findall(tree.text(page)) if tree.MADE.isdisjoint(Path(path).parts)]
    assert [path for path in named if not (ROOT / path).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_named_commands_exist(page: Path) -> None:
    known = {command.name or command.callback.__name__ for command in app.registered_commands if command.callback}
    for group in app.registered_groups:
        inner = group.typer_instance.registered_commands if group.typer_instance else []
        known |= {f"{group.name} {one.name}" for one in inner} | {str(group.name)}
    assert [name for name in _COMMAND.findall(tree.text(page)) if name not in known] == []
    targets = set(re.findall(r"^([a-z]+):", tree.text(Path("Makefile")), re.M))
    assert [name for name in _TARGET.findall(tree.text(page)) if name not in targets] == []


def test_no_page_or_program_names_a_machine_of_ours() -> None:
    found = tree.files(".py", ".yml", ".js", ".sh", ".md", ".html") + PAGES
    found += [Path(name) for name in ("Makefile", "config.yml", "pyproject.toml", "sinmungo", ".ci/run")]
    ours = [str(path) for path in found if _OURS.search(tree.text(path))]
    assert [path for path in ours if not path.endswith("test_written_down.py")] == []


def test_config_yml_names_every_channel_and_every_setting_that_has_a_default_worth_knowing() -> None:
    config = yaml.safe_load(tree.text(Path("config.yml")))
    assert sorted(config["channels"]) == loading.files("integrations.channels")
    assert set(config) <= set(Settings.model_fields)
    assert {"city", "database", "messaging", "web", "channels", "nlu"} <= set(config)


def test_secrets_of_config_yml_come_from_the_environment() -> None:
    config = yaml.safe_load(tree.text(Path("config.yml")))
    secret = re.compile(r"token|secret|password|key$")
    bare = [
        f"{name}.{key}"
        for name, section in config["channels"].items()
        for key, value in section.items()
        if secret.search(key) and not re.fullmatch(r"\$\{[A-Z0-9_]+(?::-)?\}", str(value))
    ]
    assert bare == []


@pytest.mark.parametrize("program", ["sinmungo", ".ci/run"])
def test_programs_are_programs(program: str) -> None:
    assert (ROOT / program).stat().st_mode & 0o111
    with (ROOT / program).open() as file:
        shell = file.readline().strip().removeprefix("#!").split("/")[-1].removeprefix("env ")
    assert shell in ("sh", "bash")
    assert subprocess.run([shell, "-n", str(ROOT / program)], check=False).returncode == 0


def test_every_word_of_the_glossary_is_found_where_it_says() -> None:
    """Each row's last cell is a file or folder of ours, and no word is explained twice."""
    page = tree.text(Path("docs/glossary.md"))
    rows = [line.strip("| ").split(" | ") for line in page.splitlines() if line.startswith("| ") and "|---" not in line]
    words = [row[0] for row in rows if row[0] != "Identifier"]
    assert len(words) == len(set(words)) > 50
    assert [row[0] for row in rows if len(row) == 4 and row[0] != "Identifier" and not _PATH.search(row[3])] == []


def test_every_status_and_delivery_state_is_in_the_glossary() -> None:
    page = tree.text(Path("docs/glossary.md"))
    assert [state for state in LADDER if state not in page] == []
    assert [korean for korean, _ in NAMES.values() if korean not in page] == []

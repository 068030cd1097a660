"""Follows CONTRIBUTING.md in a copy of the checkout: each labelled block becomes its file, the house takes it in."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from core.loading import ROOT
from tests.architecture import tree

_BLOCK = re.compile(r"^```(?:python|yaml) (\S+)\n(.*?)^```$", re.M | re.S)
_COPIED = ("actions", "bot", "civic", "core", "integrations", "nlu")

_TAKEN_IN = """
import asyncio, json
from pathlib import Path
from types import SimpleNamespace
from bot.bootstrap import _constants, find_actions, open_channels
from bot.outcome import Services
from bot.replies import Texts, find_sources
from core import loading
from core.contracts.channel import Forged, House, Malformed, WebhookRequest
from core.settings import read
from nlu.datasets import read_training

settings = read()
lent = House(http=None, publish=None, secret=b"s" * 32, var=Path("."), public_url="", now=None)
postbox = open_channels(settings, lent)["postbox"]
letter = json.dumps({"id": "1", "sender": "a", "text": "안녕하세요"}).encode()


def asked(headers, body):
    try:
        return postbox.receive(WebhookRequest("POST", headers, {}, body)).messages[0].text
    except Forged as forged:
        return forged.status
    except Malformed:
        return 400


good = {"x-postbox-secret": "0123456789abcdef"}
told = [asked(good, letter), asked({}, letter), asked({"x-postbox-secret": "no"}, letter), asked(good, b"{")]
offered = ["arrears", "book", "cases", "city", "guard", "parking", "reports", "subscriptions", "texts", "vault"]
intents, _ = find_actions(Services(dict.fromkeys(offered)))
service, handler = intents["library_hours"]
book = SimpleNamespace(department=lambda id: SimpleNamespace(phone="031-980-2114"))
say = asyncio.run(handler(None, book=book)).says[0]
texts = Texts(find_sources(), _constants(settings))
lines = [one.text for one in read_training(Path("nlu/data")).examples if one.intent == "library_hours"]
Path("lots.csv").write_text("name,lat,lon,capacity\\n가,37.6,126.7,12\\n나,?,126.7,3\\n", "utf-8")
lots = loading.file("integrations.parking", "my_city").read(Path("lots.csv"))
print(json.dumps({
    "channel": told,
    "service": service,
    "said": [texts.render(say.key, lang, say.values) for lang in ("ko", "en")],
    "label": texts.render("intent.library_hours", "en", {}),
    "lines": len(lines),
    "lots": [[one.name for one in lots.records], [one.line for one in lots.report.skipped]],
}))
"""


def blocks() -> dict[str, str]:
    return dict(_BLOCK.findall(tree.text(Path("CONTRIBUTING.md"))))


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The checkout as far as these steps go, with every block of the page in its place."""
    for folder in _COPIED:
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__"))
    config = yaml.safe_load(tree.text(Path("config.yml")))
    for name, body in blocks().items():
        if name == "config.yml":
            config["channels"] = yaml.safe_load(body)["channels"]
            continue
        path = tmp_path / name
        assert not path.exists(), f"{name} exists already: the page's example would overwrite it"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(body, "utf-8")
    (tmp_path / "config.yml").write_text(yaml.safe_dump(config, allow_unicode=True), "utf-8")
    return tmp_path


def test_the_page_shows_a_channel_an_intent_and_a_source() -> None:
    assert list(blocks()) == [
        "integrations/channels/postbox.py",
        "config.yml",
        "nlu/data/library.yml",
        "actions/library/handlers.py",
        "actions/library/replies.ko.yml",
        "actions/library/replies.en.yml",
        "tests/dialogs/90_library.yml",
        "integrations/parking/my_city.py",
    ]


def test_the_house_takes_in_what_the_page_says_and_no_other_file_is_edited(copy: Path) -> None:
    environment = {key: value for key, value in os.environ.items() if key not in ("PYTHONPATH", "SINMUNGO_CONFIG")}
    environment |= {"POSTBOX_SECRET": "0123456789abcdef", "PYTHONPATH": str(copy), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        [sys.executable, "-c", _TAKEN_IN],
        cwd=copy,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert yaml.safe_load(done.stdout) == {
        "channel": ["안녕하세요", 401, 403, 400],
        "service": "library",
        "said": [
            "도서관마다 여는 시간이 달라요. 031-980-2114로 물어보시면 정확합니다.",
            "Opening hours differ by library. Please call 031-980-2114.",
        ],
        "label": "Library hours",
        "lines": 5,
        "lots": [["가"], [3]],
    }


def test_the_pages_programs_pass_the_same_checks_as_ours(copy: Path) -> None:
    programs = [name for name in blocks() if name.endswith(".py")]
    command = [sys.executable, "-m", "mypy", "--strict", "--explicit-package-bases", "--namespace-packages"]
    options = ["--config-file", str(ROOT / "pyproject.toml"), "--cache-dir", str(ROOT / ".mypy_cache")]
    done = subprocess.run(
        [*command, *options, *programs], cwd=copy, capture_output=True, text=True, timeout=280, check=False
    )
    assert done.returncode == 0, done.stdout[-3000:]


def test_the_pages_dialogue_can_be_read(copy: Path) -> None:
    from tests.bot import dialog_file

    dialog = dialog_file.read(copy / "tests/dialogs/90_library.yml")[0]
    assert (dialog.steps[0].action, dialog.checked("의도")) == ("시민", ["library_hours"])

"""A broken config.yml or training file: one message with file, key or line, and expectation; never a traceback."""

from pathlib import Path

import pytest
import yaml

from core.loading import ROOT
from tests.commands.conftest import Run
from tests.crash.processes import write_config


@pytest.mark.parametrize("command", [("serve", "--port", "1"), ("doctor",), ("train",), ("chat", "--once", "안녕")])
def test_a_broken_config_ends_every_command_with_one_message(
    run: Run, tmp_path: Path, command: tuple[str, ...]
) -> None:
    path = tmp_path / "config.yml"
    text = (ROOT / "config.yml").read_text("utf-8")
    path.write_text(text.replace("lease_s: 15", "lease_s: soon"), "utf-8")
    line = next(number for number, row in enumerate(text.splitlines(), 1) if "lease_s" in row)
    done = run(*command, config=path)
    told = done.stderr + done.stdout
    assert done.returncode == 2
    assert f"config.yml {line}번째 줄의 'messaging.lease_s'" in told
    assert "숫자여야 합니다" in told
    assert "Traceback" not in told


def test_a_broken_channel_section_is_named(run: Run, tmp_path: Path) -> None:
    path = write_config(
        tmp_path, channels={"partner": {"enabled": True, "secret": "short", "outbound_url": "http://x"}}
    )
    done = run("chat", "--once", "안녕", config=path)
    assert done.returncode == 2
    assert "channels.partner.secret" in done.stderr
    assert "short" not in done.stderr.replace("string_too_short", "")
    assert "Traceback" not in done.stderr


def test_an_unknown_channel_is_named_with_those_that_exist(run: Run, tmp_path: Path) -> None:
    path = write_config(tmp_path, channels={"pigeon": {"enabled": True}})
    done = run("chat", "--once", "안녕", config=path)
    assert done.returncode == 2
    assert "channels.pigeon" in done.stderr
    assert "partner" in done.stderr


BROKEN = {
    "no YAML": ('version: "3.1"\nnlu:\n- intent: greet\n  examples: "\n', 5),
    "a key nobody knows": ('version: "3.1"\nnlu:\n- intent: greet\n  exampels: |\n    - 안녕\n', 4),
    "examples without a list": ('version: "3.1"\nnlu:\n- intent: greet\n  examples: |\n    안녕\n', 5),
    "an open bracket": ('version: "3.1"\nnlu:\n- intent: greet\n  examples: |\n    - [구래동(place) 안녕\n', 5),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_training_file_is_named_with_its_line(run: Run, tmp_path: Path, case: str) -> None:
    data = tmp_path / "data"
    data.mkdir()
    content, line = BROKEN[case]
    (data / "greet.yml").write_text(content, "utf-8")
    path = write_config(tmp_path)
    config = yaml.safe_load(path.read_text("utf-8"))
    config["nlu"]["data"] = str(data)
    path.write_text(yaml.safe_dump(config, allow_unicode=True), "utf-8")
    done = run("train", config=path)
    assert done.returncode == 2, done.stderr
    assert "greet.yml" in done.stderr
    assert f"greet.yml:{line}:" in done.stderr
    assert "Traceback" not in done.stderr

"""A wrong config.yml is told in one sentence: file, line, key, what is expected. The right one is read whole."""

from pathlib import Path

import pytest
import yaml
from pydantic import BaseModel, ConfigDict

from core.errors import ConfigError
from core.loading import ROOT
from core.settings import channel_settings, read

GOOD = (ROOT / "config.yml").read_text("utf-8")


def written(tmp_path: Path, text: str | bytes) -> Path:
    path = tmp_path / "config.yml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def line_of(text: str, fragment: str) -> int:
    return next(number for number, row in enumerate(text.splitlines(), 1) if fragment in row)


def test_the_citys_own_file_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SINMUNGO_CONFIG", raising=False)
    monkeypatch.setenv("DATABASE_URL", "postgresql://somewhere/else")
    found = read()
    assert (found.city.id, found.city.receipt_prefix) == ("gimpo", "GP")
    assert found.database.url == "postgresql://somewhere/else"
    assert found.messaging.purposes["emergency"].held_at_night is False


BROKEN = [
    ("lease_s: 15", "lease_s: soon", "messaging.lease_s", "숫자여야 합니다"),
    ("lease_s: 15", "lease_s: 16", "messaging.lease_s", "less than or equal to 15"),
    ("sweep_s: 3", "sweep_s: 1.5", "messaging.sweep_s", "integer"),
    ("sweep_s: 3", "sweeps_s: 3", "messaging.sweeps_s", "모르는 항목입니다"),
    ("held_at_night: false, valid_minutes: 60", "held_at_night: perhaps, valid_minutes: 60",
     "messaging.purposes.emergency.held_at_night", "true 또는 false"),
    ('start: "21:00"', 'start: "25:00"', "messaging.quiet_hours.start", "HH:MM"),
    ("waits_s: [5, 30, 120, 600, 1800]", "waits_s: []", "messaging.retry.waits_s", "at least 1 item"),
    ("waits_s: [5, 30, 120, 600, 1800]", "waits_s: [5, never]", "messaging.retry.waits_s.1", "숫자여야 합니다"),
    ("receipt_prefix: GP", "receipt_prefix: gp", "city.receipt_prefix", "pattern"),
    ("  id: gimpo", "  id: 김포", "city.id", "pattern"),
    ("name: {ko: 김포시, en: Gimpo City}", "name: {ko: 김포시}", "city.name.en", "꼭 있어야"),
    ("name: {ko: 김포시, en: Gimpo City}", "name: 김포시", "city.name", "묶음"),
    ("center_lat: 37.6153", "center_lat: 376153", "city.center_lat", "less than or equal to 39"),
    ("engine: light", "engine: heavy", "nlu.engine", "정해진 값"),
    ("port: 8000", "port: 80000", "web.port", "65535"),
    ("city:\n", "citty:\n", "city", "꼭 있어야"),
]  # fmt: skip


@pytest.mark.parametrize(("was", "now", "key", "expected"), BROKEN)
def test_it_names_file_line_key_and_expectation(tmp_path: Path, was: str, now: str, key: str, expected: str) -> None:
    assert was in GOOD
    text = GOOD.replace(was, now, 1)
    with pytest.raises(ConfigError) as raised:
        read(written(tmp_path, text))
    line = 1 if key == "city" else line_of(text, now.strip())
    assert raised.value.reason_ko.startswith(f"config.yml {line}번째 줄의 '{key}'")
    assert expected in raised.value.reason_ko
    assert raised.value.reason_en.startswith(f"config.yml:{line}: {key}: ")
    assert "\n" not in raised.value.reason_ko


NOT_YAML: list[tuple[str | bytes, str]] = [
    (GOOD.replace("  id: gimpo", "\tid: gimpo"), f"config.yml {line_of(GOOD, 'id: gimpo')}번째 줄"),
    (GOOD.replace("web:\n", "web: [\n"), "config.yml"),
    ("", "config.yml 1번째 줄"),
    ("- a\n- b\n", "config.yml 1번째 줄"),
    ("just words", "config.yml 1번째 줄"),
    (GOOD.encode("cp949", "ignore"), "config.yml 파일은 UTF-8이어야 합니다"),
    ("a: !!python/object/apply:os.system ['true']", "config.yml 1번째 줄"),
]


@pytest.mark.parametrize(("text", "told"), NOT_YAML)
def test_what_is_no_yaml_is_told_with_its_line(tmp_path: Path, text: str | bytes, told: str) -> None:
    with pytest.raises(ConfigError) as raised:
        read(written(tmp_path, text))
    assert told in raised.value.reason_ko


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="설정 파일이 없습니다"):
        read(tmp_path / "none.yml")


def test_a_missing_secret_is_told_by_its_name_and_only_for_a_channel_that_is_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("KAKAO_BOT_ID", raising=False)
    off = read(written(tmp_path, GOOD))
    assert off.channels["kakao"]["bot_id"] == "${KAKAO_BOT_ID}"
    text = GOOD.replace("  kakao:\n    enabled: false", "  kakao:\n    enabled: true")
    with pytest.raises(ConfigError) as raised:
        read(written(tmp_path, text))
    line = line_of(text, "KAKAO_BOT_ID")
    assert raised.value.reason_ko == (
        f"config.yml {line}번째 줄의 'channels.kakao.bot_id': 환경 변수 KAKAO_BOT_ID이(가) 없습니다"
    )


class Door(BaseModel):
    model_config = ConfigDict(extra="forbid")
    secret: str
    port: int = 1


def test_a_channels_section_is_judged_by_the_channels_own_model(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = "channels:\n  door:\n    enabled: true\n    secret: s\n    port: many\n"
    monkeypatch.setenv("SINMUNGO_CONFIG", str(written(tmp_path, text)))
    assert channel_settings(Door, "door", {"enabled": True, "secret": "s"}) == Door(secret="s")
    with pytest.raises(ConfigError) as raised:
        channel_settings(Door, "door", {"enabled": True, "secret": "s", "port": "many"})
    assert raised.value.reason_ko.startswith("config.yml 5번째 줄의 'channels.door.port'")


def test_rasa_leaves_our_secrets_alone() -> None:
    """Rasa expands ${…} in plain scalars, and stops at one unset or with a default; quoted ones it leaves alone."""
    named = [one for one in yaml.scan(GOOD) if isinstance(one, yaml.ScalarToken) and "${" in one.value]
    assert [one.value for one in named if one.plain] == []
    assert len(named) >= 9

"""`./sinmungo air`: an exercise is tried and fetched, confirmed hours come in from a file, twice without a trace."""

from pathlib import Path

import pytest
import yaml

from bot.sources.opening import open_air_sources
from commands.air_sources import fetch, import_confirmed, sources, try_out
from core.errors import BadInput, ConfigError, NotFound
from core.settings import read

CONFIRMED = """지역,망,측정소코드,측정소명,측정일시,SO2,CO,O3,NO2,PM10,PM25,주소
경기 김포시,도시대기,131999,사우동,2025030101,0.003,0.4,0.03,0.02,31,,경기 김포시 사우중로 1
경기 김포시,도시대기,131999,사우동,2025030124,0.003,0.4,0.03,0.02,0,12,경기 김포시 사우중로 1
경기 김포시,도시대기,131999,사우동,언제,0.003,0.4,0.03,0.02,0,12,경기 김포시 사우중로 1
"""


pytestmark = pytest.mark.usefixtures("office")


def test_the_exercise_is_tried_without_a_trace_and_then_fetched(capsys: pytest.CaptureFixture[str]) -> None:
    assert try_out("practice") == 0
    said = capsys.readouterr().err
    assert "연습용 자료, 실제 측정값이 아닙니다" in said
    assert "측정소 5곳" in said
    assert "저장하지 않았습니다" in said
    assert sources() == 0
    assert "출처가 없습니다" in capsys.readouterr().err
    assert fetch() == 0
    assert "practice" in capsys.readouterr().err
    with pytest.raises(NotFound, match="nowhere"):
        try_out("nowhere")


def test_confirmed_hours_come_in_once_however_often_the_file_is_given(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "2025년 1분기.csv"
    file.write_bytes(CONFIRMED.encode("cp949"))
    assert import_confirmed(file, "") == 0
    said = capsys.readouterr().err
    assert "읽은 행 3, 새 값 12, 이미 아는 값 0" in said
    assert "측정일시를 읽을 수 없음: 1" in said
    assert import_confirmed(file, "") == 0
    assert "새 값 0, 이미 아는 값 12" in capsys.readouterr().err
    with pytest.raises(BadInput, match="PM1"):
        import_confirmed(file, "PM1")
    with pytest.raises(BadInput):
        import_confirmed(tmp_path / "none.csv", "")


def test_made_up_hours_and_measured_ones_are_never_both_on(office: Path) -> None:
    config = yaml.safe_load(office.read_text("utf-8"))
    config["air"]["sources"]["airkorea"] |= {"enabled": True, "key": "k"}
    office.write_text(yaml.safe_dump(config, allow_unicode=True), "utf-8")
    with pytest.raises(ConfigError, match="practice"):
        open_air_sources(read())
    config["air"]["sources"]["practice"]["enabled"] = False
    config["air"]["sources"]["kma"] |= {"enabled": True, "key": "k"}
    office.write_text(yaml.safe_dump(config, allow_unicode=True), "utf-8")
    assert {"airkorea", "kma"} <= set(open_air_sources(read()))

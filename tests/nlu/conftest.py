"""One trained engine for the whole session."""

from pathlib import Path

import pytest

from core.contracts.understanding import NamedPlace
from nlu.engine import LightEngine, load
from tests.trained import trained

NOW = "2026-03-11T14:00:00+09:00"  # a Wednesday

PLACES = (
    NamedPlace("구래동", "dong", 37.6450, 126.6280, ("Gurae-dong", "Gurae")),
    NamedPlace("장기동", "dong", 37.6440, 126.6680, ("Janggi-dong",)),
    NamedPlace("사우동", "dong", 37.6190, 126.7190),
    NamedPlace("운양동", "dong", 37.6540, 126.6830),
    NamedPlace("풍무동", "dong", 37.6020, 126.7240),
    NamedPlace("마산동", "dong", 37.6410, 126.6420),
    NamedPlace("고촌읍", "eup", 37.6010, 126.7700),
    NamedPlace("양촌읍", "eup", 37.6560, 126.6260),
    NamedPlace("구래역", "station", 37.6455, 126.6287, ("Gurae station",)),
    NamedPlace("운양역", "station", 37.6538, 126.6839, ("Unyang station",)),
    NamedPlace("걸포북변역", "station", 37.6317, 126.7058),
    NamedPlace("김포시청", "office", 37.6153, 126.7156, ("시청", "city hall")),
    NamedPlace("김포시보건소", "office", 37.6330, 126.7060, ("보건소",)),
    NamedPlace("김포아트홀", "venue", 37.6172, 126.7170, ("아트홀",)),
    NamedPlace("구래 공영주차장", "parking", 37.6460, 126.6290),
    NamedPlace("한강중앙공원", "park", 37.6420, 126.6700),
    NamedPlace("애기봉", "landmark", 37.7440, 126.6010),
)


@pytest.fixture(scope="session")
def model_dir() -> Path:
    return trained()


@pytest.fixture(scope="session")
def engine(model_dir: Path) -> LightEngine:
    return load(model_dir, PLACES)

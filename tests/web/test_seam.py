"""The running house is what the pages ask for; mypy proves it, the test keeps the proof collected."""

from bot.bootstrap import Running
from tests.web.house import SmallHouse
from web.seam import House


def real(running: Running) -> House:
    return running


def small(house: SmallHouse) -> House:
    return house


def test_both_houses_have_what_the_pages_ask_for() -> None:
    asked = {name for name in dir(House) if not name.startswith("_")}
    assert asked == {
        "settings",
        "db",
        "bus",
        "desk",
        "book",
        "parking",
        "air",
        "air_sources",
        "files",
        "secret",
        "clock",
    }
    assert asked <= set(Running.__dataclass_fields__)

"""The process around parkapi-sources, with a stand-in for the library: what it may know, take and say.

The library itself is a counterpart: tests/counterparts/test_parkapi.py.
"""

import base64
import json
import subprocess
import venv
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from core.contracts.parking import Mark, SourceFailed
from core.errors import ConfigError
from core.http import Outside
from integrations.parking import parkapi_sources
from tests.integrations.parking.parkapi_items import COMBINED, NOW
from tests.integrations.parking.parkapi_server import serving

STAND_IN = '''
"""Has the names of parkapi-sources that a pull converter is reached by, and misbehaves as it is told."""
import datetime, json, os, socket, sys, time, types

TOLD = {told!r}


class ConfigHelper:
    def __init__(self, config):
        self.config = config


class Site:
    def __init__(self, **fields):
        self.__dict__.update(fields)

    def to_dict(self):
        return dict(self.__dict__)


class Refused(Exception):
    parking_site_uid = "bad"
    message = "{{'capacity': {{'code': 'required_field'}}}}, data: {{'secret row'}}"


class Converter:
    source_info = types.SimpleNamespace(uid="town", name="Town", attribution_contributor=None, attribution_license=None)

    def __init__(self, config_helper, request_helper):
        self.request_helper = request_helper

    def get_static_parking_sites(self):
        found = json.loads(self.request_helper.get(url="https://town.example/").content)
        return [Site(**one) for one in found], [Refused()]

    def get_realtime_parking_sites(self):
        if TOLD == "sleep":
            time.sleep(60)
        if TOLD == "eat":
            bytearray(4 << 30)
        if TOLD == "flood":
            sys.stdout.write("x" * (1 << 20) * 200)
        if TOLD == "die":
            os._exit(3)
        if TOLD == "call":
            socket.create_connection(("127.0.0.1", 9), 1)
        if TOLD == "look":
            return [Site(uid="env", realtime_free_capacity=len(os.environ), name=None)], []
        if TOLD == "stamp":
            moment = datetime.datetime.now(datetime.timezone.utc).isoformat()
            dated = Site(uid="dated", realtime_free_capacity=2, realtime_data_updated_at="2020-01-01T11:00:00")
            return [Site(uid="s", realtime_free_capacity=1, realtime_data_updated_at=moment), dated], []
        return [Site(uid="garam-1", realtime_free_capacity=7)], []


class ParkAPISources:
    converter_classes = [Converter]


util = types.SimpleNamespace(ConfigHelper=ConfigHelper)
'''
REQUESTS = "class Response:\n    @property\n    def content(self):\n        return self._content\n"
ITEM = {name: value for name, value in COMBINED.items() if not name.startswith("realtime")}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment of its own in which the stand-in is installed."""
    made = tmp_path_factory.mktemp("parkapi")
    venv.create(made / "venv", with_pip=False)
    (made / ".laid").touch()
    tell(made, "")
    (_packages(made) / "requests.py").write_text(REQUESTS, "utf-8")
    return made


def _packages(home: Path) -> Path:
    return next((home / "venv").glob("lib/*/site-packages"))


def tell(home: Path, word: str) -> None:
    (_packages(home) / "parkapi_sources.py").write_text(STAND_IN.format(told=word), "utf-8")


@pytest.fixture(autouse=True)
def _as_it_was(home: Path) -> Iterator[None]:
    yield
    tell(home, "")


def source(home: Path, **more: Any) -> parkapi_sources.Source:
    return parkapi_sources.build(
        "town", parkapi_sources.Settings(attribution="x", converter="town", home=home, timeout_s=30, **more)
    )


BODY = json.dumps([ITEM]).encode()


async def test_its_items_become_our_records_and_its_refusals_our_notes(home: Path) -> None:
    pulled = await source(home).convert({"static": BODY, "realtime": b"[]"}, NOW)
    assert pulled.static is not None
    assert [(one.uid, one.name) for one in pulled.static] == [("garam-1", "가람 공영주차장")]
    assert [(one.source, one.uid, one.free) for one in pulled.realtime] == [("town", "garam-1", 7)]
    assert [(note.uid, note.reason, note.detail) for note in pulled.report.skipped] == [
        ("bad", "rejected", "capacity: required_field")
    ], "the row itself is not repeated"
    assert (pulled.report.rows, pulled.report.accepted, pulled.is_complete) == (2, 1, False)


async def test_numbers_alone_leave_the_lots_alone(home: Path) -> None:
    pulled = await source(home).convert({"realtime": b"[]"}, NOW)
    assert (pulled.static, [one.free for one in pulled.realtime]) == (None, [7])


def test_an_environment_that_is_not_laid_names_the_command(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="make parkapi"):
        source(tmp_path)


@pytest.mark.parametrize(
    ("word", "more", "says"),
    [
        ("sleep", {"timeout_s": 1}, "정해진 시간"),
        ("eat", {"memory_mb": 512}, "메모리"),
        ("flood", {}, "너무 큽니다"),
        ("die", {}, "코드 3"),
        ("call", {}, "읽지 못했습니다"),
    ],
)
async def test_a_converter_that_misbehaves_harms_nobody_else(
    home: Path, word: str, more: dict[str, Any], says: str
) -> None:
    tell(home, word)
    made = parkapi_sources.build(
        "town",
        parkapi_sources.Settings.model_validate(
            {"attribution": "x", "converter": "town", "home": home, "timeout_s": 60, **more}
        ),
    )
    with pytest.raises(SourceFailed) as failed:
        await made.convert({"realtime": b"[]"}, NOW)
    assert failed.value.kind == "broken"
    assert says in failed.value.reason_ko


async def test_a_converter_sees_nothing_of_our_environment(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BIZGO_API_KEY", "not-for-them")
    tell(home, "look")
    pulled = await source(home).convert({"realtime": b"[]"}, NOW)
    assert [one.free for one in pulled.realtime] == [4], "PATH, LC_ALL and two numbers of threads"


async def test_the_moment_at_which_a_converter_ran_is_nobodys_date(home: Path) -> None:
    tell(home, "stamp")
    pulled = await source(home).convert({"realtime": b"[]"}, NOW)
    assert [one.updated_at for one in pulled.realtime] == [None, datetime(2020, 1, 1, 2, tzinfo=UTC)]


async def test_an_unknown_converter_and_a_missing_document_are_named(home: Path) -> None:
    wrong = parkapi_sources.build("town", parkapi_sources.Settings(attribution="x", converter="village", home=home))
    with pytest.raises(
        SourceFailed, match="there are: any_datex2_facility, any_datex2_record, any_json, any_xlsx, town"
    ):
        await wrong.convert({"realtime": b"[]"}, NOW)
    with pytest.raises(SourceFailed) as failed:
        await source(home).convert({"geojson": b"{}"}, NOW)
    assert failed.value.kind == "refused"


async def test_a_bomb_does_not_reach_the_converter(home: Path) -> None:
    out = BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", b" " * (65 << 20))
    with pytest.raises(SourceFailed, match="너무 큰 파일"):
        await source(home).convert({"static": out.getvalue()}, NOW)


async def test_the_house_fetches_for_it_and_starts_nothing_for_what_did_not_change(home: Path) -> None:
    async with serving() as server, Outside(["127.0.0.1"]) as http:
        server.answers = {"/lots": (200, BODY), "/numbers": (200, b"[]")}
        made = source(
            home,
            static_url=f"{server.url}/lots",
            realtime_url=f"{server.url}/numbers",
            headers={"x-key": "key-of-the-town"},
        )
        first = await made.pull(http, NOW, Mark(), wants_static=True)
        assert (len(first.static or ()), len(first.realtime), first.calls) == (1, 1, 2)
        assert {one.headers["x-key"] for one in server.asked} == {"key-of-the-town"}
        tell(home, "die")
        again = await made.pull(http, NOW, first.mark, wants_static=False)
        assert (again.static, again.realtime, again.calls) == (None, (), 1)
    assert "key-of-the-town" not in repr(made._settings)


async def test_one_document_for_both_is_fetched_once(home: Path) -> None:
    async with serving() as server, Outside(["127.0.0.1"]) as http:
        server.answers = {"/all": (200, BODY)}
        made = source(home, static_url=f"{server.url}/all", realtime_url=f"{server.url}/all")
        numbers = await made.pull(http, NOW, Mark(), wants_static=False)
        lots = await made.pull(http, NOW, numbers.mark, wants_static=True)
        assert (numbers.static, len(lots.static or ()), len(server.asked)) == (None, 1, 2)


def test_the_child_imports_nothing_of_the_house() -> None:
    """It runs where our packages are not."""
    for name in ("_parkapi_child.py", "_parkapi_any.py"):
        text = Path(parkapi_sources.__file__).with_name(name).read_text("utf-8")
        assert not [
            line for line in text.splitlines() if line.startswith(("from core", "from integrations", "import core"))
        ]


def test_the_child_answers_whatever_it_is_told(home: Path) -> None:
    """A body that is no feed is an answer with a failure, never a trace of it."""
    asked = {"converter": "town", "config": {}, "bounds": {"lat": [33, 39], "lon": [124, 132]}, "zone": "Asia/Seoul",
             "memory_mb": 1024, "seconds": 30, "bodies": {"static": base64.b64encode(b"\xff{").decode()}}  # fmt: skip
    child = Path(parkapi_sources.__file__).with_name("_parkapi_child.py")
    done = subprocess.run(
        [home / "venv" / "bin" / "python", "-I", "-B", child],
        input=json.dumps(asked).encode(),
        capture_output=True,
        timeout=60,
    )
    assert (done.returncode, done.stderr) == (0, b"")
    assert json.loads(done.stdout)["failure"] == "broken"

"""`./sinmungo parking`: a source is tried out before the city relies on it, and a failing one is seen from outside."""

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import psycopg
import pytest
import yaml

from commands.parking import sources, try_out
from core.errors import NotFound
from tests.ports import free_port

Office = Callable[[str], None]

LOTS = {
    "type": "FeatureCollection",
    "features": [
        {
            "type": "Feature",
            "geometry": {"type": "Point", "coordinates": [126.7, 37.6]},
            "properties": {"id": f"L{at}", "name": f"나래 제{at} 주차장", "bays": 50, "empty": empty},
        }
        for at, empty in ((1, 12), (2, 0))
    ],
}


class _Page(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        body = json.dumps(LOTS, ensure_ascii=False).encode()
        self.send_response(200)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        return


@pytest.fixture
def page() -> Iterator[str]:
    server = HTTPServer(("127.0.0.1", 0), _Page)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/lots"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def office(office: Path) -> Office:
    """Settings of a city with one source, at the address given, and the store of this module."""

    def configured(url: str) -> None:
        fields = {"uid": "properties.id", "name": "properties.name", "capacity": "properties.bays"}
        source = {
            "vendor": "geojson",
            "enabled": True,
            "url": url,
            "fields": fields,
            "realtime": {"free": "properties.empty"},
            "attribution": "나래시",
            "licence": "공공누리 제1유형",
            "interval_s": 60,
        }
        config = yaml.safe_load(office.read_text("utf-8"))
        config["outside"] = {"allowed_hosts": ["127.0.0.1"]}
        config["parking"]["sources"] = {"narae": source}
        office.write_text(yaml.safe_dump(config, allow_unicode=True), "utf-8")

    return configured


def test_trying_a_source_shows_what_comes_and_stores_nothing(
    office: Office, page: str, capsys: pytest.CaptureFixture[str]
) -> None:
    office(page)
    assert try_out("narae") == 0
    said = capsys.readouterr().err
    assert "받아들임 2" in said
    assert "나래 제1 주차장" in said
    assert "L1  12" in said
    assert "저장하지 않았습니다" in said
    with pytest.raises(NotFound, match="nowhere"):
        try_out("nowhere")


def test_a_provider_that_is_away_is_said_in_korean(office: Office, capsys: pytest.CaptureFixture[str]) -> None:
    office(f"http://127.0.0.1:{free_port()}/")
    assert try_out("narae") == 1
    assert "받지 못했습니다" in capsys.readouterr().err


def test_the_state_of_the_sources_ends_with_one_when_one_fails(
    office: Office, database_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    office("http://127.0.0.1:9/")
    assert sources() == 0
    assert "출처가 없습니다" in capsys.readouterr().err
    with psycopg.connect(database_url) as connection:
        connection.execute(
            "INSERT INTO sources (city_id, kind, name, vendor, state, reason, last_ok_at, updated_at) VALUES "
            "('gimpo', 'parking', 'narae', 'geojson', 'failing', '답이 오지 않았습니다.', now() - interval '5 hours', "
            "now())"
        )
    assert sources() == 1
    said = capsys.readouterr().err
    assert "narae" in said
    assert "실패" in said
    assert "5시간 전" in said

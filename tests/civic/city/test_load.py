"""Loading the city's folder: once a state of it, whole or not at all, and a slip named by file, line and column."""

import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import select

from civic.city.service import CityBook, load, open_book, refreshed
from civic.city.tables import areas, departments
from civic.parking.importing import run_import
from core.db import Database
from core.errors import ConfigError
from core.loading import ROOT
from tests.civic.parking.lots import file_of, lot

NOW = datetime(2026, 10, 1, 3, tzinfo=UTC)
DEMO = ROOT / "demo/gimpo"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("areas", "departments", "places", "categories"):
        shutil.copy(DEMO / f"{name}.csv", tmp_path)
    return tmp_path


async def test_the_same_folder_is_stored_once(database: Database, folder: Path) -> None:
    async with database.transaction() as tx:
        first = await load(tx, "once", folder, NOW)
    async with database.transaction() as tx:
        second = await load(tx, "once", folder, NOW)
    assert (first.is_changed, second.is_changed) == (True, False)
    assert first.rows == second.rows == {"areas": 32, "departments": 28, "places": 54, "categories": 19}


async def test_a_changed_folder_replaces_the_rows(database: Database, folder: Path) -> None:
    async with database.transaction() as tx:
        await load(tx, "changed", folder, NOW)
        book = await open_book(tx, "changed")
    assert await _refreshed(database, book) is book
    path = folder / "areas.csv"
    path.write_text(path.read_text("utf-8").replace("마곡리,Magok-ri", "새로리,Saero-ri"), "utf-8")
    async with database.transaction() as tx:
        report = await load(tx, "changed", folder, NOW)
        names = set(await tx.scalars(select(areas.c.name_ko).where(areas.c.city_id == "changed")))
    assert report.is_changed
    assert "새로리" in names and "마곡리" not in names
    assert (await _refreshed(database, book)).place("새로리") is not None


async def test_new_lots_change_the_folder_too(database: Database, folder: Path) -> None:
    async with database.transaction() as tx:
        await load(tx, "with-lots", folder, NOW)
        (folder / "parking_lots.csv").write_text("id\n", "utf-8")
        assert (await load(tx, "with-lots", folder, NOW)).is_changed


async def _refreshed(database: Database, book: CityBook) -> CityBook:
    async with database.transaction() as tx:
        return await refreshed(tx, book)


def _edit(file: str, change: Callable[[str], str]) -> Callable[[Path], None]:
    def edit(folder: Path) -> None:
        path = folder / file
        path.write_text(change(path.read_text("utf-8")), "utf-8")

    return edit


@pytest.mark.parametrize(
    ("case", "edit", "words"),
    [
        ("a coordinate out of Korea", _edit("areas.csv", lambda t: t.replace("37.6462", "376.462")),
         ["areas.csv", "13", "'lat'", "33"]),
        ("a letter for a coordinate", _edit("places.csv", lambda t: t.replace("37.6417,", "ㄱ,")),
         ["places.csv", "2", "'lat'"]),
        ("a missing cell", _edit("areas.csv", lambda t: t.replace("gurae,구래동,", "gurae,")),
         ["areas.csv", "13", "6"]),
        ("an empty name", _edit("areas.csv", lambda t: t.replace("gurae,구래동,", "gurae,,")),
         ["areas.csv", "13", "'name_ko'"]),
        ("an unknown kind", _edit("places.csv", lambda t: t.replace(",station,", ",statoin,", 1)),
         ["places.csv", "2", "'kind'", "station"]),
        ("a repeated id", _edit("areas.csv", lambda t: t.replace("masan,", "gurae,")), ["areas.csv", "14", "'id'"]),
        ("a missing column", _edit("departments.csv", lambda t: t.replace("duties_ko", "duty", 1)),
         ["departments.csv", "1", "'duties_ko'"]),
        ("an unknown department", _edit("categories.csv", lambda t: t.replace(",recycling,", ",trash,")),
         ["categories.csv 2번째 줄", "'department_id'", "trash"]),
        ("an impossible deadline", _edit("categories.csv", lambda t: t.replace(",days,7,", ",days,0,", 1)),
         ["categories.csv", "2", "'deadline_amount'"]),
        ("an endless deadline", _edit("categories.csv", lambda t: t.replace(",days,7,", ",years,11,", 1)),
         ["categories.csv", "2", "'deadline_amount'", "10"]),
        ("an open quote", _edit("areas.csv", lambda t: t + '"x'), ["areas.csv"]),
        ("no rows", _edit("areas.csv", lambda t: t.splitlines()[0]), ["areas.csv", "1"]),
        ("no file", lambda folder: (folder / "areas.csv").unlink(), ["areas.csv"]),
        ("another encoding", lambda folder: (folder / "areas.csv").write_bytes("구래동".encode("cp949")),
         ["areas.csv", "UTF-8"]),
    ],
)  # fmt: skip
async def test_a_slip_is_one_clear_sentence(
    case: str, edit: Callable[[Path], None], words: list[str], database: Database, folder: Path
) -> None:
    edit(folder)
    with pytest.raises(ConfigError) as caught:
        async with database.transaction() as tx:
            await load(tx, "slip", folder, NOW)
    assert all(word in caught.value.reason_ko for word in words), (case, caught.value.reason_ko)
    async with database.transaction() as tx:
        assert (await tx.execute(select(departments.c.id).where(departments.c.city_id == "slip"))).first() is None


async def test_the_book_knows_the_lots_of_its_city(database: Database, database_url: str, folder: Path) -> None:
    near = lot(1, name="구래9", lat=37.645, lon=126.622)
    far = lot(2, name="부산 어딘가", lat=35.1, lon=129.0)
    await run_import(database_url, "lots", file_of(near, far), NOW)
    async with database.transaction() as tx:
        await load(tx, "lots", folder, NOW)
        book = await open_book(tx, "lots")
    lots = [(place.name, place.kind) for place in book.named_places() if place.kind == "parking_lot"]
    assert lots == [("구래9 주차장", "parking_lot")]
    assert book.areas_with_lots(1)[0].name == "구래동"


async def test_an_unloaded_city_has_an_empty_book(database: Database) -> None:
    async with database.transaction() as tx:
        book = await open_book(tx, "nowhere")
    assert (book.digest, book.areas, book.named_places(), book.department_for("여권")) == ("", (), [], None)

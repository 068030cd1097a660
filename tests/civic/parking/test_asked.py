"""Places, watches and reports of a person: sealed in the store, handed out to him, forgotten with him and by age."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import insert, select, text, update

from civic.conversations.tables import conversations
from civic.parking import forgetting
from civic.parking.importing import import_lots
from civic.parking.places import PlacesService, SavedPlace, kind_said
from civic.parking.tables import parking_lots, parking_places, parking_reports, parking_watches
from civic.people.tables import citizens
from civic.subjects import service as subjects
from core.db import Database
from core.ids import new_id
from core.vault import vault_of
from tests.civic.cases.rows import CITY, NOW, conversation
from tests.civic.parking.lots import file_of, lot

HOME = SavedPlace("home", "구래동", 37.64621, 126.62603, "08:00")
LATER = NOW + timedelta(days=1)


async def asked(database: Database, citizen_id: UUID | None = None) -> UUID:
    """Somebody who told his home, waits for a place, and reported a car."""
    uid = f"P:{new_id()}"
    file = file_of(lot(1, uid=uid, external_ids=(uid,)))
    async with database.transaction() as tx:
        thread = await conversation(tx, citizen_id=citizen_id)
        await PlacesService(database, CITY).keep(tx, thread, HOME, NOW)
        await import_lots(tx, CITY, f"test-{new_id()}", file.records, file.report, NOW)
        lot_id = await tx.scalar(select(parking_lots.c.id).where(parking_lots.c.uid == uid))
        watch = {"id": new_id(), "lot_id": lot_id, "ended_at": NOW, "ends_at": NOW, "created_at": NOW}
        await tx.execute(insert(parking_watches).values(city_id=CITY, conversation_id=thread, **watch))
        id, vault = new_id(), vault_of(tx)
        report = {
            "id": id,
            "kind": "hydrant",
            "state": "taken",
            "area": "구래동",
            "plate": vault.seal_text("12가3456", f"parking_reports.plate:{id}"),
            "place": vault.seal_json({"label": "", "lat": 37.6, "lon": 126.6}, f"parking_reports.place:{id}"),
            "photos": [new_id()],
            "photo_times": [NOW],
            "created_at": NOW,
            "updated_at": NOW,
        }
        await tx.execute(insert(parking_reports).values(city_id=CITY, conversation_id=thread, **report))
    return thread


async def left(database: Database, thread: UUID) -> tuple[int, int, list[Any]]:
    async with database.transaction() as tx:
        mine = [
            (await tx.execute(select(table.c.id).where(table.c.conversation_id == thread))).all()
            for table in (parking_places, parking_watches)
        ]
        report = parking_reports.c
        wanted = select(report.kind, report.area, report.plate, report.place, report.photos, report.photo_times)
        reports = await tx.execute(wanted.where(report.conversation_id == thread))
        return len(mine[0]), len(mine[1]), [tuple(row) for row in reports]


BLANK: list[tuple[Any, ...]] = [("hydrant", "구래동", "", None, [], [])]
"""What the month's figures need, and nothing of a person or a car."""


async def test_a_place_is_sealed_changed_in_place_and_opened_for_its_own_conversation(database: Database) -> None:
    service = PlacesService(database, CITY)
    thread = await asked(database)
    async with database.transaction() as tx:
        raw = str((await tx.execute(text("SELECT place FROM parking_places"))).all())
        assert not any(word in raw for word in ("구래동", "37.6", "126.6", "08:00"))
        raw = str((await tx.execute(text("SELECT plate, place FROM parking_reports"))).all())
        assert not any(word in raw for word in ("12가", "3456", "37.6"))
        await service.keep(tx, thread, SavedPlace("home", "장기동", 37.642, 126.67), LATER)
        await service.keep(tx, thread, SavedPlace("work", "사우동", 37.6201, 126.7177), LATER)
    kept = await service.of(thread)
    assert kept["home"] == SavedPlace("home", "장기동", 37.642, 126.67, "08:00"), "the time told before stays"
    point = await service.point(thread, "work")
    assert point is not None and (point.lat, point.lon, point.label) == (37.6201, 126.7177, "사우동")
    async with database.transaction() as tx:
        other = await conversation(tx)
        assert await service.forget(tx, thread, "home") == 1
    assert (await service.of(other), await service.point(thread, "home")) == ({}, None)


async def test_a_person_gets_all_of_it_and_can_have_it_forgotten(database: Database) -> None:
    citizen_id = new_id()
    async with database.transaction() as tx:
        await tx.execute(insert(citizens).values(id=citizen_id, city_id=CITY, created_at=NOW, updated_at=NOW))
    thread = await asked(database, citizen_id)
    async with database.transaction() as tx:
        found = await subjects.export(tx, vault_of(tx), CITY, citizen_id, NOW)
    told = found["parking"]
    assert told["places"] == [
        {"kind": "home", "area": "구래동", "lat": 37.64621, "lon": 126.62603, "leaves_at": "08:00"}
    ]
    assert [one["lot"] for one in told["watches"]] == ["가람 공영주차장"]
    assert [(one["kind"], one["plate"], one["place"]["lat"]) for one in told["reports"]] == [
        ("hydrant", "12가3456", 37.6)
    ]
    page = subjects.as_text(found)
    assert "■ 주차: 장소 1건, 자리 알림 1건, 신고 1건" in page and "집: 구래동 (37.64621, 126.62603) 08:00" in page
    async with database.transaction() as tx:
        await forgetting.forget_asked(tx, [thread], LATER)
    assert await left(database, thread) == (0, 0, BLANK)


async def test_who_never_gave_a_name_is_forgotten_alike(database: Database) -> None:
    thread = await asked(database)
    async with database.transaction() as tx:
        await subjects.forget_nameless(tx, CITY, thread, LATER)
    assert await left(database, thread) == (0, 0, BLANK)


async def test_what_is_past_its_retention_goes_and_what_is_younger_stays(database: Database) -> None:
    thread = await asked(database)
    async with database.transaction() as tx:
        assert await forgetting.forget_old(tx, CITY, NOW - timedelta(seconds=1)) == 0
    assert (await left(database, thread))[:2] == (1, 1)
    async with database.transaction() as tx:
        await tx.execute(update(conversations).where(conversations.c.id == thread).values(last_inbound_at=LATER))
        await forgetting.forget_old(tx, CITY, NOW + timedelta(hours=1))
    assert await left(database, thread) == (1, 0, BLANK), "who still writes keeps his home"
    async with database.transaction() as tx:
        await forgetting.forget_old(tx, CITY, LATER + timedelta(hours=1))
    assert (await left(database, thread))[0] == 0


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        ("집 근처 주차장", "home"),
        ("우리 집 앞에 댈 데", "home"),
        ("우리집 근처", "home"),
        ("회사 앞 자리 있어?", "work"),
        ("직장 근처 주차", "work"),
        ("parking near my home", "home"),
        ("parking near work", "work"),
        ("꽃집 근처 주차장", None),
        ("맛집 주차", None),
        ("어린이집 앞 주차", None),
        ("집회 때문에 막혀요", None),
        ("구래동 주차장", None),
    ],
)
def test_home_and_work_are_heard(said: str, kind: str | None) -> None:
    assert kind_said(said) == kind

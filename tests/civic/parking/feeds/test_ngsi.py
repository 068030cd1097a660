"""NGSI-LD as we write it: read again by our own reader in each form, and nothing said that is not believed."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import orjson
import pytest

from civic.parking.feeds import ngsi
from civic.parking.feeds.publishing import ids_of
from core.contracts.parking import Pulled
from core.linked import Form
from integrations.parking import fiware
from tests.civic.parking.feeds.published import ALL, BY, GARAGE, NOW, ngsi_entities

FORMS: tuple[Form, ...] = ("normalized", "concise", "keyValues")


def read(form: Form) -> Pulled:
    return fiware.Notified("back", fiware.Settings(mode="push")).receive(ngsi_entities(form), {}, NOW)


@pytest.mark.parametrize("form", FORMS)
def test_our_own_reader_gets_the_same_lots_in_each_form(form: Form) -> None:
    pulled = read(form)
    assert pulled.static is not None and pulled.report.skipped == ()
    assert len(pulled.static) == len(ALL)
    for one, back in zip(ALL, pulled.static, strict=True):
        lot = one.lot
        assert back.uid == ngsi.id_of(lot, "narae")
        for name in (
            "name",
            "lat",
            "lon",
            "capacity",
            "type",
            "opening_hours",
            "max_height_cm",
            "fee_kind",
            "ownership",
        ):
            assert getattr(back, name) == getattr(lot, name), name
        for name in (
            "capacity_disabled",
            "capacity_woman",
            "capacity_family",
            "has_disabled",
            "has_charging",
            "remarks",
        ):
            assert getattr(back, name) == getattr(lot, name), name
        assert (back.address, back.operator, back.public_url) == (lot.road_address, "나래시설공단", lot.public_url)
        assert back.static_data_updated_at == datetime(2026, 9, 1, tzinfo=UTC)


@pytest.mark.parametrize("form", FORMS)
def test_our_own_reader_gets_only_the_numbers_that_are_believed(form: Form) -> None:
    told = [(one.uid, one.free, one.opening_status, one.updated_at) for one in read(form).realtime]
    at = datetime(2026, 9, 30, 2, 55, tzinfo=UTC)
    ids = [ngsi.id_of(one.lot, "narae") for one in ALL]
    assert told == [(ids[0], 31, "OPEN", at), (ids[1], 0, "OPEN", at), (ids[2], 0, "CLOSED", at)]


def test_an_entity_has_what_the_data_model_requires_and_who_counted() -> None:
    made: dict[str, Any] = ngsi.entity(ALL[0], BY)
    assert (made["id"], made["type"]) == (f"urn:ngsi-ld:OffStreetParking:narae:{GARAGE.id}", "OffStreetParking")
    assert made["location"] == {"type": "GeoProperty", "value": {"type": "Point", "coordinates": [126.7, 37.6000001]}}
    counted = {"type": "Property", "value": 31, "observedAt": "2026-09-30T02:55:00.000Z"}
    assert made["availableSpotNumber"] == counted
    assert (made["occupiedSpotNumber"]["value"], made["occupancy"]["value"]) == (169, 0.845)
    assert made["status"]["value"] == ["open", "spacesAvailable"]
    assert made["dataProvider"]["value"] == "전국주차장정보표준데이터"
    assert made["license"]["value"] == "https://narae.example/licence"
    assert made["externalIds"]["value"] == list(ids_of(GARAGE)) == ["kr_standard:410:1", "kr_standard:410:7"]
    assert "phone" not in orjson.dumps(made).decode()


def test_full_and_closed_are_two_things() -> None:
    plain = {one.lot.name: ngsi.entity(one, BY, "keyValues") for one in ALL}
    assert plain["두루 노상"]["status"] == ["open", "full"]
    assert plain["누리"]["status"] == ["closed"]
    for name in ("오래된 곳", "의심스러운 곳", "연계 안 된 곳", "말없는 곳"):
        assert not {"availableSpotNumber", "status", "observationDateTime", "occupancy"} & set(plain[name]), name


def test_only_the_attributes_that_were_asked_for_are_given() -> None:
    assert set(ngsi.entity(ALL[0], BY, "keyValues", ("name", "x"))) == {"id", "type", "name"}


@pytest.mark.parametrize(
    ("urn", "expected"),
    [
        (f"urn:ngsi-ld:OffStreetParking:narae:{GARAGE.id}", GARAGE.id),
        (f"urn:ngsi-ld:OnStreetParking:narae:{GARAGE.id}", GARAGE.id),
        (f"urn:ngsi-ld:OffStreetParking:other:{GARAGE.id}", None),
        ("urn:ngsi-ld:OffStreetParking:narae:1", None),
        (str(GARAGE.id), None),
        ("", None),
    ],
)
def test_an_id_leads_back_to_its_lot(urn: str, expected: UUID | None) -> None:
    assert ngsi.lot_id(urn, "narae") == expected

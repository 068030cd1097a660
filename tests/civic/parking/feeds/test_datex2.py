"""DATEX II as we write it: read again by our own reader, and nothing said that is not believed."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from civic.parking.feeds import datex2 as writer
from civic.parking.feeds.publishing import ids_of
from core.contracts.parking import ParkingRecord, RealtimeRecord
from integrations.parking import datex2 as reader
from tests.civic.parking.feeds.published import ALL, BY, GARAGE, NOW, datex2_status, datex2_table, found, number

SAFE = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)


def read_table(folder: Path, raw: bytes) -> dict[str, ParkingRecord]:
    path = folder / "table.xml"
    path.write_bytes(raw)
    file = reader.build("back", reader.Settings()).read(path)
    assert file.report.rows == file.report.accepted
    return {one.uid: one for one in file.records}


def read_status(folder: Path, raw: bytes) -> dict[str, RealtimeRecord]:
    path = folder / "status.xml"
    path.write_bytes(raw)
    return {one.uid: one for one in reader.build("back", reader.Settings()).read_realtime(path, NOW).realtime}


def test_our_own_reader_gets_the_same_lots(tmp_path: Path) -> None:
    lots = read_table(tmp_path, datex2_table())
    assert list(lots) == [str(one.lot.id) for one in ALL], "lots without a point cannot be in a table"
    for one in ALL:
        lot, back = one.lot, lots[str(one.lot.id)]
        for name in ("name", "lat", "lon", "capacity", "type", "opening_hours", "max_height_cm", "fee_kind", "remarks"):
            assert getattr(back, name) == getattr(lot, name), name
        for name in ("capacity_disabled", "capacity_charging", "capacity_family", "capacity_woman", "public_url"):
            assert getattr(back, name) == getattr(lot, name), name
        assert back.external_ids == (str(lot.id), *ids_of(lot)), "every id is kept"
        assert (back.operator, back.owner, back.address) == ("나래시설공단", "나래시설공단", lot.road_address)
        assert (back.provider, back.attribution) == ("KR-narae", "전국주차장정보표준데이터")
        assert back.static_data_updated_at == lot.static_data_updated_at


def test_our_own_reader_gets_only_the_numbers_that_are_believed(tmp_path: Path) -> None:
    now = read_status(tmp_path, datex2_status())
    told = {uid: (one.free, one.capacity, one.opening_status) for uid, one in now.items()}
    assert told == {
        str(ALL[0].lot.id): (31, 200, "OPEN"),
        str(ALL[1].lot.id): (0, 200, "OPEN"),
        str(ALL[2].lot.id): (0, 200, "CLOSED"),
    }
    assert {one.updated_at for one in now.values()} == {number(0).counted_at}


def test_a_closed_lot_is_not_said_to_be_full() -> None:
    open_and_full, closed = writer.status(ALL[1]).decode(), writer.status(ALL[2]).decode()
    assert "<parkingSiteStatus>full</parkingSiteStatus>" in open_and_full
    assert "<parkingSiteStatus>unknown</parkingSiteStatus>" in closed
    assert "<parkingSiteOpeningStatus>closed</parkingSiteOpeningStatus>" in closed


def test_attribution_and_licence_stand_with_each_lot() -> None:
    root = etree.fromstring(datex2_table())
    names = [etree.QName(one).localname for one in next(root.iter("{*}parkingRecordExtension"))]
    assert names == [
        "externalId",
        "externalId",
        "address",
        "openingHours",
        "owner",
        "attribution",
        "licence",
        "licenceUrl",
    ]
    assert "나래시 가람로 1" in datex2_table().decode()


def test_elements_come_in_the_order_of_the_schema() -> None:
    # DATEX II v2.3, complexTypes ParkingRecord, ParkingSite and UrbanParkingSite, in their sequence.
    order = [
        "parkingName",
        "parkingDescription",
        "parkingRecordVersionTime",
        "parkingNumberOfSpaces",
        "urlLinkAddress",
        "operator",
        "parkingLocation",
        "prohibitedParking",
        "tariffsAndPayment",
        "groupOfParkingSpaces",
        "parkingRecordExtension",
        "parkingLayout",
        "openingTimes",
        "urbanParkingSiteType",
    ]
    for record in etree.fromstring(datex2_table()).iter("{*}parkingRecord"):
        names = [etree.QName(one).localname for one in record]
        assert names == sorted(names, key=order.index)


@settings(max_examples=80, deadline=None)
@given(SAFE, SAFE, SAFE, st.integers(0, 9_999))
def test_whatever_a_lot_is_called_the_document_stays_readable(
    folder: Path, name: str, remarks: str, uid: str, free: int
) -> None:
    one = found(0, number(free), name=f"가람{name}", remarks=remarks, uid=uid, address=remarks, public_url=uid)
    lots = read_table(folder, writer.table([one], BY, NOW))
    back = lots[str(GARAGE.id)]
    assert back.name.startswith("가람") and len(lots) == 1
    assert read_status(folder, writer.statuses([one], BY, NOW))[str(GARAGE.id)].free == free


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("written")

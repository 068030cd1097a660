"""DATEX II: what is read of both dialects, what is refused, and how a publisher is asked."""

import gzip
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.contracts.parking import Mark, Pulled, RealtimeRecord, SourceFailed
from core.errors import BadInput, ConfigError
from core.http import Outside
from core.settings import section_settings
from integrations.parking import datex2
from tests.integrations.parking.datex2_documents import (
    HEIGHT,
    assigned,
    document,
    facility,
    facility_status,
    group,
    group_status,
    lot,
    status,
    tag,
)
from tests.integrations.parking.hub_feeds import Answer, Hub, hub_on_loopback

NOW = datetime(2026, 9, 30, 3, tzinfo=UTC)


def source(**changes: object) -> datex2.Datex2:
    return datex2.build("narae", section_settings(datex2.Settings, ("parking", "sources", "narae"), changes))


def file(folder: Path, raw: bytes) -> Path:
    path = folder / "feed.xml"
    path.write_bytes(raw)
    return path


@pytest.mark.parametrize("prefix", ["", "ns2"])
def test_it_reads_a_lot_of_the_record_dialect_whatever_the_prefix(tmp_path: Path, prefix: str) -> None:
    more = (
        tag("prohibitedParking", HEIGHT.replace("lessThan", "greaterThan").join(["<{p}vc>", "</{p}vc>"]))
        + group(0, tag("applicableForUser", "disabled"), 4)
        + group(1, tag("applicableForUser", "women"), 6)
        + group(2, tag("vehicleCharacteristics", tag("fuelType", "battery")), 3)
        + tag("parkingLayout", "multiStorey")
        + tag("openingTimes", tag("available24hours", "true"))
        + tag("urbanParkingSiteType", "offStreetParking")
    )
    found = source().read(file(tmp_path, document(lot("P1", more=more), prefix=prefix)))
    (one,) = found.records
    assert (one.uid, one.name, one.type, one.capacity) == ("P1", "가람주차장", "CAR_PARK", 120)
    assert (one.lat, one.lon, one.max_height_cm, one.opening_hours) == (37.6, 126.7, 210, "24/7")
    assert (one.capacity_disabled, one.capacity_woman, one.capacity_charging, one.capacity_family) == (4, 6, 3, None)
    assert (one.has_disabled, one.has_charging, one.provider) == (True, True, "KR-NARAE")
    assert one.static_data_updated_at == datetime(2026, 9, 29, tzinfo=UTC)
    assert (found.report.rows, found.report.accepted, found.report.source) == (1, 1, "narae")


def test_it_reads_a_facility_with_its_assigned_bays(tmp_path: Path) -> None:
    more = (
        tag("characteristicsOfPermittedVehicles", HEIGHT)
        + tag("owner", tag("contactName", "12 / 나래시설공단"))
        + assigned(1, tag("personTypeForWhichSpacesAssigned", "disabled"), 5)
        + assigned(2, tag("personTypeForWhichSpacesAssigned", "families"), 2)
        + assigned(3, tag("characteristicsOfVehicles", tag("fuelType", "battery")), 7)
        + assigned(4, tag("parkingDuration", "shortTerm"), 80)
    )
    (one,) = source().read(file(tmp_path, document(facility("F1", more)))).records
    assert (one.name, one.type, one.capacity, one.max_height_cm) == ("Duru", "UNDERGROUND", 100, 210)
    assert (one.capacity_disabled, one.capacity_family, one.capacity_charging) == (5, 2, 7)
    assert one.operator == "나래시설공단"


def test_coordinates_of_another_system_are_turned_into_degrees(tmp_path: Path) -> None:
    # EPSG:5179 (Korea 2000 / Unified CS): its origin is 38 N 127.5 E at 2,000,000 N and 1,000,000 E.
    inner = facility("F1", north="2000000", east="1000000") + facility("F2", north="37.6", east="126.7")
    found = source(crs=5179).read(file(tmp_path, document(inner)))
    assert [(one.lat, one.lon) for one in found.records] == [(38.0, 127.5)]
    assert [(note.uid, note.reason) for note in found.report.skipped] == [("F2", "point_outside")]


def test_bad_rows_are_left_out_with_their_reason(tmp_path: Path) -> None:
    inner = (
        lot("", name="x")
        + lot("P1", name="").replace("Garam", "")
        + lot("P2", spaces="")
        + lot("P3", spaces="-4")
        + lot("P4", point="")
        + lot("P5", point="50.7,6.1")
        + lot("P6").replace("UrbanParkingSite", "GroupOfParkingSites")
        + lot("P7")
        + lot("P7")
        + lot("P8", spaces="0")
    )
    report = source().read(file(tmp_path, document(inner))).report
    assert [(note.line, note.uid, note.reason) for note in report.skipped] == [
        (1, "", "no_id"),
        (2, "P1", "no_name"),
        (3, "P2", "no_capacity"),
        (4, "P3", "no_capacity"),
        (5, "P4", "nowhere"),
        (6, "P5", "point_outside"),
        (7, "P6", "group"),
        (9, "P7", "same_uid"),
    ]
    assert (report.rows, report.accepted) == (10, 2)
    assert [(note.uid, note.reason) for note in report.doubts] == [("P8", "capacity_zero")]
    assert {note.reason for note in (*report.skipped, *report.doubts)} <= set(report.reasons_ko)


def numbers_of(inner: str, folder: Path, made: datex2.Datex2 | None = None) -> dict[str, RealtimeRecord]:
    pulled = (made or source()).read_realtime(file(folder, document(inner)), NOW)
    return {one.uid: one for one in pulled.realtime}


def test_it_reads_numbers_of_the_record_dialect(tmp_path: Path) -> None:
    found = numbers_of(
        status("P1", tag("parkingNumberOfSpacesOverride", 110) + tag("parkingNumberOfVacantSpaces", 12))
        + status("P2", tag("parkingNumberOfSpacesOverride", 50) + tag("parkingNumberOfOccupiedSpaces", 60))
        + status("P3", tag("parkingNumberOfVacantSpaces", 0), tag("parkingSiteOpeningStatus", "closed"))
        + status("P4", "", tag("parkingSiteStatus", "unknown"))
        + status("P5", tag("parkingNumberOfVacantSpaces", 3), at=""),
        tmp_path,
    )
    assert (found["P1"].free, found["P1"].capacity, found["P1"].opening_status) == (12, 110, "UNKNOWN")
    assert found["P1"].updated_at == datetime(2026, 9, 30, 2, 55, tzinfo=UTC)
    assert found["P2"].free == -10, "not clamped: the house judges it"
    assert (found["P3"].free, found["P3"].opening_status) == (0, "CLOSED")
    assert (found["P4"].free, found["P4"].is_linked, found["P4"].reason) == (None, False, "no_number")
    assert found["P5"].updated_at == NOW, "else the publication's own time"
    assert {one.source for one in found.values()} == {"narae"}


def test_a_facility_that_says_closed_and_spaces_available_is_closed(tmp_path: Path) -> None:
    vacant = tag("totalNumberOfVacantParkingSpaces", 40) + tag("totalParkingCapacityOverride", 90)
    found = numbers_of(
        facility_status("F1", ("spacesAvailable", "closed"), vacant)
        + facility_status("F2", ("spacesAvailable", "open"), vacant)
        + facility_status("F3", ("statusUnknown",)),
        tmp_path,
    )
    told = {uid: (one.opening_status, one.free, one.capacity, one.is_linked) for uid, one in found.items()}
    assert told["F1"] == ("CLOSED", 40, 90, True)
    assert told["F2"] == ("OPEN", 40, 90, True)
    assert told["F3"] == ("UNKNOWN", None, None, False)
    assert found["F1"].updated_at == datetime(2026, 9, 30, 2, 55, tzinfo=UTC), "without an offset: the source's zone"


def test_numbers_of_groups_are_joined_to_the_table_read_before(tmp_path: Path) -> None:
    inner = facility_status("F1", ("open",), group_status(1, 2) + group_status(4, 30))
    made = source()
    assert numbers_of(inner, tmp_path, made)["F1"].free_by == {}
    more = assigned(1, tag("personTypeForWhichSpacesAssigned", "disabled"), 5) + assigned(4, tag("x", "y"), 80)
    made.read(file(tmp_path, document(facility("F1", more))))
    assert numbers_of(inner, tmp_path, made)["F1"].free_by == {"disabled": 2}


PERIOD = "<{p}period>%s</{p}period>"


@pytest.mark.parametrize(
    ("times", "expected"),
    [
        ("", (None, "")),
        (tag("openingTimesUnknown", "true"), (None, "")),
        (
            "".join(
                PERIOD
                % (
                    tag("startOfPeriod", f"2026-09-{day}T07:00:00")
                    + tag("endOfPeriod", f"2026-09-{day}T23:59:00")
                    + tag("periodName", tag("values", tag("value", name)))
                )
                for day, name in ((28, "Monday"), (29, "Tuesday"), ("03", ""))
            ),
            ("Mo-Tu 07:00-24:00; Th 07:00-24:00", ""),
        ),
        (
            tag(
                "validity",
                tag(
                    "validPeriod",
                    tag(
                        "recurringTimePeriodOfDay",
                        tag("startTimeOfPeriod", "18:00:00") + tag("endTimeOfPeriod", "02:00:00"),
                    )
                    + tag("recurringDayWeekMonthPeriod", tag("applicableDay", "friday")),
                ),
            ),
            ("Fr 18:00-02:00", ""),
        ),
        (
            tag(
                "validPeriod",
                tag(
                    "recurringTimePeriodOfDay",
                    tag("startTimeOfPeriod", "00:00:00") + tag("endTimeOfPeriod", "00:00:00"),
                ),
            ),
            ("24/7", "시간 확인 필요(원자료에 00:00~00:00으로 적힘)"),
        ),
        (PERIOD % (tag("startOfPeriod", "9") + tag("endOfPeriod", "soon")), (None, "")),
    ],
)
def test_opening_times_become_osm_hours(tmp_path: Path, times: str, expected: tuple[str | None, str]) -> None:
    (one,) = source().read(file(tmp_path, document(lot("P1", more=tag("openingTimes", times))))).records
    assert (one.opening_hours, one.hours_note) == expected


BOMB = (
    '<!DOCTYPE d [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">'
    '<!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;">]>'
)


@pytest.mark.parametrize(
    "raw",
    [
        document(lot("P1", name="&c;"), before=BOMB),
        document(lot("P1", name="&x;"), before='<!DOCTYPE d [<!ENTITY x SYSTEM "file:///etc/passwd">]>'),
        document(lot("P1"), before='<!DOCTYPE d SYSTEM "http://127.0.0.1:1/x.dtd">'),
        document(lot("P1"), before="<!DOCTYPE d>").decode().encode("utf-16"),
        document(lot("P1"), before="+ADwAIQ-DOCTYPE d>").replace(b"UTF-8", b"UTF-7"),
        document("<{p}a>" * 3_000 + "</{p}a>" * 3_000),
        document(lot("P1"))[:-40],
        document(lot("P1"), version="3"),
        b"<html><parkingRecord/></html>",
        b'{"features": []}',
        b"",
        b"\x1f\x8bnot gzip",
        gzip.compress(document(lot("P1")), mtime=0)[:-30],
        gzip.compress(document(lot("P1", name=" " * 17_000_000)), mtime=0),
    ],
    ids=lambda raw: str(raw[:24]),
)  # fmt: skip
def test_what_is_dangerous_broken_or_something_else_is_refused(tmp_path: Path, raw: bytes) -> None:
    with pytest.raises(BadInput):
        source().read(file(tmp_path, raw))
    with pytest.raises(BadInput):
        source().read_realtime(file(tmp_path, raw), NOW)


def test_a_packed_file_is_unpacked(tmp_path: Path) -> None:
    assert len(source().read(file(tmp_path, gzip.compress(document(lot("P1"))))).records) == 1


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=200), st.integers(0, 900), st.integers(1, 60))
def test_no_bytes_at_all_make_it_stumble(folder: Path, noise: bytes, at: int, cut: int) -> None:
    whole = document(lot("P1") + facility("F1") + status("P1", tag("parkingNumberOfVacantSpaces", 3)))
    raw = whole[:at] + noise + whole[at + cut :]
    for read in (source().read, lambda path: source().read_realtime(path, NOW)):
        with suppress(BadInput):
            read(file(folder, raw))


@settings(max_examples=60, deadline=None)
@given(st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=30), st.sampled_from(range(8)))
def test_no_value_makes_it_stumble(folder: Path, value: str, at: int) -> None:
    plain = value.replace("&", "").replace("<", "").replace('"', "").replace("{p}", "")
    values = [plain if here == at else "7" for here in range(8)]
    inner = (
        lot(values[0], values[1], values[2], tag("openingTimes", PERIOD % tag("startOfPeriod", values[3])), values[4])
        + facility_status(values[5], (values[6],), tag("totalNumberOfVacantParkingSpaces", values[7]))
    )  # fmt: skip
    made = source()
    path = file(folder, document(inner))
    assert made.read(path).report.rows == 1
    assert len(made.read_realtime(path, NOW).realtime) <= 1


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("datex2")


NO_MARK = Mark()


async def pull(hub: Hub, mark: Mark = NO_MARK, *, wants_static: bool = True, **changes: object) -> Pulled:
    made = source(**({"static_url": f"{hub.url}/lots", "realtime_url": f"{hub.url}/now"} | changes))
    async with Outside(["127.0.0.1"]) as http:
        return await made.pull(http, NOW, mark, wants_static=wants_static)


async def test_it_asks_for_lots_and_numbers_and_only_for_what_is_new() -> None:
    with hub_on_loopback() as hub:
        numbers = document(status("P1", tag("parkingNumberOfVacantSpaces", 5)))
        hub.answers["/lots"] = Answer(gzip.compress(document(lot("P1"))), headers={"ETag": '"a1"'})
        hub.answers["/now"] = Answer(
            gzip.compress(numbers), headers={"ETag": '"n1"', "Content-Encoding": "gzip"}
        )  # fmt: skip
        first = await pull(hub, token="secret-of-narae")
        assert first.static is not None and [one.uid for one in first.static] == ["P1"]
        assert ([one.free for one in first.realtime], first.calls, first.mark.etag) == ([5], 2, '"n1"')
        assert hub.asked[0].headers["authorization"] == "Bearer secret-of-narae"
        assert first.is_complete
        again = await pull(hub, first.mark)
        assert (again.static, again.realtime, again.realtime_report) == (None, (), None)
        assert again.mark == first.mark
        hub.asked.clear()
        only = await pull(hub, wants_static=False)
        assert (only.static, len(only.realtime), [one.path for one in hub.asked]) == (None, 1, ["/now"])


async def test_one_document_for_both_is_asked_for_once() -> None:
    with hub_on_loopback() as hub:
        both = document(lot("P1") + status("P1", tag("parkingNumberOfVacantSpaces", 5)))
        hub.answers["/lots"] = Answer(both)
        pulled = await pull(hub, realtime_url=f"{hub.url}/lots")
        assert (len(pulled.static or ()), len(pulled.realtime), len(hub.asked)) == (1, 1, 1)


async def test_a_table_of_which_nothing_can_be_used_takes_no_lot_away() -> None:
    with hub_on_loopback() as hub:
        hub.answers["/lots"] = Answer(document(lot("P1", spaces="")))
        pulled = await pull(hub, realtime_url="")
        assert (pulled.static, pulled.is_complete) == ((), False)


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (Answer(status=401), "refused"),
        (Answer(status=403), "refused"),
        (Answer(status=404), "refused"),
        (Answer(status=302, headers={"Location": "http://127.0.0.1:1/"}), "refused"),
        (Answer(status=400), "broken"),
        (Answer(b"<html>maintenance</html>"), "broken"),
        (Answer(b"<!DOCTYPE x><html/>"), "broken"),
    ],
)
async def test_a_pull_that_brings_nothing_says_why(answer: Answer, kind: str) -> None:
    with hub_on_loopback() as hub:
        hub.answers["/lots"] = answer
        with pytest.raises(SourceFailed) as failed:
            await pull(hub)
    assert failed.value.kind == kind


@pytest.mark.parametrize(
    ("changes", "key"),
    [
        ({"static_url": "file:///etc/passwd"}, "static_url"),
        ({"realtime_url": "http://user:password@host/x"}, "realtime_url"),
        ({"crs": 29_999}, "crs"),
        ({"time_zone": "Asia/Narae"}, "time_zone"),
        ({"bounds": {"lat": [60, 40]}}, "bounds"),
        ({"urls": []}, "urls"),
    ],
)
def test_settings_that_cannot_be_used_are_named(changes: dict[str, object], key: str) -> None:
    with pytest.raises(ConfigError) as refused:
        source(**changes)
    assert key in refused.value.reason_ko and "쓸 수 없습니다" in refused.value.reason_ko

"""What pictures prove: the minute to the second, the next day's 24:00 in Korea, one place, and plates as typed."""

from datetime import UTC, date, datetime, timedelta

import pytest

from civic.parking import plates
from civic.parking.evidence import Rule, Shot, deadline, judge, rules
from core.clock import SEOUL
from core.contracts.channel import GeoPoint
from core.errors import BadInput

HYDRANT = rules(date(2026, 11, 23))["hydrant"]
TEN = datetime(2026, 11, 23, 10, tzinfo=SEOUL)
HERE = GeoPoint(37.64540, 126.62870)
S = timedelta(seconds=1)


def dated(*seconds: int, arrived: datetime = TEN + 600 * S) -> list[Shot]:
    return [Shot(arrived, TEN + one * S) for one in seconds]


def verdict(shots: list[Shot], now: datetime = TEN + 900 * S, pin: GeoPoint | None = None, rule: Rule = HYDRANT) -> str:
    return judge(shots, rule, now, pin=pin, same_place_m=30).failing


def test_every_kind_has_a_dated_row_with_its_source() -> None:
    found = rules(date(2026, 11, 23))
    assert list(found) == [
        "hydrant", "corner", "bus_stop", "crosswalk", "school_zone", "sidewalk", "disabled_bay", "charging_bay", "other"
    ]  # fmt: skip
    assert all(
        row.source and row.certainty in "VSKP" and row.photos == 2 and row.official_app for row in found.values()
    )
    assert "charging_bay" not in rules(date(2022, 10, 6)) and "charging_bay" in rules(date(2022, 10, 7))


@pytest.mark.parametrize(
    ("case", "shots", "failing"),
    [
        ("59 seconds", dated(0, 59), "too_close"),
        ("60 seconds", dated(0, 60), ""),
        ("the first and the third", dated(0, 30, 61), ""),
        ("one picture", dated(0), "too_few"),
        ("none", [], "too_few"),
        ("taken together, sent apart", [Shot(TEN + 100 * S, TEN), Shot(TEN + 200 * S, TEN + 2 * S)], "too_close"),
        ("undated, 59 s apart", [Shot(TEN), Shot(TEN + 59 * S)], "too_close"),
        ("undated, 60 s apart", [Shot(TEN), Shot(TEN + 60 * S)], ""),
        ("one dated, by arrival 10 s apart", [Shot(TEN, TEN - 300 * S), Shot(TEN + 10 * S)], "too_close"),
        ("cameras an hour ahead", [Shot(TEN, TEN + 3600 * S), Shot(TEN + 5 * S, TEN + 3700 * S)], "too_close"),
    ],
)  # fmt: skip
def test_two_pictures_a_minute_apart(case: str, shots: list[Shot], failing: str) -> None:
    assert verdict(shots) == failing, case


@pytest.mark.parametrize(
    ("now", "failing"),
    [
        (datetime(2026, 11, 24, 23, 59, 59, tzinfo=SEOUL), ""),
        (datetime(2026, 11, 25, tzinfo=SEOUL), ""),
        (datetime(2026, 11, 25, 0, 0, 1, tzinfo=SEOUL), "too_late"),
        (datetime(2026, 11, 24, 15, 0, 1, tzinfo=UTC), "too_late"),
    ],
)
def test_it_may_be_reported_until_24_of_the_next_day_in_korea(now: datetime, failing: str) -> None:
    assert verdict(dated(0, 60, arrived=now), now) == failing
    assert deadline(TEN, HYDRANT) == datetime(2026, 11, 25, tzinfo=SEOUL)


def test_a_picture_taken_just_before_midnight_has_a_day_and_one_just_after_has_two() -> None:
    assert deadline(datetime(2026, 11, 23, 23, 59, 59, tzinfo=SEOUL), HYDRANT).day == 25
    assert deadline(datetime(2026, 11, 24, 0, 0, tzinfo=SEOUL), HYDRANT).day == 26


@pytest.mark.parametrize(
    ("case", "places", "pin", "failing"),
    [
        ("29 m", (HERE, GeoPoint(37.645661, 126.62870)), None, ""),
        ("31 m", (HERE, GeoPoint(37.645680, 126.62870)), None, "elsewhere"),
        ("the pin is far", (HERE, None), GeoPoint(37.6464, 126.6287), "elsewhere"),
        ("the pin is near", (HERE, None), GeoPoint(37.6455, 126.6287), ""),
        ("nobody knows", (None, None), HERE, ""),
    ],
)
def test_one_place(
    case: str, places: tuple[GeoPoint | None, GeoPoint | None], pin: GeoPoint | None, failing: str
) -> None:
    shots = [Shot(TEN + 600 * S, TEN + 60 * n * S, place) for n, place in enumerate(places)]
    assert verdict(shots, pin=pin) == failing, case


@pytest.mark.parametrize(
    ("typed", "plate"),
    [
        ("12가3456", "12가3456"),
        ("123가4567", "123가4567"),
        ("서울12가3456", "서울12가3456"),
        ("서울 12 가 3456", "서울12가3456"),
        ("경기1가1234", "경기1가1234"),
        ("서울32바1234", "서울32바1234"),
        ("제주 79 허 1234", "제주79허1234"),
        ("68하5678", "68하5678"),
        ("98배1234", "98배1234"),
        ("12국3456", "12국3456"),
        ("12-가-3456", "12가3456"),
        ("１２가３４５６", "12가3456"),
        ("차 번호는 12가 3456 입니다.", "12가3456"),
        ("12가3456 이요! 12가3456", "12가3456"),
        ("경기 김포 가 1234", "경기김포가1234"),
    ],
)
def test_plates_as_they_are_typed(typed: str, plate: str) -> None:
    assert plates.check(typed) == plate


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("12기3456", "‘기’은(는) 번호판에 쓰지 않는 글자예요"),
        ("12카3456", "‘카’은(는) 번호판에 쓰지 않는 글자예요"),
        ("12가345", "차량번호로 읽을 수 없었어요"),
        ("12가34567", "차량번호로 읽을 수 없었어요"),
        ("1가2345", "차량번호로 읽을 수 없었어요"),
        ("서울123가4567", "차량번호로 읽을 수 없었어요"),
        ("12가0000", "차량번호로 읽을 수 없었어요"),
        ("00가1234", "차량번호로 읽을 수 없었어요"),
        ("한양12가3456", ""),
        ("하얀색 소나타요", "차량번호로 읽을 수 없었어요"),
        ("12가3456하고 34나5678", "번호가 여러 개예요(12가3456, 34나5678)"),
    ],
)
def test_what_is_no_plate_is_asked_again(typed: str, said: str) -> None:
    if not said:
        assert plates.check(typed) == "12가3456", "an unknown region is left aside, and read back"
        return
    with pytest.raises(BadInput) as refused:
        plates.check(typed)
    assert refused.value.reason_ko.startswith(said)

"""Who pays less: remarks as cities write them, law's own, and silence where the words have two readings."""

from datetime import date, datetime

import pytest

from civic.parking.discounts import by_law, of_lot, said
from civic.parking.lots import Lot
from core.clock import SEOUL
from core.contracts.tariff import Discount, Tariff

DAY = date(2026, 10, 7)


@pytest.mark.parametrize(
    ("remarks", "expected"),
    [
        ("경차 50프로 할인", {"compact": (50, 0)}),
        ("경차, 장애인 차량 50프로 할인 등", {"compact": (50, 0), "disabled": (50, 0)}),
        ("경차60프로/ 장애인 차량50프로할인", {"compact": (60, 0), "disabled": (50, 0)}),
        ("경차+장애인차량 50할인", {"compact": (50, 0), "disabled": (50, 0)}),
        (
            "경차+저공해자동차 50프로 할인+장애인 및 국가유공자 차량 80프로 할인",
            {"compact": (50, 0), "green": (50, 0), "disabled": (80, 0), "veteran": (80, 0)},
        ),
        ("50퍼센트 감면(경차+저공해차+장애인)", {"compact": (50, 0), "green": (50, 0), "disabled": (50, 0)}),
        ("장애인, 국가유공자 1시간면제+1시간초과50퍼센트감면", {"disabled": (50, 60), "veteran": (50, 60)}),
        ("1시간면제후 50퍼센트감면(장애인)+20퍼센트감면(요일제)", {"disabled": (50, 60), "carpool": (20, 0)}),
        ("연중무휴, 경차60퍼센트 면제  장애인 1시간면제", {"compact": (60, 0)}),
        ("비영업용 경차 50프로 할인", {}),
        ("경차 할인", {}),
        ("24시간 무료개방", {}),
        ("최초30분 500원 / 경차 및 장애인 50프로할인", {"compact": (50, 0), "disabled": (50, 0)}),
        ("면제: 장애인(1일1회 3시간 한정) *50퍼센트 감면: 경차", {}),
        ("30퍼센트 할인(2자녀)+50퍼센트 할인(3자녀+경차)", {}),
        ("", {}),
    ],
)
def test_it_takes_from_remarks_only_what_they_surely_say(remarks: str, expected: dict[str, tuple[int, int]]) -> None:
    assert {one.kind: (one.percent, one.free_minutes) for one in said(remarks)} == expected


def test_law_gives_where_the_lot_says_nothing() -> None:
    kinds = {one.kind: one.percent for one in of_lot([], "경차 60프로 할인", is_public=True, day=DAY)}
    assert kinds == {"compact": 60, "green": 50, "electric": 50}
    assert of_lot([], "", is_public=False, day=DAY) == [], "private lots owe nobody"
    assert by_law(date(2016, 6, 29)) == ()
    assert all(one.basis.startswith("주차장법") for one in by_law(DAY))


def test_data_of_the_source_comes_before_its_remarks() -> None:
    own = Discount("disabled", 100)
    assert of_lot([own], "장애인 50프로 할인", is_public=False, day=DAY) == [own]


def test_a_lot_answers_for_somebody() -> None:
    values = dict.fromkeys(Lot.__slots__, None) | {
        "name": "가람",
        "remarks": "장애인 80프로 할인",
        "fee_description": "",
        "fee_kind": "paid",
        "ownership": "public",
        "tariff": Tariff(30, 900, 10, 400, 9_500),
        "max_height_cm": 230,
    }
    lot = Lot(**values)  # type: ignore[arg-type]
    noon = datetime(2026, 10, 7, 12, tzinfo=SEOUL)
    plain, mine = lot.quote(120, noon), lot.quote(120, noon, ["disabled", "compact"])
    assert (plain.krw, mine.krw, mine.full_krw) == (4_500, 900, 4_500)
    assert mine.discount is not None and mine.discount.kind == "disabled"
    assert (lot.takes_height(230), lot.takes_height(231), lot.bays("compact")) == (True, False, None)

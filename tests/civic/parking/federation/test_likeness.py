"""What makes two published rows one lot, and what forbids it: a labelled table, and the blocks that find the pairs."""

from typing import Any

import pytest

from civic.parking.federation.blocks import Blocks
from civic.parking.federation.likeness import Likeness, Sketch, likeness, lot_number, name_key
from core.ids import new_id
from core.parking_rules import Matching

RULES = Matching()
HERE = (37.6000, 126.7000)


def sketch(source: str, **values: Any) -> Sketch:
    lat, lon = values.pop("at", HERE) or (None, None)
    plain: dict[str, Any] = {
        "name": "가람 공영주차장",
        "addresses": ("가온도 나래시 가람동 12-3",),
        "capacity": 50,
        "type": "OFF_STREET_PARKING_GROUND",
        "external_ids": (),
    }
    return Sketch(id=new_id(), source=source, lat=lat, lon=lon, **{**plain, **values})


def compared(one: dict[str, Any], other: dict[str, Any]) -> Likeness | None:
    return likeness(sketch("one", **one), sketch("two", **other), RULES)


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("서울특별시 종로구 세종로 80-1번지 일원", ("서울", "종로구", "종로구세종로", "80-1", False)),
        ("종로구 세종로 80-1", ("", "종로구", "종로구세종로", "80-1", False)),
        ("경상북도 나래군 가람읍 가람리 산 7", ("경북", "나래군", "나래군가람읍가람리", "7", True)),
        ("서울 중구 을지로5가 40-0", ("서울", "중구", "중구을지로5가", "40", False)),
        ("경기 나래시 다솜구 가람2동 012", ("경기", "다솜구", "나래시다솜구가람동", "12", False)),
        ("나래시 가람로 12번길 5 (가람동)", ("", "나래시", "나래시가람로12번길", "5", False)),
        ("나래시 가람동 일대", None),
        ("", None),
    ],
)
def test_a_lot_number_is_read_out_of_an_address(address: str, expected: tuple[Any, ...] | None) -> None:
    found = lot_number(address)
    assert (found and (found.region, found.town, found.area, found.number, found.is_mountain)) == expected


def test_a_name_is_compared_without_the_words_of_every_lot() -> None:
    assert name_key("세종로 공영주차장(시)") == name_key("세종로") == "세종로"
    assert name_key("사우② 노외주차장") == name_key("사우 제2주차장") == "사우2"


FAR = (37.62, 126.70)
NEAR = (37.6001, 126.7001)
AROUND = (37.6009, 126.7)
ONE_LOT: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "same in all": ({}, {"at": NEAR}),
    "near, name alike": (
        {"addresses": (), "name": "가람마을 주차장"},
        {"at": NEAR, "addresses": (), "name": "가람마을앞 공영주차장"},
    ),
    "no point, same lot number": ({}, {"at": None, "name": "시청앞", "addresses": ("나래시 가람동 12-3",)}),
    "no point, same name in town": ({}, {"at": None, "addresses": ("나래시 가람동 99",)}),
    "100 m apart, one name and size": ({"addresses": ()}, {"at": AROUND, "addresses": ()}),
    "one id": ({"external_ids": ("1234567:1",)}, {"external_ids": ("1234567:1",), "at": FAR, "name": "딴 이름"}),
    "one of them 산": ({}, {"addresses": ("나래시 가람동 산 12-3",)}),
}
TWO_LOTS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "제1 and 제2": ({"name": "가람 제1주차장"}, {"name": "가람 제2주차장", "addresses": ()}),
    "two kilometres apart": ({}, {"at": FAR}),
    "another 시도": ({}, {"at": None, "addresses": ("다솔도 나래시 가람동 12-3",)}),
    "another town": ({}, {"at": None, "addresses": ("미르시 가람동 12-3",)}),
    "near, other name, other number": ({}, {"at": NEAR, "name": "나루 주차장", "addresses": ("나래시 가람동 15",)}),
    "no point, nothing in common but the 동": ({}, {"at": None, "name": "나루", "addresses": ("나래시 가람동 15",)}),
    "a name that says nothing": (
        {"name": "공영주차장"},
        {"at": None, "name": "공영주차장", "addresses": ("나래시 마루동 1",)},
    ),
}


@pytest.mark.parametrize("case", ONE_LOT)
def test_rows_that_may_be_one_lot_are_proposed_with_their_reasons(case: str) -> None:
    found = compared(*ONE_LOT[case])
    assert found is not None
    assert 0 < found.score <= 1
    assert "면수" in found.reason


@pytest.mark.parametrize("case", TWO_LOTS)
def test_rows_that_contradict_each_other_are_not(case: str) -> None:
    assert compared(*TWO_LOTS[case]) is None


def test_only_what_agrees_in_all_is_sure() -> None:
    sure = compared({}, {"at": NEAR})
    assert sure is not None
    assert (sure.is_sure, sure.is_unplaced) == (True, False)
    assert sure.reason == "지번 같음(나래시가람동 12-3), 이름 같음, 14m 떨어짐, 면수 50·50"
    for less in ({"addresses": ()}, {"name": "가람가람"}, {"capacity": 90}, {"addresses": ("나래시 가람동 산 12-3",)}):
        found = compared({}, {"at": NEAR, **less})
        assert found is not None
        assert not found.is_sure or less == {"name": "가람가람"}


def test_a_row_without_a_point_is_sure_only_by_lot_number_and_name_and_like_size() -> None:
    for values, is_sure in (
        ({}, True),
        ({"capacity": 30}, True),
        ({"capacity": 1}, False),
        ({"name": "가람동 사거리"}, False),
        ({"addresses": ("나래시 가람동 99",)}, False),
        ({"type": "ON_STREET"}, False),
    ):
        found = compared({}, {"at": None, **values})
        assert (found is not None and found.is_unplaced) is is_sure, values


def test_blocks_find_what_comparing_all_with_all_would() -> None:
    lots = [
        *(
            sketch("one", name=f"가람 {n}", at=(37.6 + n / 2000, 126.7), addresses=(f"나래시 가람동 {n}",))
            for n in range(30)
        ),
        *(sketch("two", name=f"가람 {n}", at=(37.6 + n / 2000, 126.7003), addresses=()) for n in range(30)),
        *(sketch("three", name=f"가람 {n}", at=None, addresses=(f"나래시 가람동 {n}-0",)) for n in range(30)),
        *(sketch("four", name=f"다른 {n}", at=None, addresses=(f"나래시 가람동 {n}",)) for n in range(0, 30, 7)),
    ]
    blocks = Blocks(RULES)
    for lot in lots:
        blocks.put(lot)
    every = {
        tuple(sorted((one.id, other.id)))
        for at, one in enumerate(lots)
        for other in lots[at + 1 :]
        if one.source != other.source and likeness(one, other, RULES)
    }
    assert set(blocks.pairs([lot.id for lot in lots])) == every
    assert len(every) > 60
    [first] = [lot.id for lot in lots if lot.source == "one" and lot.name == "가람 3"]
    assert set(blocks.pairs([first])) == {pair for pair in every if first in pair}
    blocks.drop(first)
    assert not any(first in pair for pair in blocks.pairs([lot.id for lot in lots]))

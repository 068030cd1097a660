"""What citizens write of smells is found in their sentences, and vehicles and dust are left to the ordinary form."""

from datetime import date

import pytest

from civic.air.smell.kinds import is_smell, kind, kind_told, kinds, may_smell, strength_told, strengths

DAY = date(2026, 9, 1)


@pytest.mark.parametrize(
    ("said", "expected", "degree"),
    [
        ("양곡리에서 고무 타는 냄새 심하게 나요", "plastic", 3),
        ("비닐 태우는 것 같아요 엄청 독해요", "plastic", 4),
        ("대곶면 공장에서 매캐한 냄새가 나요", "burning", None),
        ("굴뚝에서 검은 연기가 나요", "burning", None),
        ("하수구 냄새가 올라와서 못 살겠어요", "sewer", 5),
        ("축사 냄새 때문에 창문을 못 열어요", "manure", None),
        ("달걀 썩는 냄새가 약간 나요", "egg", 2),
        ("페인트 냄새가 희미하게 나요", "paint", 1),
        ("약품 냄새로 머리가 아파요", "chemical", 5),
        ("음식물 쓰레기 냄새", "waste", None),
        ("쇳가루 냄새 같은 게 나요", "metal", None),
        ("이상한 냄새가 나요", "", None),
        ("냄새 안 나게 해주세요", "", None),
        ("there is a terrible smell of manure", "manure", 4),
        ("I smell burning rubber, unbearable", "plastic", 5),
    ],
)
def test_kind_and_strength_are_found_in_a_sentence(said: str, expected: str, degree: int | None) -> None:
    assert (kind_told(said), strength_told(said, DAY)) == (expected, degree)
    assert is_smell(said) or "태우" in said


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("버스 매연이 심해요", False),
        ("공사장 먼지 너무 날려요", False),
        ("공회전하는 트럭 매연", False),
        ("차량 도장하는 냄새가 나요", True),
        ("쓰레기 소각하는 것 같아요", True),
        ("black smoke from a chimney", True),
        ("가로등이 꺼졌어요", False),
    ],
)
def test_vehicles_and_dust_are_no_smell_of_a_place(said: str, expected: bool) -> None:
    assert is_smell(said) is expected


def test_the_scale_has_six_degrees_with_a_source_and_none_before_it_was_law() -> None:
    assert [one.degree for one in strengths(DAY)] == [0, 1, 2, 3, 4, 5]
    assert "직접관능법" in strengths(DAY)[0].source
    assert strengths(date(2004, 1, 1)) == ()


def test_kinds_end_with_the_rest_and_offer_no_more_buttons_than_a_messenger_shows() -> None:
    assert kinds()[-1].id == "other"
    assert sum(one.is_offered for one in kinds()) <= 10
    assert kind("a kind of long ago").id == "other"


@pytest.mark.parametrize(
    ("id", "emits", "expected"),
    [
        ("manure", ["NH3"], True),
        ("manure", ["축산"], True),
        ("manure", ["플라스틱", "TVOC"], False),
        ("plastic", ["플라스틱"], True),
        ("metal", ["금속"], True),
        ("manure", [], True),
        ("other", ["NH3"], True),
    ],
)
def test_what_a_stack_declared_is_held_against_the_smell(id: str, emits: list[str], expected: bool) -> None:
    assert may_smell(id, emits) is expected

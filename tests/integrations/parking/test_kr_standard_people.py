"""What the national standard says of owners, operators and telephones, and what of it is no business of a map."""

import pytest

from tests.integrations.parking.standard_rows import doubts, only, row, taken


@pytest.mark.parametrize(
    ("case", "changes", "owner", "operator"),
    [
        ("a city's", {}, "나래시", "나래시 시설공단"),
        ("a district needs its city", {"제공기관명": "가온광역시 나래구"}, "가온광역시 나래구", "나래시 시설공단"),
        ("a corporation", {"제공기관명": "나래도시공사"}, "나래도시공사", "나래시 시설공단"),
        ("a firm's", {"주차장구분": "민영", "관리기관명": "㈜가람파킹"}, "㈜가람파킹", "㈜가람파킹"),
        ("nobody is named", {"주차장구분": "민영", "관리기관명": "민간사업자"}, "", "민간사업자"),
        ("the city looks after a private lot", {"주차장구분": "민영", "관리기관명": "나래시청"}, "", "나래시청"),
        ("a person's", {"주차장구분": "민영", "관리기관명": "홍길동"}, "", ""),
        ("two persons'", {"주차장구분": "민영", "관리기관명": "홍길동 외 1인"}, "", ""),
        ("a firm and its head", {"주차장구분": "민영", "관리기관명": "나래건설㈜ 홍길동"}, "나래건설㈜", "나래건설㈜"),
        ("a 동 is no person", {"관리기관명": "장량동"}, "나래시", "장량동"),
    ],
)
def test_the_owner_is_named_to_citizens_and_a_person_never_is(
    case: str, changes: dict[str, str], owner: str, operator: str
) -> None:
    record = only(**changes)
    assert (record.owner, record.operator) == (owner, operator), case
    assert ("person_name" in doubts(**changes)) == (operator != changes.get("관리기관명", operator)), case


@pytest.mark.parametrize(
    ("written", "phone", "doubt"),
    [
        ("031)900-1234", "031-900-1234", set()),
        ("02-900-1234", "02-900-1234", set()),
        ("82-31-900-1234", "031-900-1234", set()),
        ("1588-1234", "1588-1234", set()),
        ("031-900-1234~5", "031-900-1234", set()),
        ("010-1234-5678", "", {"mobile_phone"}),
        ("031-900-1234, 010-1234-5678", "", {"mobile_phone"}),
        ("000-000-0000", "", set()),
        ("없음", "", set()),
    ],
)
def test_a_phone_is_an_offices_in_one_form(written: str, phone: str, doubt: set[str]) -> None:
    assert only(전화번호=written).phone == phone
    assert doubts(전화번호=written) == doubt


def test_a_mobile_number_in_a_remark_is_left_out() -> None:
    assert only(특기사항="문의 010-1234-5678 (평일)").remarks == "문의 (평일)"
    assert doubts(특기사항="문의 010-1234-5678") == {"mobile_phone"}


def test_rows_of_years_ago_are_taken_and_told() -> None:
    file = taken(row(), row(주차장관리번호="900-2-7", 주차장명="옛", 데이터기준일자="2016-01-01", 위도="37.61"))
    assert len(file.records) == 2
    assert [(note.line, note.reason) for note in file.report.doubts] == [(3, "date_old")]


def test_columns_without_a_number_of_their_own_are_told_in_words() -> None:
    record = only(
        소재지도로명주소="가온도 나래시 가람로 7", 부제시행구분="요일제", 급지구분="2", 주차장명="가람역 환승주차장",
        추가단위요금="200+400", **{"1일주차권요금적용시간": "8"},
    )  # fmt: skip
    assert (record.road_address, record.rotation, record.zone_grade) == ("가온도 나래시 가람로 7", "요일제", "2")
    assert (record.provider_name, record.park_and_ride, record.capacity_disabled) == ("가온도 나래시", True, None)
    assert record.fee_description == "추가단위시간 10, 추가단위요금 200+400, 1일주차권요금적용시간 8"
    assert (only().rotation, only().park_and_ride, only().fee_description) == ("", None, "")

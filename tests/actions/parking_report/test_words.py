"""Words that open the form of a wrongly parked car, and stories that stay a complaint."""

import pytest

from actions.parking_report import words


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        ("불법주정차 신고", ""),
        ("불법 주·정차 차량 신고하려고요", ""),
        ("주차위반 신고", ""),
        ("소화전 앞 불법주차 신고할게요", "hydrant"),
        ("인도에 차가 올라와 있어서 신고합니다", "sidewalk"),
        ("장애인 주차구역에 일반차가 주차해서 신고해요", "disabled_bay"),
        ("횡단보도 위 불법주차 신고합니다", "crosswalk"),
        ("I want to report an illegally parked car", ""),
    ],
)
def test_it_is_a_report(said: str, kind: str) -> None:
    assert words.REPORT.search(said) and words.kind_said(said) == kind


@pytest.mark.parametrize(
    "said",
    [
        "북변동 골목에 불법주차가 심해요",
        "불법주차신고했던거취소해주세요차뺐어요",
        "저번에 찌른 불법주차 신고 그냥 없던 걸로 해줘",
        "불법주차 신고 어떻게 됐어요",
        "횡단보도 페인트가 지워져서 신고합니다",
        "소화전에서 물이 새요 차가 못 지나가요 신고합니다",
        "장애인 전용 주차구역 선이 지워져서 신고해요",
        "불법주차 과태료 얼마예요",
    ],
)
def test_it_is_not(said: str) -> None:
    assert not words.REPORT.search(said)

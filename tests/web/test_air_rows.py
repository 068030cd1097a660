"""What the page says of episodes, matters and complaints: ours apart from a governor's, nobody accused."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import UUID

import pytest

from civic.air.matters.public import PublicAction, PublicAnswer, PublicMatter
from civic.air.open.record import Record
from civic.air.open.smells import SmellCount, Smells
from civic.air.watch.service import Episode, EpisodeChange
from core.air_rules import Air, Company, Zone
from core.section import Bilingual
from web import air_rows as rows
from web.air_rows import Speaker
from web.strings import words

T0 = datetime(2026, 3, 23, 10, tzinfo=UTC)
HOUR = timedelta(hours=1)
RULES = Air(
    zones={"town": Zone(name=Bilingual(ko="나래시", en="Narae"))},
    companies={
        "open-one": Company(name=Bilingual(ko="예: 가람수지(가상)", en="Example: Garam (made up)"), is_named=True)
    },
)
REACHED = EpisodeChange(T0, "reached", "advisory", None, Decimal("266.5"), T0)
UP = EpisodeChange(T0 + 2 * HOUR, "reached", "warning", "advisory", Decimal("315"), T0, withdrawn_at=T0 + 5 * HOUR)
OURS = Episode("town", "PM10", "advisory", "reached", T0, None, Decimal("315.04"), (REACHED, UP), now_level="advisory")
LIFTED = EpisodeChange(T0 + HOUR, "lifted", None, "advisory", None, T0)
GOVERNORS = Episode(
    "town", "PM10", "advisory", "official", T0, T0 + HOUR, None,
    (EpisodeChange(T0, "reached", "advisory", None, None, T0), LIFTED),
    issuer="나래도", issuer_zone="나래권역",
)  # fmt: skip


@pytest.fixture
def says() -> Speaker:
    return Speaker("ko", words("ko")["air"]["row"], RULES)


def record(*episodes: Episode) -> Record:
    return Record(T0, 30, (), (), tuple(episodes), (), Smells((), False), (), (), ())


def test_ours_is_a_criterion_reached_and_only_a_governors_is_issued(says: Speaker) -> None:
    ours, governors = rows.episode_rows(record(OURS, GOVERNORS), says)["rows"]
    assert ours[:7] == [
        "나래시", "미세먼지(PM10)", "기준 도달(시 계산)", "주의보", "03-23 19:00", "이어지는 중", "315 µg/m³"
    ]  # fmt: skip
    assert "발령" not in " ".join(ours)
    assert governors[2] == "발령 · 나래도" and governors[7] == "03-23 19:00 주의보 발령 → 03-23 20:00 해제"


def test_a_change_that_was_taken_back_is_shown_as_such(says: Speaker) -> None:
    (row,) = rows.episode_rows(record(OURS), says)["rows"]
    assert row[7] == (
        "03-23 19:00 주의보 기준 도달 (266.5 µg/m³) → 03-23 21:00 경보 기준 도달 (315 µg/m³) — 값이 고쳐져 거둠"
    )


def test_what_stands_is_told_at_the_top_and_what_ended_is_not(says: Speaker) -> None:
    (one,) = rows.standing_rows(record(OURS, GOVERNORS), says)
    assert (one["tone"], one["title"]) == ("reached", "미세먼지(PM10) 주의보 기준 도달")


MATTER = PublicMatter(
    id=UUID(int=1), kind="limit", state="verified", title_ko="PM10 기준 초과", title_en="PM10 over the limit",
    lat=37.6, lon=126.7, pollutant="PM10", unit="µg/m³", value=Decimal(120), peak=Decimal("180.25"), site_ids=(1,),
    began_at=T0, last_at=T0 + HOUR, opened_at=T0 + timedelta(minutes=2), acknowledged_at=T0 + timedelta(minutes=6),
    first_action_at=T0 + timedelta(minutes=40), verified_at=T0 + HOUR, verified_by="officer", closed_at=None,
    fell_at=T0 + timedelta(minutes=55),
    companies=2,
    answers=(
        PublicAnswer("city", "", T0 + timedelta(minutes=6)),
        PublicAnswer("company", "open-one", T0 + timedelta(minutes=9)),
        PublicAnswer("company", "", T0 + timedelta(minutes=8)),
    ),
    actions=(
        PublicAction("company", "open-one", "action", "물을 뿌림", T0 + timedelta(minutes=40), T0 + HOUR, "officer"),
        PublicAction("company", "", "statement", "", T0 + timedelta(minutes=50), None, None),
    ),
)  # fmt: skip


def test_a_matter_tells_when_who_acknowledged_and_did_what_in_order(says: Speaker) -> None:
    row = rows.matter_row(MATTER, says)
    assert row["title"] == "PM10 기준 초과"
    assert row["said"] == "조치 확인. 미세먼지(PM10) 180.2 µg/m³. 시작부터 확인된 첫 조치까지 40분."
    assert [(one["at"], one["what"]) for one in row["steps"]] == [
        ("03-23 19:00", "기준을 넘기 시작"),
        ("03-23 19:02", "담당자와 관련 사업장 2곳에 알림"),
        ("03-23 19:06", "시청 담당자 확인"),
        ("03-23 19:08", "안내를 받은 사업장 확인"),
        ("03-23 19:09", "예: 가람수지(가상) 확인"),
        ("03-23 19:40", "예: 가람수지(가상) 조치 물을 뿌림"),
        ("03-23 19:50", "안내를 받은 사업장의 설명 (확인 전)"),
        ("03-23 19:55", "값이 기준 아래로 내려감"),
        ("03-23 20:00", "담당자가 조치를 확인"),
    ]


def test_the_page_calls_a_company_a_possibility_and_never_a_cause() -> None:
    said = words("ko")["air"]["matters_how"]
    assert "가능성" in said and "확인된 것이 아닙니다" in said


def test_counts_of_complaints_have_an_hour_or_a_day_and_no_place_finer_than_a_district(says: Speaker) -> None:
    day = datetime(2026, 3, 22, 15, tzinfo=UTC)
    counts = (SmellCount(T0, T0 + HOUR, "학운리", 7), SmellCount(day, day + timedelta(days=1), "", 5))
    assert rows.smell_rows(counts, says)["rows"] == [
        ["03-23 19:00–20:00", "학운리", "7명"],
        ["03-23 하루", "여러 곳 또는 모름", "5명"],
    ]


def test_midnight_is_the_24th_hour_of_the_old_day() -> None:
    assert rows.hour_said(datetime(2026, 3, 23, 15, tzinfo=UTC)) == "03-23 24:00"

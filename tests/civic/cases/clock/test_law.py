"""The table of law: what it must hold, what is refused with its line, and whose rule counts."""

from datetime import date, datetime, time
from pathlib import Path

import pytest

from civic.cases.clock import Deadline, due, law
from civic.cases.clock.due import _RULES
from core.clock import SEOUL
from core.errors import BadInput, ConfigError
from core.loading import ROOT

TEXT = law.FILE.read_text("utf-8")


def written(folder: Path, text: str) -> Path:
    path = folder / "law.csv"
    path.write_text(text, "utf-8")
    return path


def test_every_number_has_its_article_its_source_and_how_sure_we_are() -> None:
    rules = law.book().laws[0].rules
    assert set(rules) == set(law.RULES)
    assert {rule.id for rule in rules.values() if "제" not in rule.article} == set()
    assert {rule.id for rule in rules.values() if not rule.note_ko} == set()


def test_the_numbers_that_the_city_lives_by() -> None:
    now = law.at(datetime(2026, 9, 23, 16, tzinfo=SEOUL))
    assert now.office == ((time(9), time(12)), (time(13), time(18)))
    assert [now.number(rule) for rule in ("immediate_hours", "hours_a_day", "hours_up_to_days")] == [3, 8, 5]
    assert [now.number(rule) for rule in ("question_law_days", "question_days", "suggestion_days")] == [14, 7, 14]
    assert [now.number(rule) for rule in ("grievance_days", "progress_days", "mass_households")] == [7, 30, 5]
    assert [now.number(rule) for rule in ("transfer_inside_hours", "transfer_outside_hours")] == [3, 8]
    assert [now.number(rule) for rule in ("repeat_filings", "repeat_answers")] == [3, 2]


def test_the_officers_page_says_the_same_numbers() -> None:
    page = (ROOT / "docs/desk/clock.md").read_text("utf-8")
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in page.splitlines() if line.startswith("| `")]
    shown = {row[0].strip("`"): (row[1], row[2], row[3], row[4]) for row in rows}
    unit = {"hours": "시간", "days": "일", "times": "번", "households": "세대", "share": "배", "clock": ""}
    written = {
        rule.id: (
            f"{rule.value:%H:%M}" if isinstance(rule.value, time) else f"{rule.value}{unit[rule.unit]}",
            rule.article,
            rule.certainty,
            rule.note_ko,
        )
        for rule in law.book().laws[-1].rules.values()
    }
    assert shown == written


def test_a_way_of_counting_names_a_row_of_the_law() -> None:
    assert {row for row, _, _ in _RULES.values()} <= set(law.RULES)


def test_the_rule_at_receipt_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A decree that gives 즉시 four hours from 2027 on leaves what came in 2026 at three."""
    changed = "immediate_hours,2027-01-01,4,hours,시행령 제19조,K,관보,개정\n"
    book = law.read(written(tmp_path, TEXT + changed))
    monkeypatch.setattr(law, "book", lambda: book)
    old = due(datetime(2026, 12, 31, 16, tzinfo=SEOUL), Deadline("immediate"))
    new = due(datetime(2027, 1, 4, 9, tzinfo=SEOUL), Deadline("immediate"))
    assert old.at == datetime(2027, 1, 4, 10, tzinfo=SEOUL)
    assert new.at == datetime(2027, 1, 4, 14, tzinfo=SEOUL)
    assert (old.rule["law_since"], new.rule["law_since"]) == ("2016-02-12", "2027-01-01")
    assert (new.rule["article"], new.rule["certainty"]) == ("시행령 제19조", "K")
    assert "4근무시간" in new.rule["rule_ko"]
    assert book.since == (date(2016, 2, 12), date(2027, 1, 1))


def test_another_lunch_hour_moves_the_day(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    starts = "lunch_starts,2027-01-01,11:30,clock,조례 제2조,K,시 공보,\n"
    ends = "lunch_ends,2027-01-01,12:30,clock,조례 제2조,K,시 공보,\n"
    book = law.read(written(tmp_path, TEXT + starts + ends))
    monkeypatch.setattr(law, "book", lambda: book)
    assert due(datetime(2027, 1, 4, 10, tzinfo=SEOUL), Deadline("immediate")).at == datetime(
        2027, 1, 4, 14, tzinfo=SEOUL
    )
    assert due(datetime(2027, 1, 4, 12, tzinfo=SEOUL), Deadline("hours", 1)).at == datetime(
        2027, 1, 4, 13, 30, tzinfo=SEOUL
    )


def test_what_came_before_the_first_row_is_not_guessed() -> None:
    with pytest.raises(BadInput, match="2016-02-12"):
        due(datetime(2016, 2, 11, 10, tzinfo=SEOUL), Deadline("days", 7))


@pytest.mark.parametrize(
    ("old", "new", "where", "what"),
    [
        ("immediate_hours,2016-02-12,3", "immediate_hours,2016-02-12,three", "law.csv:2: value", "hours"),
        ("immediate_hours,2016-02-12", "immediate_hours,12.2.2016", "law.csv:2: valid_from", "YYYY-MM-DD"),
        ("immediate_hours,", "at_once_hours,", "law.csv:2: id", "no such rule"),
        ("hours_a_day,2016-02-12,8,hours", "hours_a_day,2016-02-12,8,days", "law.csv:3: unit", "expected hours"),
        ("제19조,O,교육청", "제19조,X,교육청", "law.csv:2: certainty", "LOPK?"),
        ("09:00,clock", "9시,clock", "law.csv:7: value", "clock"),
        ("18:00,clock", "08:00,clock", "law.csv:1: value", "cross"),
        ("extension_share,2016-02-12,1", "extension_share,2016-02-12,1.5", "law.csv:", "share"),
        ("certainty,source", "source,certainty", "law.csv:1:", "columns"),
        ("progress_days,2016-02-12", "progress_days,2016-02-13", "law.csv:1: id", "progress_days"),
        ("민원 처리에 관한 법률 시행령 제23조,O", ",O", "article", "empty"),
    ],
)
def test_a_slip_is_named_with_its_line(tmp_path: Path, old: str, new: str, where: str, what: str) -> None:
    assert old in TEXT
    with pytest.raises(ConfigError) as refused:
        law.read(written(tmp_path, TEXT.replace(old, new, 1)))
    assert where in refused.value.reason_en
    assert what in refused.value.reason_en
    assert "law.csv" in refused.value.reason_ko


def test_a_rule_stands_once_for_a_day(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="repeated"):
        law.read(written(tmp_path, TEXT + TEXT.splitlines()[1] + "\n"))

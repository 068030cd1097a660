"""Rules as data: which one decides, at which edges, and why."""

from datetime import datetime, time
from typing import Any
from uuid import UUID

import pytest
from pydantic import ValidationError

from civic.routing.load import read_rules
from civic.routing.match import Matter, first_match, fits, seen_at
from civic.routing.rule import Conditions, Hours, Polygon, Result, Rule, RuleDraft
from civic.routing.track import track_of
from core.clock import SEOUL
from core.errors import ConfigError
from core.ids import new_id
from core.loading import ROOT
from tests.civic.cases.rows import NOW

SQUARE = Polygon(
    type="Polygon",
    coordinates=(
        ((126.60, 37.60), (126.64, 37.60), (126.64, 37.64), (126.60, 37.64), (126.60, 37.60)),
        ((126.61, 37.61), (126.62, 37.61), (126.62, 37.62), (126.61, 37.62), (126.61, 37.61)),
    ),
)
"""With a hole."""


def matter(**values: Any) -> Matter:
    given = {
        "category": "noise",
        "department_id": "environment",
        "deadline_kind": "days",
        "text": "밤마다 공사장 소음이 심해요",
        "channel": "web",
        **values,
    }
    return Matter(**given)


def holds(conditions: Conditions, at: datetime | None = None, area: str | None = None, **values: Any) -> bool:
    at = at or datetime(2026, 9, 23, 14, tzinfo=SEOUL)
    return fits(conditions, seen_at(matter(**values), area, "long", at))[0]


@pytest.mark.parametrize(
    ("lat", "lon", "is_in"),
    [
        (37.63, 126.63, True),
        (37.60, 126.62, True),  # on the edge
        (37.60, 126.60, True),  # on the corner
        (37.615, 126.615, False),  # in the hole
        (37.61, 126.615, True),  # on the hole's edge
        (37.5999, 126.62, False),
        (37.62, 126.6401, False),
        (None, None, False),
    ],
)
def test_a_polygon_holds_its_edge_and_not_its_hole(lat: float | None, lon: float | None, is_in: bool) -> None:
    assert holds(Conditions(polygon=SQUARE), lat=lat, lon=lon) is is_in


NIGHT = Hours(since=time(22), until=time(6))


@pytest.mark.parametrize(
    ("day", "hour", "minute", "is_in"),
    [
        (25, 21, 59, False),
        (25, 22, 0, True),  # Friday evening
        (26, 0, 0, True),  # Saturday, but still Friday's night
        (26, 5, 59, True),
        (26, 6, 0, False),
        (26, 22, 0, False),  # Saturday evening is not asked for
        (25, 5, 0, False),  # Friday morning belongs to Thursday's night
    ],
)
def test_a_night_belongs_to_the_day_on_which_it_began(day: int, hour: int, minute: int, is_in: bool) -> None:
    at = datetime(2026, 9, day, hour, minute, tzinfo=SEOUL)
    assert holds(Conditions(hours=NIGHT, weekdays=(5,)), at) is is_in


def test_hours_are_korean_whatever_zone_the_clock_has() -> None:
    assert holds(Conditions(hours=NIGHT), datetime.fromisoformat("2026-09-23T14:00:00+00:00"))
    assert not holds(Conditions(hours=NIGHT), datetime.fromisoformat("2026-09-23T22:00:00+00:00"))


@pytest.mark.parametrize(
    ("words", "is_match"),
    [
        ({"any": ["공사", "층간"]}, True),
        ({"any": ["층간"]}, False),
        ({"all": ["공사장", "소음"]}, True),
        ({"all": ["공사장", "먼지"]}, False),
        ({"any": ["공사"], "none": ["밤마다"]}, False),
        ({"none": ["비행기"]}, True),
        ({"any": ["공사장소음"]}, True),  # spaces do not matter
    ],
)
def test_words_are_looked_for_without_spaces(words: dict[str, list[str]], is_match: bool) -> None:
    assert holds(Conditions.model_validate({"words": words})) is is_match


def test_all_conditions_hold_together() -> None:
    wanted = Conditions(categories=("noise",), channels=("web",), areas=("gurae",), track="long")
    assert holds(wanted, area="gurae")
    assert not holds(wanted, area="janggi")
    assert not holds(wanted, area=None)
    assert not holds(wanted, area="gurae", channel="kakao")
    assert not holds(wanted, area="gurae", category="odor")


def rule(name: str, position: int, **conditions: Any) -> Rule:
    return Rule(
        id=new_id(),
        name=name,
        position=position,
        conditions=Conditions(**conditions),
        result=Result(department_id="x"),
        source="desk",
        version=1,
        updated_at=NOW,
    )


def test_the_first_that_fits_decides_and_says_why() -> None:
    rules = [rule("악취", 1, categories=("odor",)), rule("소음", 2, categories=("noise",)), rule("나머지", 3)]
    found, tried = first_match(rules, seen_at(matter(), None, "long", NOW))
    assert found is rules[1]
    assert [(one.rule.name, one.is_match, one.because[0].ko) for one in tried] == [
        ("악취", False, "분야 noise"),
        ("소음", True, "분야 noise"),
    ]


@pytest.mark.parametrize(
    ("text", "values", "track"),
    [
        ("여권 발급은 어디에서 하나요?", {}, "instant"),
        ("주민센터 전화번호", {}, "instant"),
        ("가로등이 꺼졌는데 언제 고쳐 주나요?", {}, "long"),
        ("구래동 공원에 쓰레기가 쌓여 있어요", {}, "long"),
        ("여기 언제 열어요?", {"has_photos": True}, "long"),
        ("무엇이든 " * 40 + "언제 하나요?", {}, "long"),
        ("소음이 심해요", {"deadline_kind": "immediate"}, "instant"),
    ],
)
def test_a_short_question_is_instant_and_a_trouble_is_not(text: str, values: dict[str, Any], track: str) -> None:
    assert track_of(matter(text=text, **values))[0] == track


BAD = {
    "no result": {"name": "x", "position": 1, "result": {}},
    "unknown key": {"name": "x", "position": 1, "result": {"track": "long"}, "conditions": {"colour": "red"}},
    "open ring": {
        "name": "x",
        "position": 1,
        "result": {"track": "long"},
        "conditions": {
            "polygon": {"type": "Polygon", "coordinates": [[[126, 37], [127, 37], [127, 38], [126, 38]]]},
        },
    },
    "crossing ring": {
        "name": "x",
        "position": 1,
        "result": {"track": "long"},
        "conditions": {
            "polygon": {"type": "Polygon", "coordinates": [[[126, 37], [127, 38], [127, 37], [126, 38], [126, 37]]]},
        },
    },
    "abroad": {
        "name": "x",
        "position": 1,
        "result": {"track": "long"},
        "conditions": {"polygon": {"type": "Polygon", "coordinates": [[[2, 48], [3, 48], [3, 49], [2, 48]]]}},
    },
    "empty hours": {
        "name": "x",
        "position": 1,
        "result": {"track": "long"},
        "conditions": {"hours": {"since": "09:00", "until": "09:00"}},
    },
    "eighth day": {"name": "x", "position": 1, "result": {"track": "long"}, "conditions": {"weekdays": [8]}},
    "nul": {"name": "x\x00", "position": 1, "result": {"track": "long"}},
}


@pytest.mark.parametrize("name", BAD)
def test_a_broken_rule_is_refused(name: str) -> None:
    with pytest.raises(ValidationError):
        RuleDraft.model_validate(BAD[name])


def test_a_rule_comes_back_from_its_json_as_it_was() -> None:
    draft = RuleDraft(
        name="밤",
        position=3,
        conditions=Conditions(polygon=SQUARE, hours=NIGHT, weekdays=(1, 7)),
        result=Result(department_id="x", staff_id=UUID(int=7), track="instant", priority="high"),
    )
    assert RuleDraft.model_validate(draft.model_dump(mode="json")) == draft


@pytest.mark.parametrize(
    ("raw", "wrong"),
    [
        (b"name: x", "목록"),
        (b"- [", "YAML"),
        ("- {name: 밤, position: 1, result: {}}".encode(), "1번째 규칙 ‘밤’"),
        (b"- {name: a, position: 1, result: {track: long}}\n- {name: a, position: 2, result: {track: long}}", "되풀이"),
    ],
)
def test_a_slip_in_the_folders_file_is_one_clear_sentence(raw: bytes, wrong: str) -> None:
    with pytest.raises(ConfigError, match=wrong):
        read_rules(raw)


def test_the_demo_citys_rules_can_be_read() -> None:
    drafts = read_rules((ROOT / "demo/gimpo/rules.yml").read_bytes())
    assert sum(draft.conditions.polygon is not None for draft in drafts) == 2
    assert len({draft.position for draft in drafts}) == len(drafts)

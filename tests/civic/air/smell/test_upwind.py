"""The wind's path followed back: straight, turning, between three stations, cut short, and what it cannot tell."""

import math
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from civic.air.smell.grid import middle_of
from civic.air.smell.upwind import Traced, candidates
from core.air_rules import Company, Smell, Stack, WeatherStation
from core.contracts.air import Wind
from core.distance import degree_meters
from core.section import Bilingual
from integrations.air._kma_grid import cell_of

AT = datetime(2026, 9, 1, 5, 20, tzinfo=UTC)
HERE = (37.60, 126.62)
NORTH, EAST = degree_meters(HERE[0])


def point(east_m: float, north_m: float) -> tuple[float, float]:
    return HERE[0] + north_m / NORTH, HERE[1] + east_m / EAST


def rules(**changed: object) -> Smell:
    places = {"west": point(-6_000, 0), "east": point(6_000, 0), "north": point(0, 6_000)}
    stations = [
        WeatherStation(source="town", place=name, name=Bilingual(ko=name, en=name), lat=lat, lon=lon)
        for name, (lat, lon) in places.items()
    ]
    return Smell.model_validate({"weather": stations, **changed})


def wind(place: str, hours_before: float, from_degrees: float | None, speed: float | None = 3.0) -> Wind:
    at = AT.replace(minute=0) - timedelta(hours=hours_before)
    direction = None if from_degrees is None else Decimal(str(from_degrees))
    return Wind("town", place, at, at, direction, None if speed is None else Decimal(str(speed)))


def everywhere(from_degrees: float, speed: float = 3.0, hours: int = 5) -> list[Wind]:
    return [wind(place, hour, from_degrees, speed) for place in ("west", "east", "north") for hour in range(hours)]


def stack(id: str, east_m: float, north_m: float, *emits: str) -> Stack:
    lat, lon = point(east_m, north_m)
    return Stack(id=id, lat=lat, lon=lon, emits=list(emits))


def company(*stacks: Stack) -> dict[str, Company]:
    return {
        "sample": Company(name=Bilingual(ko="예: 견본공장(가상)", en="Sample works (made up)"), stacks=list(stacks))
    }


def traced(winds: list[Wind], *stacks: Stack, at: datetime = AT, kind: str = "", **changed: object) -> Traced:
    return candidates(*HERE, at, winds, company(*stacks), rules(**changed), kind=kind)


def test_a_steady_south_wind_leads_south_at_its_own_pace() -> None:
    found = traced(everywhere(180, 2.0), stack("south", 0, -3_000), stack("north", 0, 3_000))
    assert [(one.stack, one.confidence, one.reasons) for one in found.possible] == [("south", "fair", ())]
    assert found.possible[0].minutes == pytest.approx(25, abs=0.2), "3 km at 2 m/s"
    assert found.possible[0].degrees == pytest.approx(0, abs=0.5)
    assert [found.from_degrees, found.speed] == pytest.approx([180, 2])
    assert found.path[-1].minutes == 180
    assert (HERE[0] - found.path[-1].lat) * NORTH == pytest.approx(21_600, rel=0.01)


def test_a_stack_off_the_path_is_weaker_and_then_none_of_the_possible_ones() -> None:
    south = everywhere(180)
    on, off, out = (stack(str(turn), *_polar(3_000, 180 + turn)) for turn in (10, 22, 34))
    found = traced(south, on, off, out)
    assert [(one.stack, one.confidence, one.reasons) for one in found.possible] == [
        ("10", "fair", ()),
        ("22", "weak", ("off_path",)),
    ]
    assert sum(one.share for one in found.possible) == pytest.approx(1)
    assert found.possible[0].share > found.possible[1].share


def _polar(meters_away: float, bearing: float) -> tuple[float, float]:
    turn = math.radians(bearing)
    return meters_away * math.sin(turn), meters_away * math.cos(turn)


def test_a_wind_that_turned_at_three_stations_leads_around_the_corner() -> None:
    """West now, south three hours ago: the far part of the path bends southward instead of going on west."""
    turning = [wind(place, hour, 270 - 30 * hour, 2.0) for place in ("west", "east", "north") for hour in range(4)]
    end = traced(turning).path[-1]
    assert (end.lon - HERE[1]) * EAST == pytest.approx(-15_640, abs=150), "20 min west, then 30° an hour"
    assert (end.lat - HERE[0]) * NORTH == pytest.approx(-11_100, abs=200)
    around, straight = stack("around", -12_700, -4_800), stack("straight", -13_500, 0)
    weak = ("far", "long_ago")
    assert [(one.stack, one.reasons[:2]) for one in traced(turning, around).possible] == [("around", weak)]
    degrees = {one.stack: one.degrees for one in traced(turning, around, straight).possible}
    assert degrees["around"] < 1 < 20 < degrees["straight"]


def test_a_station_nearer_to_the_path_counts_for_more() -> None:
    mixed = [wind("west", hour, 180) for hour in range(5)] + [wind("east", hour, 225) for hour in range(5)]
    middle, *_ = traced(mixed).path
    assert traced(mixed).from_degrees == pytest.approx(202.5)
    lat, lon = point(-5_500, 0)
    western = candidates(lat, lon, AT, mixed, {}, rules())
    assert western.from_degrees == pytest.approx(180, abs=1)
    assert middle.minutes == 0


@pytest.mark.parametrize(
    ("winds", "reason"),
    [
        ([], "no_wind"),
        ([wind("nobody knows where", 0, 180)], "no_wind"),
        ([wind("west", 0, None, None)], "no_wind"),
        ([wind("west", 0, None, 2.0)], "no_wind"),
        ([wind("west", 2, 180)], "stale"),
        (everywhere(180, 0.4), "calm"),
        ([wind("west", 0, None, 0.0)], "calm"),
        ([wind("west", hour, 180 + 90 * hour) for hour in range(5)], "turning"),
        ([wind("west", 0, 90), wind("east", 0, 270)], "disagreeing"),
    ],
)
def test_what_the_wind_cannot_tell_is_said_and_names_nobody(winds: list[Wind], reason: str) -> None:
    around = [stack(str(bearing), *_polar(1_000, bearing)) for bearing in range(0, 360, 30)]
    found = traced(winds, *around)
    assert (found.insufficient, found.possible) == (reason, ())


def test_a_wind_of_exactly_half_a_metre_is_no_calm() -> None:
    found = traced(everywhere(180, 0.5), stack("south", 0, -500))
    assert found.insufficient is None
    assert found.possible[0].reasons == ("light_wind",)


def test_calm_air_further_back_ends_the_path_and_what_lies_beyond_is_unknown() -> None:
    winds = [wind(place, hour, 180, 3.0 if hour < 2 else 0.0) for place in ("west", "east") for hour in range(5)]
    found = traced(winds, stack("south", 0, -2_000), stack("far south", 0, -25_000))
    assert found.is_cut
    assert 80 < found.path[-1].minutes < 180
    assert [one.stack for one in found.possible] == ["south"]


def test_a_gap_of_three_hours_is_not_bridged() -> None:
    winds = [wind(place, hour, 180) for place in ("west", "east") for hour in (0, 5, 6)]
    found = traced(winds)
    assert found.is_cut
    assert found.path[-1].minutes == pytest.approx(140, abs=5)


def test_one_station_alone_gives_weak_hints_only() -> None:
    found = traced([wind("west", hour, 180) for hour in range(5)], stack("south", 0, -2_000))
    assert [(one.confidence, one.reasons) for one in found.possible] == [("weak", ("one_station",))]


def test_a_stack_next_door_is_possible_from_every_side() -> None:
    found = traced(everywhere(180), stack("next door", 0, 150))
    assert [(one.confidence, one.reasons, one.degrees) for one in found.possible] == [("weak", ("near",), 0)]


def test_a_stack_that_declared_other_smells_is_weaker_and_one_that_declared_none_is_not() -> None:
    burnt, silent = stack("burnt", 0, -2_000, "burning", "플라스틱"), stack("silent", 0, -2_100)
    found = {one.stack: one.reasons for one in traced(everywhere(180), burnt, silent, kind="manure").possible}
    assert found == {"burnt": ("other_smell",), "silent": ()}
    for kind in ("burning", "plastic", "other", ""):
        assert traced(everywhere(180), burnt, kind=kind).possible[0].reasons == ()
    ammonia = stack("ammonia", 0, -2_000, "NH3")
    assert traced(everywhere(180), ammonia, kind="manure").possible[0].reasons == ()


def test_a_weather_station_too_far_away_tells_nothing() -> None:
    assert traced(everywhere(180), wind_km=5).insufficient == "no_wind"


def test_of_two_words_on_an_hour_the_later_one_counts() -> None:
    old = wind("west", 0, 90)
    corrected = Wind("town", "west", old.at, old.received_at + timedelta(minutes=50), Decimal(180), Decimal(3))
    for order in ([old, corrected], [corrected, old]):
        assert traced(order).from_degrees == pytest.approx(180)


def test_a_cell_of_the_weather_services_grid_knows_where_it_lies() -> None:
    for nx, ny in ((60, 127), (98, 76), (53, 38), (20, 135), (127, 127), (43, 136)):
        middle = middle_of(nx, ny)
        assert cell_of(middle.lat, middle.lon) == (nx, ny)
    origin = middle_of(43, 136)
    assert [origin.lat, origin.lon] == pytest.approx([38, 126])
    at = AT.replace(minute=0)
    cell = ",".join(map(str, cell_of(*HERE)))
    assert traced([Wind("kma", cell, at, at, Decimal(90), Decimal(3))]).from_degrees == pytest.approx(90)


def test_midnight_and_the_year_are_hours_like_any_other() -> None:
    """No clock of a country is asked: the same winds at another moment lead the same way."""
    for at in (datetime(2026, 12, 31, 15, 20, tzinfo=UTC), datetime(2026, 3, 29, 1, 20, tzinfo=UTC)):
        shift = at - AT
        moved = [
            Wind(one.source, one.place, one.at + shift, one.received_at + shift, one.from_degrees, one.speed)
            for one in everywhere(180)
        ]
        assert traced(moved, at=at).path == traced(everywhere(180)).path

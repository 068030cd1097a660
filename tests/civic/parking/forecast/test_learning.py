"""What is learned from days before: no look ahead, the arithmetic by hand, and intervals that hold what they say."""

from datetime import date, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from civic.parking.forecast.grid import HIGH, HISTORY, HORIZONS, LEVELS, LOW, QUARTERS, between, korean_kind, place_of
from civic.parking.forecast.learning import first_rule, held_days, learn_rule
from civic.parking.forecast.model import Model, Outlook, Seen, cold, learn_lots
from civic.parking.forecast.replay import Batch, Replay, Rule
from civic.parking.forecast.usual import Array, Usual
from core.clock import SEOUL
from tests.civic.parking.forecast.courses import FIRST, course, past

DAYS = 56
SHARES = course(6, DAYS)
RULE = learn_rule(SHARES[:, :42], FIRST, korean_kind, 14)
MODELS = [one.open() for one in learn_lots(past(SHARES[:, :42]), RULE)]
"""As they stand on the morning of the 43rd day, a Monday."""
MORNING = datetime(2026, 7, 13, tzinfo=SEOUL)


def flat(share: float) -> Array:
    return np.full((1, QUARTERS), share, np.float32)


def test_a_usual_curve_is_the_mean_of_its_kind_drawn_to_its_group() -> None:
    usual = Usual(1)
    usual.take(flat(0.2), 0)
    usual.take(flat(0.6), 1)
    fade = 0.5 ** (1 / 28)
    overall = (0.2 * fade + 0.6) / (fade + 1)
    weekdays = (0.2 * fade + 0.6 + overall) / (fade + 1 + 1)
    curves = usual.curves()
    assert curves[0, 0, 50] == pytest.approx((0.2 * fade + 1.5 * weekdays) / (fade + 1.5), abs=1e-5)
    assert curves[0, 1, 50] == pytest.approx((0.6 + 1.5 * weekdays) / 2.5, abs=1e-5)
    assert curves[0, 5, 50] == pytest.approx(overall, abs=1e-5)


def test_a_holiday_is_a_kind_of_its_own_and_borrows_from_sundays() -> None:
    assert korean_kind(date(2026, 10, 5)) == 7, "the day put in for 개천절"
    assert korean_kind(date(2026, 10, 12)) == 0
    usual = Usual(1)
    for kind, share in ((0, 0.1), (0, 0.1), (6, 0.9), (6, 0.9), (6, 0.9)):
        usual.take(flat(share), kind)
    curves = usual.curves()[0, :, 40]
    assert abs(curves[7] - curves[6]) < 0.1 < abs(curves[7] - curves[0])


def test_an_hour_never_counted_stays_unknown() -> None:
    usual = Usual(1)
    shares = flat(0.5)
    shares[0, :28] = np.nan
    usual.take(shares, 0)
    curves = usual.curves()
    assert np.isnan(curves[0, :, :28]).all()
    assert not np.isnan(curves[0, :, 28:]).any()


def shares_of(replayed: Array, day: int) -> list[tuple[int, int, Array]]:
    """All that is forecast on one day, by row and target day."""
    made: list[tuple[int, int, Array]] = []

    def see(batch: Batch, error: Array, stretch: Array) -> None:
        if batch.day == day:
            low = batch.shares(RULE) + error * stretch[:, None] * RULE.quantiles[batch.row, LOW]
            made.append((batch.row, batch.target_day, np.stack([batch.shares(RULE), low])))

    Replay(replayed, FIRST, korean_kind, RULE).run(see, since=day)
    return made


def test_what_comes_later_changes_no_forecast() -> None:
    """Noon of the thirtieth day on is overwritten; what was said up to then stays as it was to the last bit."""
    changed = SHARES.copy()
    changed[:, 30, 48:] = 1 - changed[:, 30, 48:]
    changed[:, 31:] = 0.123
    for day in (15, 29):
        for (row, target, one), (_, _, other) in zip(shares_of(SHARES, day), shares_of(changed, day), strict=True):
            assert np.array_equal(one, other), (row, target)
    morning = [
        (one[2][..., :40], other[2][..., :40])
        for one, other in zip(shares_of(SHARES, 30), shares_of(changed, 30), strict=True)
        if one[0] < 4 and one[1] == 30
    ]
    assert len(morning) == 4
    assert all(np.array_equal(one, other) for one, other in morning)


def test_a_rule_is_learned_from_the_days_given_only() -> None:
    rule = learn_rule(SHARES[:, :42].copy(), FIRST, korean_kind, 14)
    assert np.array_equal(rule.weights, RULE.weights)
    held = SHARES[:, :42].copy()
    held[:, 28:] = np.roll(held[:, 28:], 5, axis=2)
    other = learn_rule(held, FIRST, korean_kind, 14)
    assert np.array_equal(other.weights, RULE.weights), "weights come from before the held days"
    assert not np.array_equal(other.quantiles, RULE.quantiles), "errors come from the held days"


def test_it_learns_how_long_what_is_unusual_lasts() -> None:
    """The made course keeps 0.97 of it a quarter: about 0.94 after half an hour, 0.78 after two hours."""
    by_ahead = dict(zip(HORIZONS, RULE.weights[:, 0], strict=False))
    for ahead in (1, 2, 4, 8):
        assert by_ahead[ahead] == pytest.approx(0.97**ahead, abs=0.12)
    assert by_ahead[8] > by_ahead[16] > by_ahead[32] > -0.05


def test_the_stored_model_says_what_the_replay_says() -> None:
    """Two ways of one formula: all lots at once while learning, one moment in plain numbers while answering."""
    replayed: dict[tuple[int, int], tuple[Array, Array]] = {}

    def see(batch: Batch, error: Array, stretch: Array) -> None:
        if batch.day == 42 and (batch.row == HISTORY or batch.ahead == HORIZONS[batch.row]):
            width = error * stretch[:, None]
            low = np.clip(batch.shares(RULE) + width * RULE.quantiles[batch.row, LOW], 0, 1)
            replayed[batch.row, batch.target_day] = batch.shares(RULE), low

    Replay(SHARES, FIRST, korean_kind, RULE).run(see, since=42)
    quarter = 40
    now = MORNING + timedelta(minutes=15 * quarter)
    for lot, model in enumerate(MODELS):
        seen = Seen(now, *(float(SHARES[lot, 42, quarter - back]) for back in (0, 2, 4)))
        for row, ahead in enumerate(HORIZONS):
            target_day, _ = divmod(42 * QUARTERS + quarter + ahead, QUARTERS)
            at = quarter if target_day == 42 else quarter + ahead - (target_day - 42) * QUARTERS
            middle, low = replayed[row, target_day]
            first = 0 if target_day == 42 else max(0, (target_day - 42) * QUARTERS - ahead)
            outlook = model.outlook(now + timedelta(minutes=15 * ahead), now, seen)
            assert outlook is not None
            index = at if target_day == 42 else quarter - first
            assert outlook.middle == pytest.approx(float(middle[lot, index]), abs=2e-3), (lot, ahead)
            assert outlook.at_level(LOW) == pytest.approx(float(low[lot, index]), abs=4e-3), (lot, ahead)
        outlook = model.outlook(now, now, None)
        assert outlook is not None
        assert outlook.middle == pytest.approx(float(replayed[HISTORY, 42][0][lot, quarter]), abs=2e-3)


def test_the_blend_by_hand() -> None:
    def rows(values: list[float], count: int) -> list[str]:
        return [" ".join(str(one) for one in values)] * count

    stored = {
        "weights": [*rows([0.5, 1.0, 2.0, 0.25, 0.5, 9], 8), *rows([0, 0, 0, 0.25, 0.5, 9], 1)],
        "quantiles": rows(list(np.linspace(-2, 2, len(LEVELS))), 9),
        "odds": rows([0, 1], 9),
        "usual": rows([6000] * QUARTERS, 8),
        "week": rows([400] * QUARTERS, 8),
        "group": rows([-200] * QUARTERS, 3),
        "error": rows([500] * 24, 9),
        "stretch": rows([2.0], 9),
    }
    model = Model(stored, 40)
    now = MORNING + timedelta(hours=10)
    outlook = model.outlook(now + timedelta(hours=1), now, Seen(now, 0.7, 0.68, 0.65))
    assert outlook is not None
    # 0.6 usual, half of the 0.10 more than usual, once the 0.02 of half an hour, twice the 0.05 of the hour,
    # a quarter of 0.04 last week, half of -0.02 on the last day; errors of 0.05, stretched to 0.1, times -2…2.
    assert outlook.middle == pytest.approx(0.6 + 0.05 + 0.02 + 0.10 + 0.01 - 0.01)
    assert outlook.offsets[0] == pytest.approx(-0.2)
    assert outlook.offsets[-1] == pytest.approx(0.2)
    history = model.outlook(now + timedelta(hours=1), now, None)
    assert history is not None
    assert history.middle == pytest.approx(0.6)
    assert history.kept == 0


def coverage(shares: Array, since: int) -> dict[int, float]:
    """Share of truths within the interval of 80 %, by row, with the rule learned before `since`."""
    rule = learn_rule(shares[:, :since], FIRST, korean_kind, held_days(since))
    inside: dict[int, list[Array]] = {}

    def see(batch: Batch, error: Array, stretch: Array) -> None:
        width = error * stretch[:, None]
        low, high = (np.clip(batch.shares(rule) + width * rule.quantiles[batch.row, at], 0, 1) for at in (LOW, HIGH))
        inside.setdefault(batch.row, []).append(((batch.truth >= low) & (batch.truth <= high)).ravel())

    Replay(shares, FIRST, korean_kind, rule).run(see, since=since)
    return {row: float(np.concatenate(found).mean()) for row, found in inside.items()}


def test_eight_of_ten_fall_within_the_interval() -> None:
    found = coverage(course(20, 84, seed=1), 56)
    assert set(found) == set(range(9))
    assert all(0.76 <= one <= 0.85 for one in found.values()), found


def test_intervals_grow_where_a_lot_begins_to_err_more() -> None:
    calm = course(8, 84, seed=2, noise=0.03)
    wild = calm.copy()
    wild[0, 56:] = course(8, 84, seed=3, noise=0.2)[0, 56:]
    rule = learn_rule(wild[:, :56], FIRST, korean_kind, 14)
    replay = Replay(wild, FIRST, korean_kind, rule)
    replay.run()
    stretch, error = replay.errors.stretch, replay.errors.usual(rule)
    assert (error[0].mean(axis=1) > 2 * error[1:].mean(axis=(0, 2))).all()
    assert (stretch[0] >= 0.5).all() and (stretch <= 5).all()
    early = Replay(wild[:, :63], FIRST, korean_kind, rule)
    early.run()
    assert early.errors.stretch[0, :4].min() > 1.15 > early.errors.stretch[1:, :4].mean()


def test_widths_grow_with_the_horizon() -> None:
    now = MORNING + timedelta(hours=12)
    for model in MODELS:
        seen = Seen(now, 0.5, 0.5, 0.5)
        width = []
        for ahead in (1, 4, 8, 16):
            outlook = model.outlook(now + timedelta(minutes=15 * ahead), now, seen)
            assert outlook is not None
            width.append(outlook.offsets[HIGH] - outlook.offsets[LOW])
        assert width == sorted(width)


def test_an_older_count_weighs_less_and_is_less_sure() -> None:
    now, at = MORNING + timedelta(hours=12), MORNING + timedelta(hours=13)
    fresh = MODELS[0].outlook(at, now, Seen(now, 0.95))
    aged = MODELS[0].outlook(at, now, Seen(now - timedelta(minutes=90), 0.95))
    assert fresh is not None and aged is not None
    assert fresh.kept > aged.kept
    assert fresh.offsets[HIGH] - fresh.offsets[LOW] < aged.offsets[HIGH] - aged.offsets[LOW]


@settings(max_examples=200, deadline=None)
@given(
    now=st.floats(0, 1),
    half=st.none() | st.floats(0, 1),
    hour=st.none() | st.floats(0, 1),
    minutes=st.integers(0, 14 * 1440),
    quarter=st.integers(0, 95),
    lot=st.integers(0, 5),
)
def test_an_outlook_stays_in_bounds_and_its_levels_ascend(
    now: float, half: float | None, hour: float | None, minutes: int, quarter: int, lot: int
) -> None:
    moment = MORNING + timedelta(minutes=15 * quarter)
    outlook = MODELS[lot].outlook(moment + timedelta(minutes=minutes), moment, Seen(moment, now, half, hour))
    assert outlook is not None
    levels = [outlook.at_level(at) for at in range(len(LEVELS))]
    assert levels == sorted(levels)
    assert 0 <= levels[0] <= levels[-1] <= 1
    assert 0 <= outlook.middle <= 1
    chances = [outlook.chance_above(share / 20) for share in range(21)]
    assert chances == sorted(chances, reverse=True)
    assert all(0 < one < 1 for one in chances)


@given(low=st.floats(0, 1), more=st.floats(0, 0.5), share=st.floats(0, 1))
def test_more_free_places_never_lower_the_chance(low: float, more: float, share: float) -> None:
    offsets = tuple(0.3 * (level - 0.5) for level in LEVELS)
    assert Outlook(low + more, offsets, 1, 1).chance_above(share) >= Outlook(low, offsets, 1, 1).chance_above(share)


def test_a_rule_between_two_horizons_lies_between_theirs() -> None:
    assert between(0.2) == (0, 0, 0.0)
    assert between(4) == (2, 2, 0.0)
    assert between(5.657)[:2] == (2, 3)
    assert between(5.657)[2] == pytest.approx(0.5, abs=1e-3)
    assert between(5_000) == (7, 7, 0.0)


def test_a_lot_without_days_before_carries_its_count_two_hours_and_widens() -> None:
    seen = Seen(MORNING, 0.4)
    found = [cold(MORNING + timedelta(minutes=minutes), seen) for minutes in (0, 15, 30, 60, 120)]
    widths = [one.offsets[HIGH] - one.offsets[LOW] for one in found if one is not None]
    assert [one.middle for one in found if one is not None] == [0.4] * 5
    assert widths[0] == widths[1] < widths[2] < widths[3] < widths[4]
    assert widths[2] >= 0.15, "half an hour ahead: no closer than that without history"
    assert cold(MORNING + timedelta(minutes=121), seen) is None


def test_too_few_days_leave_the_first_rule() -> None:
    rule: Rule = learn_rule(SHARES[:1, :8], FIRST, korean_kind, 7)
    assert np.array_equal(rule.weights, first_rule().weights)
    assert learn_rule(SHARES[:0], FIRST, korean_kind, 7).lots == 0


def test_places_are_korean() -> None:
    assert place_of(datetime(2026, 7, 12, 15, 7, tzinfo=SEOUL) - timedelta(hours=0)) == (date(2026, 7, 12), 60)

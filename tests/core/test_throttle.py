"""Token buckets: a burst, then a rate, and an honest word on how long to wait."""

import pytest

from core.errors import TooMany
from core.throttle import Throttle


class Stopwatch:
    def __init__(self) -> None:
        self.at = 100.0

    def __call__(self) -> float:
        return self.at


def test_a_burst_passes_and_the_next_is_told_when_to_come_back() -> None:
    clock = Stopwatch()
    bound = Throttle(3, 60, clock)
    for _ in range(3):
        bound.take("a")
    with pytest.raises(TooMany) as refused:
        bound.take("a")
    assert refused.value.context["retry_after"] == 1
    clock.at += 0.9
    with pytest.raises(TooMany):
        bound.take("a")
    clock.at += 0.2
    bound.take("a")


def test_each_key_has_a_bucket_of_its_own() -> None:
    bound = Throttle(1, 1, Stopwatch())
    bound.take("a")
    bound.take("b")
    with pytest.raises(TooMany) as refused:
        bound.take("a")
    assert refused.value.context["retry_after"] == 60


def test_a_flood_of_keys_cannot_fill_the_memory() -> None:
    bound = Throttle(1, 1, Stopwatch())
    for number in range(20_500):
        bound.take(str(number))
    assert len(bound._buckets) == 20_000

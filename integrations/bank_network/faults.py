"""How the network misbehaves, as networks do: late, in part, twice, in any order, or without a word after the work."""

import random
from dataclasses import dataclass
from typing import Any, Literal

Row = dict[str, Any]
End = Literal["", "500", "503", "cut", "hang", "cut_after", "500_after"]
ENDS: tuple[End, ...] = ("500", "503", "cut", "hang", "cut_after", "500_after")


@dataclass(frozen=True, slots=True)
class Faults:
    """Shares from 0 to 1. `error_rate` of calls end badly, half of these after the work was done; `partial_rate` of
    requests are left out of an answer, `duplicate_rate` are answered twice, `pending_rate` answered later by
    `pending_s`. `moves_rate`: customers that took money out before a seizure came. `hang_s`: how long a call that hangs
    is held. `prior_release_s`: other authorities let go after that long; 0: when told to.
    """

    latency_ms: float = 50
    jitter_ms: float = 0
    error_rate: float = 0
    partial_rate: float = 0
    duplicate_rate: float = 0
    pending_rate: float = 0
    moves_rate: float = 0
    pending_s: float = 5
    hang_s: float = 30
    prior_release_s: float = 0


class Dice:
    """Seeded, so that a run can be had again."""

    def __init__(self, faults: Faults, seed: int) -> None:
        self._faults = faults
        self._random = random.Random(seed)  # noqa: S311 - no secret

    def wait_s(self) -> float:
        return max(0.0, self._faults.latency_ms + self._random.uniform(-1, 1) * self._faults.jitter_ms) / 1000

    def end(self) -> End:
        return self._random.choice(ENDS) if self._is(self._faults.error_rate) else ""

    def left_out(self, requests: list[Row]) -> tuple[list[Row], set[str]]:
        """Requests that are done, and the ids of those that are not told; half of these are not even done."""
        silent = [one for one in requests if self._is(self._faults.partial_rate)]
        undone = {one["request_id"] for one in silent if self._is(0.5)}
        return [one for one in requests if one["request_id"] not in undone], {one["request_id"] for one in silent}

    def later(self, requests: list[Row], now: float) -> dict[str, float]:
        chosen = [one["request_id"] for one in requests if self._is(self._faults.pending_rate)]
        return {key: now + self._random.uniform(0.2, 1) * self._faults.pending_s for key in chosen}

    def told(self, answers: list[Row]) -> tuple[list[Row], list[str]]:
        """The answers in some order, some of them twice, and the ids of those that come late once more."""
        twice = [one for one in answers if self._is(self._faults.duplicate_rate)]
        told = [*answers, *twice]
        self._random.shuffle(told)
        return told, [one["request_id"] for one in twice if one["status"] != "pending"]

    def _is(self, rate: float) -> bool:
        return rate > 0 and self._random.random() < rate

"""Cuts a stay into what is priced together: the ordinary minutes of each paid day, and each stretch of a band."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import pairwise

from civic.parking.days import day_kind
from core.clock import SEOUL
from core.contracts.tariff import DAY_MINUTES, Band, Tariff

Stretch = tuple[int, int]
"""Which band (its place in the tariff) and the Korean day (ordinal) on which it began."""


@dataclass(slots=True)
class PaidDay:
    """What one day of the tariff is charged for. `is_capped`: the day cap covers these minutes."""

    is_capped: bool
    ordinary: int = 0
    stretches: dict[Stretch, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Piece:
    start: int
    end: int
    stretch: Stretch | None


def paid_days(tariff: Tariff, entered_at: datetime, minutes: int, deducted: int) -> list[PaidDay]:
    """The charged minutes of a stay, day by day, after the first `deducted` charged minutes were let off.

    Minutes are those of Korean time, counted from the minute of driving in.
    """
    start = _minute(entered_at)
    found: list[PaidDay] = []
    seen: dict[tuple[int, bool], PaidDay] = {}
    for piece in _charged(tariff, _pieces(tariff, start, start + minutes), deducted):
        for begin, end, day, is_capped in _windows(tariff, start, piece):
            if (day, is_capped) not in seen:
                seen[day, is_capped] = PaidDay(is_capped)
                found.append(seen[day, is_capped])
            paid = seen[day, is_capped]
            if piece.stretch is None:
                paid.ordinary += end - begin
            else:
                paid.stretches[piece.stretch] = paid.stretches.get(piece.stretch, 0) + end - begin
    return found


def _minute(at: datetime) -> int:
    here = at.astimezone(SEOUL)
    return here.toordinal() * DAY_MINUTES + here.hour * 60 + here.minute


def _pieces(tariff: Tariff, start: int, end: int) -> Iterator[_Piece]:
    """The stay cut where another price begins. Of two bands over one minute the earlier in the tariff holds."""
    spans = list(_spans(tariff.bands, start, end))
    cuts = sorted({start, end, *(cut for a, b, _ in spans for cut in (a, b) if start < cut < end)})
    for begin, until in pairwise(cuts):
        over = [stretch for a, b, stretch in spans if a <= begin and until <= b]
        yield _Piece(begin, until, min(over, default=None))


def _spans(bands: tuple[Band, ...], start: int, end: int) -> Iterator[tuple[int, int, Stretch]]:
    for day in range(start // DAY_MINUTES - 1, (end - 1) // DAY_MINUTES + 1):
        kind = day_kind(date.fromordinal(day))
        for at, band in enumerate(bands):
            if kind in band.days:
                until = band.end if band.end > band.start else band.end + DAY_MINUTES
                yield day * DAY_MINUTES + band.start, day * DAY_MINUTES + until, (at, day)


def _charged(tariff: Tariff, pieces: Iterator[_Piece], deducted: int) -> Iterator[_Piece]:
    for piece in pieces:
        if piece.stretch is not None and tariff.bands[piece.stretch[0]].rate is None:
            continue
        off = min(deducted, piece.end - piece.start)
        deducted -= off
        if piece.start + off < piece.end:
            yield _Piece(piece.start + off, piece.end, piece.stretch)


def _windows(tariff: Tariff, entered: int, piece: _Piece) -> Iterator[tuple[int, int, int, bool]]:
    """The parts of a piece with their paid day, and whether the day cap covers them."""
    if not tariff.day_cap_krw:
        yield piece.start, piece.end, 0, False
        return
    begin = piece.start
    while begin < piece.end:
        until, day, is_capped = _window(tariff, entered, begin)
        yield begin, min(until, piece.end), day, is_capped
        begin = until


def _window(tariff: Tariff, entered: int, minute: int) -> tuple[int, int, bool]:
    """Until when a minute's paid day lasts, which one it is, and whether the cap covers it."""
    if tariff.day_basis == "entry":
        length = tariff.day_cap_minutes or DAY_MINUTES
        day = (minute - entered) // length
        return entered + (day + 1) * length, day, True
    day, clock = divmod(minute, DAY_MINUTES)
    first, last = tariff.day_cap_from, tariff.day_cap_to
    if clock < first:
        return day * DAY_MINUTES + first, day, False
    if clock < last:
        return day * DAY_MINUTES + last, day, True
    return (day + 1) * DAY_MINUTES, day, False

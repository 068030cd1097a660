"""When a message may go out and until when it is worth sending: quiet hours and valid-until, by purpose."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta

from core.clock import SEOUL
from core.contracts.channel import Purpose
from core.settings import Messaging


@dataclass(frozen=True, slots=True)
class Timing:
    """`priority`: lower goes first. Both moments are aware UTC; `next_attempt_at` is after the quiet hours if held."""

    priority: int
    next_attempt_at: datetime
    valid_until: datetime


def schedule(messaging: Messaging, purpose: Purpose, now: datetime) -> Timing:
    """The timing of one message of this purpose queued `now`.

    A held message starts its validity when the night ends, or every short-lived one would die in the dark; what is
    stale by morning for another reason (a new answer, a withdrawn case) is cancelled by whoever knows that.
    """
    rule = messaging.purposes[purpose]
    start = night_end(messaging, now) if rule.held_at_night else now
    return Timing(rule.priority, start, start + timedelta(minutes=rule.valid_minutes))


def night_end(messaging: Messaging, now: datetime) -> datetime:
    """`now` outside the quiet hours, else their end (Korean wall clock, UTC returned)."""
    quiet = messaging.quiet_hours
    local = now.astimezone(SEOUL)
    if not _is_within(local.time(), quiet.start, quiet.end):
        return now
    end = local.replace(hour=quiet.end.hour, minute=quiet.end.minute, second=0, microsecond=0)
    if end <= local:
        end += timedelta(days=1)
    return end.astimezone(now.tzinfo)


def _is_within(at: time, start: time, end: time) -> bool:
    if start == end:
        return False
    if start < end:
        return start <= at < end
    return at >= start or at < end

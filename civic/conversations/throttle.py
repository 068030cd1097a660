"""One provider's rate, shared by every process: the store hands out the moments at which a message may leave.

A token bucket that holds one token, kept as the moment when the next one is there (GCRA): so no second, wherever it
begins, has more sends than the rate, and several moments are had in one round trip.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from core.db import Driver, driver

SHARE = 0.98
"""Of the provider's rate: with sends at most LATE_S behind their moment no second has more than the rate."""
LATE_S = 0.02

_TAKE = """
INSERT INTO channel_throttles AS t (city_id, channel, next_at)
VALUES (%(city)s, %(channel)s, clock_timestamp() + make_interval(secs => %(lead)s + %(span)s))
ON CONFLICT (city_id, channel) DO UPDATE SET
    next_at = GREATEST(t.next_at, clock_timestamp() + make_interval(secs => %(lead)s)) + make_interval(secs => %(span)s)
WHERE t.next_at <= clock_timestamp() + make_interval(secs => %(ahead)s)
  AND (t.paused_until IS NULL OR t.paused_until <= clock_timestamp())
RETURNING next_at - make_interval(secs => %(span)s), EXTRACT(EPOCH FROM next_at - clock_timestamp())::float8
"""

_REFUSED = """
SELECT EXTRACT(EPOCH FROM GREATEST(
    next_at - make_interval(secs => %(ahead)s), COALESCE(paused_until, '-infinity'), clock_timestamp()
) - clock_timestamp())::float8
FROM channel_throttles WHERE city_id = %(city)s AND channel = %(channel)s
"""

_PAUSED = """
SELECT EXTRACT(EPOCH FROM paused_until - clock_timestamp())::float8 FROM channel_throttles
WHERE city_id = %(city)s AND channel = %(channel)s AND paused_until > clock_timestamp()
"""

_PAUSE = """
INSERT INTO channel_throttles AS t (city_id, channel, next_at, paused_until)
VALUES (%(city)s, %(channel)s, clock_timestamp(), clock_timestamp() + make_interval(secs => %(seconds)s))
ON CONFLICT (city_id, channel) DO UPDATE SET paused_until = GREATEST(t.paused_until, EXCLUDED.paused_until)
"""


@dataclass(frozen=True, slots=True)
class Moments:
    """`count` moments, `gap_s` apart; the first is in `wait_s` seconds, at `first_at` of the store's clock.

    None (`count` 0): to be asked for again in `wait_s`.
    """

    count: int
    wait_s: float
    gap_s: float = 0.0
    first_at: datetime | None = None


async def take(
    tx: AsyncConnection | Driver,
    city_id: str,
    channel: str,
    rate: float,
    count: int = 1,
    *,
    ahead_s: float,
    lead_s: float = 0.0,
) -> Moments:
    """The next `count` moments of a channel of `rate` messages a second, unless it is paused.

    None is given while the next one is more than `ahead_s` away: who asks with less leaves room for who asks with more.
    `lead_s`: none is sooner than this, for those who need time to get ready.
    """
    connection, gap = await driver(tx), 1.0 / (rate * SHARE)
    values = {"city": city_id, "channel": channel, "span": gap * count, "ahead": ahead_s, "lead": lead_s}
    given = await (await connection.execute(_TAKE, values)).fetchone()
    if given is not None:
        return Moments(count, max(0.0, given[1] - gap * count), gap, given[0])
    refused = await (await connection.execute(_REFUSED, values)).fetchone()
    return Moments(0, max(refused[0] if refused else 0.0, 0.001))


async def paused_s(tx: AsyncConnection | Driver, city_id: str, channel: str) -> float:
    """How long the provider's pause still lasts; 0 for none."""
    connection = await driver(tx)
    row = await (await connection.execute(_PAUSED, {"city": city_id, "channel": channel})).fetchone()
    return float(row[0]) if row else 0.0


async def pause(tx: AsyncConnection, city_id: str, channel: str, seconds: float) -> None:
    """Obey a Retry-After for the whole channel, in every process."""
    connection = await driver(tx)
    await connection.execute(_PAUSE, {"city": city_id, "channel": channel, "seconds": seconds})

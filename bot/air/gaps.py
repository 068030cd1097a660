"""Hours that were missed, as sources of their own: claimed, counted, alarmed and seen by staff like any other."""

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import cast

from civic.air.asking import GAPS
from civic.air.gaps import Gap, due, gaps
from core.air_rules import Air
from core.contracts.air import (
    Http,
    Mark,
    Pulled,
    Pulling,
    Pushing,
    ReadReport,
    Remembering,
    RowNote,
    SourceFailed,
)
from core.db import Database
from core.errors import SinmungoError

MINUTE = 50
"""Past the hour, when the rounds have had their time with the newest one."""
SOON = timedelta(minutes=1)


class GapFilling:
    """Asks a source for what the store lacks. `keeps_as`: values are stored as the source's own."""

    def __init__(self, source: Remembering, db: Database, city_id: str, rules: Air) -> None:
        self.name = f"{source.name}{GAPS}"
        self.keeps_as = source.name
        self.terms = replace(source.terms, daily_calls=source.past_calls, interval_s=3_600)
        self._source = source
        self._db = db
        self._city_id = city_id
        self._rules = rules

    async def pull(self, http: Http, now: datetime, mark: Mark, *, wants_stations: bool) -> Pulled:
        """A handful of stations, those of zones first. Raises SourceFailed when none of them answers."""
        names = {name for zone in self._rules.zones.values() for name in zone.stations}
        async with self._db.reading() as tx:
            found = await gaps(tx, self._city_id, self.keeps_as, names, now, self._rules.gaps)
        asked = _asked(mark, now)
        wanted = due(found, asked, now, self._rules.gaps)
        pulled, failure = self._nothing(mark), None
        for gap in wanted[: self._rules.gaps.a_round]:
            try:
                pulled = _both(pulled, await self._past(http, now, gap))
            except SinmungoError as failed:
                failure = _told(failed)
                pulled = replace(pulled, calls=pulled.calls + failure.calls)
                if failure.kind != "broken":  # what one station answers oddly is its own trouble
                    break
            asked[gap.site.uid] = now
        if failure is not None and not pulled.report.rows:
            raise failure
        is_more = len(wanted) > self._rules.gaps.a_round and failure is None
        return replace(
            pulled,
            mark=Mark(cursor=json.dumps({uid: at.isoformat() for uid, at in asked.items()})),
            next_at=now + SOON if is_more else _next(now),
            failure=failure,
        )

    async def _past(self, http: Http, now: datetime, gap: Gap) -> Pulled:
        since = gap.since or now - timedelta(hours=22)
        return await self._source.past(http, now, gap.site.name, gap.site.uid, since)

    def _nothing(self, mark: Mark) -> Pulled:
        return Pulled((), ReadReport(self.name, self.terms.attribution, 0, 0), mark=mark, calls=0)


def remembering(
    sources: Mapping[str, Pulling | Pushing], db: Database, city_id: str, rules: Air
) -> dict[str, GapFilling]:
    """A source of gaps for each source that can be asked for hours gone by."""
    if not rules.gaps.enabled:
        return {}
    able = [cast(Remembering, one) for one in sources.values() if hasattr(one, "past")]
    made = [GapFilling(one, db, city_id, rules) for one in able if one.past_calls]
    return {one.name: one for one in made}


def _told(failed: SinmungoError) -> SourceFailed:
    return failed if isinstance(failed, SourceFailed) else SourceFailed("retry", failed.reason_ko, failed.reason_en)


def _asked(mark: Mark, now: datetime) -> dict[str, datetime]:
    """When each was asked last; what is long ago, or what nobody can read, is forgotten."""
    try:
        kept = {uid: datetime.fromisoformat(at) for uid, at in json.loads(mark.cursor or "{}").items()}
        return {uid: at for uid, at in kept.items() if now - at < timedelta(days=30)}
    except (ValueError, TypeError, AttributeError):
        return {}


def _next(now: datetime) -> datetime:
    at = now.replace(minute=MINUTE, second=0, microsecond=0)
    return at if at > now else at + timedelta(hours=1)


def _both(one: Pulled, other: Pulled) -> Pulled:
    report = replace(
        one.report,
        rows=one.report.rows + other.report.rows,
        accepted=one.report.accepted + other.report.accepted,
        skipped=one.report.skipped + tuple(_named(note, other) for note in other.report.skipped),
        reasons_ko={**one.report.reasons_ko, **other.report.reasons_ko},
    )
    return replace(
        one,
        observations=one.observations + other.observations,
        indices=one.indices + other.indices,
        report=report,
        calls=one.calls + other.calls,
    )


def _named(note: RowNote, of: Pulled) -> RowNote:
    uid = note.uid or next((one.station_uid for one in of.observations), "")
    return replace(note, uid=uid)

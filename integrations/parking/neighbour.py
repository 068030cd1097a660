"""Reads the signed feed of another installation of this house: lots page by page since the last time, then numbers.

Nothing is parsed before its signature is checked; docs/sources/neighbour.md, ADR 0031.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Annotated, Any, Literal

import httpx
import orjson
from pydantic import Field, TypeAdapter, ValidationError

from core.contracts.parking import (
    KOREA_LAT,
    KOREA_LON,
    Http,
    Mark,
    ParkingRecord,
    Pulled,
    Pulling,
    ReadReport,
    RealtimeRecord,
    RowNote,
    SourceFailed,
    Terms,
)
from core.section import Section
from core.signatures import BadSignature, digest, public_key, verify

FORMAT = "sinmungo-parking/1"
PATHS = {"lots": "/api/v1/parking/feed", "numbers": "/api/v1/parking/feed/realtime"}
MOST_BYTES = 4 * 1024 * 1024
MOST_ROWS = 5_000
MOST_PAGES = 400
"""Of one round; the rest comes with the next one."""
MOST_TEXT = 4_000
DEADLINE_S = 30.0
REASONS_KO = {
    "not_a_lot": "주차장의 꼴이 아님",
    "not_a_number": "실시간 값의 꼴이 아님",
    "outside": "좌표가 정한 범위 밖임",
    "our_own": "우리 시가 낸 주차장이 돌아온 것",
}
Part = Literal["lots", "numbers"]
_RECORD = TypeAdapter(ParkingRecord)
_NUMBER = TypeAdapter(RealtimeRecord)


class Settings(Section):
    """`url`: the root of the other installation. `public_keys`: of its feed, base64. `city`: our own id, so that our
    lots do not come back. `last_sequence`: the newest page ever taken."""

    url: Annotated[str, Field(pattern=r"^https?://[^\s?#]+$")]
    public_keys: Annotated[list[str], Field(min_length=1, max_length=4)]
    owner: Annotated[str, Field(min_length=1)]
    city: str = ""
    licence: str = ""
    last_sequence: str = ""
    interval_s: Annotated[int, Field(ge=10)] = 60
    static_interval_s: Annotated[int, Field(ge=10)] = 600
    most_age_minutes: Annotated[int, Field(ge=1)] = 10
    lat: tuple[float, float] = KOREA_LAT
    lon: tuple[float, float] = KOREA_LON


@dataclass(frozen=True, slots=True)
class _State:
    """How far both parts were read, kept in the source's mark."""

    city: str = ""
    lots: str = ""
    lots_etag: str = ""
    numbers: str = ""
    numbers_etag: str = ""
    sequence: str = ""

    @classmethod
    def of(cls, mark: Mark, least: str) -> "_State":
        """A mark that is none of ours begins anew, but never before the newest page we know of."""
        try:
            found: Any = orjson.loads(mark.cursor or "{}")
        except orjson.JSONDecodeError:
            found = {}
        names = ("city", "lots", "lots_etag", "numbers", "numbers_etag")
        known = {name: found[name] for name in names if isinstance(found, dict) and isinstance(found.get(name), str)}
        return cls(**known, sequence=max(mark.last_modified, least))

    def mark(self) -> Mark:
        told = {name: getattr(self, name) for name in ("city", "lots", "lots_etag", "numbers", "numbers_etag")}
        return Mark(last_modified=self.sequence, cursor=orjson.dumps(told).decode())


@dataclass(slots=True)
class _Walk:
    """What the pages of one part brought. `is_changed`: false when the first answer was 304."""

    items: list[Any] = field(default_factory=list)
    attribution: str = ""
    is_complete: bool = False
    is_changed: bool = True
    calls: int = 0


@dataclass(frozen=True, slots=True)
class _Answer:
    """One page whose signature holds; `body` None: 304."""

    city: str
    sequence: str
    etag: str
    body: Mapping[str, Any] | None


class Neighbour:
    """See core.contracts.parking.Pulling."""

    def __init__(self, name: str, settings: Settings) -> None:
        self.name = name
        self._settings = settings
        self._keys = [public_key(one) for one in settings.public_keys]
        self.terms = Terms(
            attribution=settings.owner,
            licence=settings.licence,
            owner=settings.owner,
            interval_s=settings.interval_s,
            static_interval_s=settings.static_interval_s,
        )

    async def pull(self, http: Http, now: datetime, mark: Mark, *, wants_static: bool) -> Pulled:
        state = _State.of(mark, self._settings.last_sequence)
        lots = None
        if wants_static:
            lots, state = await self._walk(http, now, "lots", state)
        numbers, state = await self._walk(http, now, "numbers", state)
        calls = numbers.calls + (lots.calls if lots else 0)
        static, gone, report = self._lots(lots or _Walk())
        realtime, realtime_report = self._numbers(numbers, now)
        return Pulled(
            static=static if lots is not None and lots.is_changed else None,
            realtime=realtime,
            report=report,
            realtime_report=realtime_report,
            is_complete=lots is not None and lots.is_complete,
            gone=gone,
            mark=state.mark(),
            calls=calls,
        )

    async def _walk(self, http: Http, now: datetime, part: Part, state: _State) -> tuple[_Walk, _State]:
        walk, is_full = _Walk(), False
        cursor, etag = getattr(state, part), getattr(state, f"{part}_etag")
        while walk.calls < MOST_PAGES:
            answer = await self._ask(http, now, part, cursor, etag if walk.calls == 0 else "", state)
            walk.calls += 1
            state = replace(state, city=answer.city, sequence=answer.sequence)
            if answer.body is None:
                walk.is_changed = False
                break
            page = _Page.of(answer.body)
            is_full = page.is_full and (is_full or page.is_first)
            walk.items += page.items
            walk.attribution = page.attribution
            # Where nothing is new the reader stays, so that the same question can be answered by 304 from now on.
            stays = page.is_last and not page.items and not page.is_full
            cursor = cursor if stays else page.next
            state = replace(state, **{part: cursor, f"{part}_etag": answer.etag})
            if page.is_last:
                walk.is_complete = is_full
                break
        return walk, state

    async def _ask(self, http: Http, now: datetime, part: Part, cursor: str, etag: str, state: _State) -> _Answer:
        url = httpx.URL(self._settings.url.rstrip("/") + PATHS[part], params={"since": cursor})
        headers = {"accept": "application/json", **({"if-none-match": etag} if etag else {})}
        answer = await http.get(str(url), headers=headers, max_bytes=MOST_BYTES, deadline_s=DEADLINE_S)
        if answer.status_code not in (200, 304):
            raise _unanswered(answer.status_code)
        # By the headers and the raw bytes alone: what is not signed is not looked into.
        told = answer.headers
        city, sequence = told.get("feed-city", ""), told.get("feed-sequence", "")
        parts = [
            ('"@status"', str(answer.status_code)),
            ('"content-digest"', digest(answer.content)),
            ('"etag"', told.get("etag", "")),
            ('"feed-city"', city),
            ('"feed-part"', part),
            ('"feed-sequence"', sequence),
            ('"@query";req', f"?{url.query.decode()}"),
        ]
        age = timedelta(minutes=self._settings.most_age_minutes)
        try:
            verify(told.get("signature-input", ""), told.get("signature", ""), parts, self._keys, now, most_age=age)
        except BadSignature as error:
            raise _forged(str(error)) from None
        if len(sequence) != len(sequence.strip()) or not sequence.isdecimal() or sequence < state.sequence:
            raise _forged("sequence")
        if not city or city == self._settings.city or city != (state.city or city):
            raise _forged("city")
        return _Answer(city, sequence, told.get("etag", ""), _body(answer, part) if answer.status_code == 200 else None)

    def _lots(self, walk: _Walk) -> tuple[tuple[ParkingRecord, ...], tuple[str, ...], ReadReport]:
        records: dict[str, ParkingRecord] = {}
        gone: dict[str, None] = {}
        skipped: list[RowNote] = []
        for line, item in enumerate(walk.items, start=1):
            taken = self._lot(item, walk.attribution)
            if isinstance(taken, ParkingRecord):
                # Of two pages the later one is the newer: a lot may change while it is read.
                records[taken.uid] = taken
                gone.pop(taken.uid, None)
            elif taken:
                skipped.append(RowNote(line, _uid(item), taken))
            else:
                records.pop(_uid(item), None)
                gone[_uid(item)] = None
        rows = len(records) + len(skipped)
        report = ReadReport(
            self.name, self.terms.attribution, rows, len(records), (), tuple(skipped), reasons_ko=REASONS_KO
        )
        return tuple(records.values()), tuple(gone), report

    def _lot(self, item: Any, attribution: str) -> ParkingRecord | str:
        """The record, "" for one that is no more, or why it is left out."""
        if not _uid(item) or not _is_short(item):
            return "not_a_lot"
        if item.get("gone") is True or isinstance(item.get("same_as"), str):
            return ""
        origin = str(item.get("origin") or "")
        if self._settings.city and origin == self._settings.city:
            return "our_own"
        try:
            record = _RECORD.validate_python({**_EMPTY, **item})
        except ValidationError:
            return "not_a_lot"
        if not self._is_inside(record):
            return "outside"
        return replace(
            record,
            provider=f"{origin}/{record.provider}",
            owner=record.owner or self._settings.owner,
            attribution=record.attribution or attribution,
        )

    def _is_inside(self, record: ParkingRecord) -> bool:
        if record.lat is None or record.lon is None:
            return True
        (south, north), (west, east) = self._settings.lat, self._settings.lon
        return south <= record.lat <= north and west <= record.lon <= east

    def _numbers(self, walk: _Walk, now: datetime) -> tuple[tuple[RealtimeRecord, ...], ReadReport]:
        found: dict[str, RealtimeRecord] = {}
        skipped: list[RowNote] = []
        for line, item in enumerate(walk.items, start=1):
            try:
                record = _NUMBER.validate_python({"free": None, **item, "source": self.name, "fetched_at": now})
            except (ValidationError, TypeError):
                skipped.append(RowNote(line, _uid(item), "not_a_number"))
                continue
            found[record.uid] = record
        rows = len(found) + len(skipped)
        attribution = self.terms.attribution
        report = ReadReport(self.name, attribution, rows, len(found), (), tuple(skipped), reasons_ko=REASONS_KO)
        return tuple(found.values()), report


@dataclass(frozen=True, slots=True)
class _Page:
    items: Sequence[Any]
    next: str
    is_first: bool
    is_last: bool
    is_full: bool
    attribution: str

    @classmethod
    def of(cls, body: Mapping[str, Any]) -> "_Page":
        first, last, full = (body.get(name) for name in ("is_first", "is_last", "is_full"))
        items, after = body.get("items"), body.get("next")
        if not isinstance(items, list) or len(items) > MOST_ROWS or not isinstance(after, str) or len(after) > 500:
            raise _broken()
        if not (isinstance(first, bool) and isinstance(last, bool) and isinstance(full, bool)):
            raise _broken()
        return cls(items, after, first, last, full, str(body.get("attribution") or "")[:500])


def build(name: str, settings: Settings) -> Pulling:
    """Raises ValueError for a public key that is none."""
    return Neighbour(name, settings)


_EMPTY: Mapping[str, Any] = {
    "external_ids": (),
    "provider": "",
    "ownership": "unknown",
    "type": "OTHER",
    "address": "",
    "lat": None,
    "lon": None,
    "has_disabled": None,
    "has_charging": None,
    "opening_hours": None,
    "hours_note": "",
    "fee_kind": "unknown",
    "tariff": None,
    "payment": "",
    "remarks": "",
    "operator": "",
    "phone": "",
    "data_date": None,
}
"""What a sparse row does not say."""


def _uid(item: Any) -> str:
    found = item.get("uid") if isinstance(item, dict) else None
    return found[:500] if isinstance(found, str) else ""


def _is_short(item: Mapping[str, Any]) -> bool:
    return all(not isinstance(value, str) or len(value) <= MOST_TEXT for value in item.values())


def _body(answer: httpx.Response, part: Part) -> Mapping[str, Any]:
    try:
        found = orjson.loads(answer.content)
    except orjson.JSONDecodeError:
        raise _broken() from None
    if not isinstance(found, dict) or found.get("format") != FORMAT or found.get("part") != part:
        raise _broken()
    return found


def _unanswered(status: int) -> SourceFailed:
    if status in (401, 403, 404, 410):
        return SourceFailed(
            "refused",
            f"이웃이 피드를 내주지 않습니다(HTTP {status}).",
            f"The neighbour gives no feed (HTTP {status}).",
            status=status,
        )
    return SourceFailed(
        "broken", f"이웃의 답이 피드가 아닙니다(HTTP {status}).", f"Not a feed (HTTP {status}).", status=status
    )


_WHY = {
    "key": ("등록한 공개 키로 서명되지 않았습니다", "it is not signed by the key we know"),
    "parts": ("서명이 필요한 부분을 모두 덮지 않습니다", "the signature does not cover all it must"),
    "age": ("서명한 시각이 너무 멉니다(두 서버의 시계를 확인)", "it was signed too long ago (compare both clocks)"),
    "signature": ("내용이 서명과 다릅니다", "the signature does not hold"),
    "sequence": ("이미 받은 것보다 오래된 쪽입니다", "it is older than what was read already"),
    "city": ("다른 도시의 쪽입니다", "it is another city's"),
}


def _forged(why: str) -> SourceFailed:
    korean, english = _WHY[why]
    return SourceFailed("broken", f"이웃의 쪽을 받지 않았습니다: {korean}.", f"Page refused: {english}.", why=why)


def _broken() -> SourceFailed:
    return SourceFailed("broken", "이웃의 답을 읽을 수 없습니다.", "The neighbour's answer is not this format.")

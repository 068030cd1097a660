"""Feeds that parkapi-sources (MIT) knows and we do not: its converters, run in their own environment on our bytes.

An option (`make parkapi`); which converters, and why a process of its own: docs/sources/parkapi_sources.md.
"""

import base64
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from pydantic import Field

from core.contracts.parking import Http, Mark, Pulled, SourceFailed, Terms
from core.errors import BadInput
from core.loading import ROOT
from integrations.parking import _parkapi_fetch, _parkapi_process
from integrations.parking._parkapi_read import Read
from integrations.parking._parkapi_settings import Declared
from integrations.parking._parkapi_sheet import refuse_bombs
from integrations.parking._parkapi_site import How

Url = Annotated[str, Field(pattern=r"^$|^https?://")]
HOME = Path("var/parkapi")


class Settings(Declared):
    """`converter`: the library's uid of it, or any_json, any_xlsx, any_datex2_record, any_datex2_facility.

    `static_url`, `realtime_url`: what the house fetches for it (twice the same: once); `geojson_url`: the lots of
    converters that have only numbers of their own. `headers` go with every call. `config`: the library's own keys.
    `home`: where `make parkapi` laid its environment.
    """

    converter: Annotated[str, Field(pattern=r"^[a-z0-9_-]{1,40}$")]
    static_url: Url = ""
    realtime_url: Url = ""
    geojson_url: Url = ""
    headers: Annotated[dict[str, str], Field(repr=False)] = {}  # noqa: RUF012 - pydantic copies it
    config: Annotated[dict[str, str], Field(repr=False)] = {}  # noqa: RUF012 - pydantic copies it
    home: Path = HOME
    timeout_s: Annotated[int, Field(ge=1, le=300)] = 60
    memory_mb: Annotated[int, Field(ge=512, le=8_192)] = 1_024


class Source:
    """Fetches by the house's way out, and has a child process turn the bytes into ParkAPI items."""

    def __init__(self, name: str, settings: Settings) -> None:
        self.name = name
        terms = settings.terms()
        self.terms: Terms = terms if settings.realtime_url else replace(terms, interval_s=0)
        self._settings = settings
        self._python = _parkapi_process.python_of(ROOT / settings.home)

    async def pull(self, http: Http, now: datetime, mark: Mark, *, wants_static: bool) -> Pulled:
        """A child is started only when something came."""
        bodies, fresh, calls = await self._fetched(http, mark, wants_static=wants_static)
        if bodies:
            return await self.convert(bodies, now, mark=fresh, calls=calls)
        rules = self._settings
        return Read().pulled(
            self._how(), rules.attribution, has_static=False, is_complete=True, mark=fresh, calls=calls
        )

    async def convert(
        self, bodies: Mapping[str, bytes], now: datetime, *, mark: Mark | None = None, calls: int = 0
    ) -> Pulled:
        """Bytes in hand: `realtime`, and `static` or `geojson` when lots are wanted. Raises SourceFailed."""
        began = datetime.now(UTC).replace(microsecond=0)
        answer = await self._asked(bodies)
        read, how, lots = Read(), self._how(), answer.get("static")
        has_static = isinstance(lots, list) and not _LOTS.isdisjoint(bodies)
        if has_static:
            read.add(lots or [], how, now, wants_static=True, wants_numbers=False)
            for error in answer.get("static_errors", ()):
                read.reject(str(error["uid"]), str(error["why"]), is_number=False)
        read.add(answer.get("realtime") or [], how, now, wants_static=False)
        for error in answer.get("realtime_errors", ()):
            read.reject(str(error["uid"]), str(error["why"]), is_number=True)
        _undate(read, began)
        return read.pulled(
            how,
            self._settings.attribution,
            has_static=has_static,
            is_complete=read.is_sound,
            mark=mark or Mark(),
            calls=calls,
        )

    async def _fetched(self, http: Http, mark: Mark, *, wants_static: bool) -> tuple[dict[str, bytes], Mark, int]:
        """What came, the mark to go on from, and the calls made."""
        rules = self._settings
        one = bool(rules.realtime_url) and rules.realtime_url == rules.static_url
        bodies: dict[str, bytes] = {}
        calls, fresh = 0, Mark()
        if rules.realtime_url or one:
            # Two documents: the mark is the numbers', and lots are asked for anew each time they are wanted.
            known = mark if one else Mark(mark.etag, mark.last_modified)
            answer = await self._get(http, rules.realtime_url, known, wants_static=one and wants_static)
            calls, fresh = calls + 1, answer.mark
            if answer.body is not None:
                bodies["realtime"] = answer.body
                bodies |= {"static": answer.body} if one and wants_static else {}
        for kind, url in (("static", "" if one else rules.static_url), ("geojson", rules.geojson_url)):
            if wants_static and url:
                answer = await self._get(http, url, Mark(), wants_static=True)
                calls += 1
                bodies |= {kind: answer.body} if answer.body is not None else {}
        return bodies, fresh, calls

    async def _get(self, http: Http, url: str, mark: Mark, *, wants_static: bool) -> _parkapi_fetch.Answer:
        rules = self._settings
        return await _parkapi_fetch.get(
            http, url, mark, wants_static=wants_static, max_mb=rules.max_mb, headers=rules.headers
        )

    async def _asked(self, bodies: Mapping[str, bytes]) -> dict[str, Any]:
        rules = self._settings
        try:
            for body in bodies.values():
                if body.startswith(b"PK"):
                    refuse_bombs(body, rules.max_mb * 4)
        except BadInput as error:
            raise _parkapi_fetch.broken(error) from None
        asked = {
            "converter": rules.converter,
            "config": rules.config,
            "bounds": {"lat": rules.bounds.lat, "lon": rules.bounds.lon},
            "zone": rules.zone,
            "memory_mb": rules.memory_mb,
            "seconds": rules.timeout_s,
            "bodies": {name: base64.b64encode(body).decode() for name, body in bodies.items()},
        }
        answer = await _parkapi_process.run(self._python, asked, timeout_s=rules.timeout_s)
        if failure := answer.get("failure"):
            raise _failed(str(failure), answer)
        return answer

    def _how(self) -> How:
        rules = self._settings
        zone = ZoneInfo(rules.zone)
        return How(self.name, zone, rules.bounds, self.name, ownership=rules.ownership, purposes=rules.purposes)


def _undate(read: Read, began: datetime) -> None:
    """Converters of feeds without a date write the moment at which they ran: that is nobody's date."""
    read.static = [
        replace(one, static_data_updated_at=None)
        if one.static_data_updated_at is not None and one.static_data_updated_at >= began
        else one
        for one in read.static
    ]
    for uid, told in read.realtime.items():
        if told.updated_at is not None and told.updated_at >= began:
            read.realtime[uid] = replace(told, updated_at=None)


_LOTS = frozenset({"static", "geojson"})


def _failed(failure: str, answer: Mapping[str, Any]) -> SourceFailed:
    if failure == "no_converter":
        known = ", ".join(str(one) for one in answer.get("known", ()))
        return SourceFailed(
            "refused", "parkapi-sources에 그런 변환기가 없습니다(converter).", f"no such converter; there are: {known}"
        )
    if failure == "no_body":
        return SourceFailed(
            "refused",
            "변환기가 쓰는 자료의 주소가 없습니다(static_url, realtime_url, geojson_url).",
            "the converter asked for a document that no address was given for",
        )
    if failure == "memory":
        return SourceFailed("broken", "변환기가 정해진 메모리를 넘었습니다.", "the converter ran out of memory")
    why = str(answer.get("why", ""))
    return SourceFailed("broken", "변환기가 이 자료를 읽지 못했습니다.", f"the converter cannot read this: {why}")


def build(name: str, settings: Settings) -> Source:
    """Raises ConfigError when the environment is not laid."""
    return Source(name, settings)

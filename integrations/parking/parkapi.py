"""ParkAPI, pulled from its public API (v3, or old v1) or pushed by an operator; our canonical form is its own.

Formats, fields and their certainty: docs/sources/parkapi.md.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Literal
from urllib.parse import urljoin, urlsplit
from zoneinfo import ZoneInfo

import orjson
from pydantic import Field

from core.contracts.parking import Http, Mark, Pulled, Pulling, Pushing, SourceFailed, Terms
from core.errors import BadInput
from integrations.parking import _parkapi_fetch
from integrations.parking._parkapi_read import Read, items_of, lots_of
from integrations.parking._parkapi_settings import Declared
from integrations.parking._parkapi_site import How


class Settings(Declared):
    """`url` of the list (v3: …/api/public/v3/parking-sites; v1: …/<city>); empty: the operator pushes to us.

    `source_uids`: ParkAPI's names of the sources that are wanted, each asked for by itself. `token`: Authorization:
    Bearer, where a server asks for one. `is_whole`: each push of lots is all that the operator has.
    """

    url: Annotated[str, Field(pattern=r"^$|^https?://")] = ""
    dialect: Literal["v3", "v1"] = "v3"
    source_uids: tuple[Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]{1,64}$")], ...] = ()
    token: Annotated[str, Field(repr=False)] = ""
    page_size: Annotated[int, Field(ge=1, le=10_000)] = 1_000
    most_pages: Annotated[int, Field(ge=1, le=1_000)] = 200
    is_whole: bool = False


class _Source:
    def __init__(self, name: str, settings: Settings) -> None:
        self.name = name
        self.terms: Terms = settings.terms()
        self._settings = settings

    def _how(self, provider: str, *, is_prefixed: bool = False) -> How:
        rules = self._settings
        return How(
            self.name, ZoneInfo(rules.zone), rules.bounds, provider, is_prefixed, rules.ownership, rules.purposes
        )


class Pull(_Source):
    """Asks the public API. A list in one page is asked for by its ETag; later pages follow `next_path`."""

    async def pull(self, http: Http, now: datetime, mark: Mark, *, wants_static: bool) -> Pulled:
        rules, read = self._settings, Read()
        wanted = rules.source_uids if rules.dialect == "v3" else rules.source_uids[:1]
        calls, is_complete, marks, changed = 0, True, [], False
        for uid in wanted or ("",):
            how = self._how(uid if rules.dialect == "v3" else uid or self.name, is_prefixed=len(wanted) > 1)
            one = mark if len(wanted) < 2 else Mark()
            asked, is_all, fresh = await self._source(http, how, one, read, now, wants_static=wants_static)
            calls, is_complete = calls + asked, is_complete and is_all
            changed = changed or fresh is not None
            marks.append(fresh or one)
        return read.pulled(
            self._how(""),
            rules.attribution,
            has_static=wants_static and changed,
            is_complete=is_complete and read.is_sound,
            mark=marks[0] if len(marks) == 1 else Mark(),
            calls=calls,
        )

    async def _source(
        self, http: Http, how: How, mark: Mark, read: Read, now: datetime, *, wants_static: bool
    ) -> tuple[int, bool, Mark | None]:
        """All pages of one source: calls made, whether it is all, and the mark to go on from (None: nothing new)."""
        rules = self._settings
        url, params = rules.url, self._asked(how)
        seen: set[str] = set()
        first, rows = Mark(), 0
        while len(seen) < rules.most_pages:
            answer = await _parkapi_fetch.get(
                http,
                url,
                mark if not seen else Mark(),
                wants_static=wants_static,
                max_mb=rules.max_mb,
                headers={"authorization": f"Bearer {rules.token}"} if rules.token else None,
                params=params,
            )
            if answer.body is None:
                return 1, True, None
            document = _parkapi_fetch.document(answer.body)
            seen.add(url)
            first = answer.mark if len(seen) == 1 else Mark()
            onward, taken, total = self._take(document, how, read, now, wants_static=wants_static)
            rows += taken
            if not onward or not taken:
                return len(seen), total is None or rows >= total, first
            url, params = self._next(url, onward), {}
            if url in seen:
                raise SourceFailed("broken", "출처의 쪽 넘김이 제자리를 돕니다.", "the pages of the answer go round")
        return len(seen), False, Mark()

    def _asked(self, how: How) -> dict[str, str]:
        if self._settings.dialect == "v1":
            return {}
        asked = {"limit": str(self._settings.page_size)}
        return {**asked, "source_uid": how.provider} if how.provider else asked

    def _take(
        self, document: object, how: How, read: Read, now: datetime, *, wants_static: bool
    ) -> tuple[str, int, int | None]:
        """The way to the next page ("" for none), the rows taken, and how many there are in all."""
        try:
            if self._settings.dialect == "v1":
                read.add_v1(lots_of(document), how, now, wants_static=wants_static)
                return "", 0, None
            items = items_of(document)
        except BadInput as error:
            raise _parkapi_fetch.broken(error) from None
        read.add(items, how, now, wants_static=wants_static)
        told = document if isinstance(document, dict) else {}
        onward, total = told.get("next_path"), told.get("total_count")
        return onward if isinstance(onward, str) else "", len(items), total if isinstance(total, int) else None

    def _next(self, url: str, onward: str) -> str:
        """The address of the next page, on the same server: an answer must not send our token elsewhere.

        A server behind a gateway does not know the folder that the gateway put before its path.
        """
        try:
            here, there = urlsplit(url), urlsplit(urljoin(url, onward))
            is_here = (here.scheme, here.netloc) == (there.scheme, there.netloc)
            path = here.path if here.path.endswith(there.path) else there.path
            found = there._replace(path=path, fragment="").geturl()
        except ValueError:
            is_here = False
        if not is_here:
            raise SourceFailed(
                "broken", "출처가 다음 쪽으로 다른 서버를 가리킵니다.", "the next page is on another server"
            )
        return found


class Push(_Source):
    """Bodies of an operator: v3 `{"items": […]}` with lots, numbers or both in an item, or a v1 document."""

    def receive(self, body: bytes, headers: Mapping[str, str], now: datetime) -> Pulled:
        rules, read = self._settings, Read()
        how = self._how(next(iter(rules.source_uids), self.name))
        try:
            document = orjson.loads(body)
        except orjson.JSONDecodeError:
            raise BadInput("JSON이 아닙니다.", "not JSON") from None
        if rules.dialect == "v1":
            read.add_v1(lots_of(document), how, now, wants_static=True)
        else:
            read.add(items_of(document), how, now, wants_static=True)
        return read.pulled(
            how,
            rules.attribution,
            has_static=bool(read.rows),
            is_complete=rules.is_whole and read.is_sound,
            mark=Mark(),
            calls=0,
        )


def build(name: str, settings: Settings) -> Pulling | Pushing:
    """Raises nothing: an address makes it a source that is asked, none a source that calls us."""
    return Pull(name, settings) if settings.url else Push(name, settings)

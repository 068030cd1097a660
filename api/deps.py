"""What every route needs: the house, who is asking, from where, and whether his role allows it."""

import ipaddress
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Any, Protocol, TypeVar
from urllib.parse import unquote
from uuid import UUID

from fastapi import Depends, Header, Request, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from sqlalchemy.ext.asyncio import AsyncConnection

from api.errors import UnsupportedMedia
from bot.fitting import Fitter
from civic.air.service import AirService
from civic.cases.service import CaseService
from civic.files.service import Files
from civic.staff import access
from civic.staff.permissions import Action, check
from civic.staff.policy import Need
from civic.staff.service import Member, Origin, Policy, Scope, scope_of, still_signed_in, who
from core.bus import Bus
from core.contracts import air as air_contract
from core.contracts.channel import Channel
from core.contracts.house import Ground
from core.contracts.parking import Pulling, Pushing
from core.errors import Forbidden, NotSignedIn, PreconditionRequired
from core.settings import Settings
from core.vault import Vault

_ETAG = re.compile(r'"(\d{1,9})"', re.ASCII)


class Desk(Protocol):
    async def deliver(self, conversation_id: UUID) -> None:
        """Attempt the queued messages of this conversation that may leave now."""
        ...


class House(Ground, Protocol):
    """What the api uses of the running house (bot.bootstrap.Running)."""

    @property
    def cases(self) -> CaseService: ...
    @property
    def desk(self) -> Desk: ...
    @property
    def bus(self) -> Bus: ...
    @property
    def channels(self) -> Mapping[str, Channel]: ...
    @property
    def vault(self) -> Vault: ...
    @property
    def files(self) -> Files: ...
    @property
    def fitter(self) -> Fitter: ...
    @property
    def secret(self) -> bytes: ...
    @property
    def sources(self) -> Mapping[str, Pulling | Pushing]: ...
    @property
    def air(self) -> AirService: ...
    @property
    def air_sources(self) -> Mapping[str, air_contract.Pulling | air_contract.Pushing]: ...

    async def ready(self) -> Mapping[str, Any]:
        """Part → "ok", or what is wrong with it. Raises Unavailable when the store is away."""
        ...


def house_of(request: Request) -> House:
    house: House = request.app.state.house
    return house


HouseDep = Annotated[House, Depends(house_of)]
_bearer = HTTPBearer(auto_error=False, description="POST /api/v1/session의 token")


@dataclass(frozen=True, slots=True)
class Caller:
    """A signed-in member of staff. `ip` is where he asks from, as far as trusted proxies say.

    `needs`: what he must do before anything else is open; `second_factor_due`: until when he may do without.
    `why`: the reason for looking that he gave with the request (header X-Access-Reason, percent-encoded UTF-8).
    """

    member: Member
    token: str
    ip: str
    session_id: UUID | None = None
    needs: tuple[Need, ...] = ()
    second_factor_due: datetime | None = None
    why: str = ""

    @property
    def scope(self) -> Scope:
        """Which cases he may see; goes into every query over them."""
        return scope_of(self.member)

    async def still_here(self, tx: AsyncConnection, house: House) -> None:
        """For whoever reads or changes without `looked`. Raises NotSignedIn when the session was revoked meanwhile."""
        if self.session_id is not None:
            await still_signed_in(tx, self.session_id, house.clock.now())

    async def looked(
        self,
        tx: AsyncConnection,
        house: House,
        kind: access.Subject,
        subject: str,
        *,
        action: str,
        shown: str = "",
        why: str = "",
        citizen_id: UUID | None = None,
    ) -> None:
        """Leave the access-log row in the transaction that reads.

        Raises NotSignedIn when the session was revoked meanwhile: then nothing is shown and nothing changed.
        """
        await self.still_here(tx, house)
        await access.record_access(
            tx,
            city_id=self.member.city_id,
            staff_id=self.member.id,
            action=action,
            subject_kind=kind,
            subject_id=subject,
            source_ip=self.ip,
            now=house.clock.now(),
            reason=shown,
            why=why or self.why,
            citizen_id=citizen_id,
        )


async def newcomer(
    request: Request, house: HouseDep, credentials: Annotated[HTTPAuthorizationCredentials | None, Security(_bearer)]
) -> Caller:
    """Signed in, whatever he must still do. Raises NotSignedIn."""
    if credentials is None:
        raise NotSignedIn("로그인이 필요합니다.", "Please sign in.")
    async with house.db.transaction() as tx:
        seat = await who(tx, credentials.credentials, house.clock.now(), policy_of(house.settings))
    if seat.member.city_id != house.settings.city.id:
        raise NotSignedIn("로그인이 필요합니다.", "Please sign in.")
    ip = client_ip(request, house.settings.web.trusted_proxies)
    return Caller(
        seat.member, credentials.credentials, ip, seat.session_id, seat.needs, seat.second_factor_due, _why(request)
    )


def _why(request: Request) -> str:
    return unquote(request.headers.get("x-access-reason", ""))[:400].replace("\x00", "")


NewcomerDep = Annotated[Caller, Depends(newcomer)]
"""For what a limited session may do: change a temporary password, set a second factor, look at oneself, leave."""


async def caller(asking: NewcomerDep) -> Caller:
    """Raises NotSignedIn, and Forbidden for a session limited to changing the password or setting a second factor."""
    if "password" in asking.needs:
        raise Forbidden("먼저 임시 비밀번호를 바꿔 주세요.", "Change your temporary password first.", needs="password")
    if "second_factor" in asking.needs:
        raise Forbidden("먼저 2단계 인증을 등록해 주세요.", "Set your second factor first.", needs="second_factor")
    return asking


CallerDep = Annotated[Caller, Depends(caller)]


def policy_of(settings: Settings) -> Policy:
    given = settings.staff
    return Policy(
        lifetime=timedelta(hours=settings.web.session_hours),
        idle=timedelta(minutes=given.idle_minutes),
        roles=frozenset(given.second_factor.roles),
        grace=timedelta(days=given.second_factor.grace_days),
        source_failures=given.source_failures,
    )


def origin_of(request: Request, house: HouseDep) -> Origin:
    return Origin(
        client_ip(request, house.settings.web.trusted_proxies),
        request.headers.get("user-agent", "").replace("\x00", ""),
    )


OriginDep = Annotated[Origin, Depends(origin_of)]


def allowed(action: Action) -> Any:
    """Dependency: the signed-in caller, if the table of permissions has this action for his role."""

    async def permitted(asking: CallerDep) -> Caller:
        check(asking.member.role, action)
        return asking

    return Depends(permitted)


def client_ip(request: Request, trusted: list[str]) -> str:
    """The peer, or behind trusted proxies (addresses or networks) the nearest address that is none of them."""
    hop = request.client.host if request.client else ""
    forwarded = [part.strip() for part in request.headers.get("x-forwarded-for", "").split(",") if part.strip()]
    while forwarded and _is_within(hop, trusted):
        hop = forwarded.pop()
    return hop if _address(hop) else ""


def _is_within(host: str, trusted: list[str]) -> bool:
    address = _address(host)
    return address is not None and any(address in ipaddress.ip_network(net, strict=False) for net in trusted)


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


_Route = TypeVar("_Route", bound=Callable[..., Any])


def any_body(route: _Route) -> _Route:
    """For a route whose body is not ours to name (an operator's file): it reads what it is sent by itself."""
    route.takes_any_body = True  # type: ignore[attr-defined]
    return route


async def json_only(request: Request) -> None:
    """Raises UnsupportedMedia for a body that does not say it is JSON."""
    if getattr(request.scope.get("endpoint"), "takes_any_body", False):
        return
    has_body = request.headers.get("content-length", "0") != "0" or "transfer-encoding" in request.headers
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if has_body and request.method in ("POST", "PUT", "PATCH") and kind != "application/json":
        raise UnsupportedMedia("application/json으로 보내 주세요.", "Send application/json.")


def if_match(
    value: Annotated[str | None, Header(alias="If-Match", max_length=200, description='민원의 ETag, 예: "3"')] = None,
) -> frozenset[int]:
    """The versions that the client names. Raises PreconditionRequired when it names none (`*` names none)."""
    tags = {tag.strip() for tag in (value or "").split(",")}
    if value is None or "*" in tags:
        raise PreconditionRequired(
            '읽은 판을 If-Match에 적어 주세요(예: If-Match: "3").', 'Name the version in If-Match, e.g. If-Match: "3".'
        )
    return frozenset(int(match[1]) for tag in tags if (match := _ETAG.fullmatch(tag)))


VersionsDep = Annotated[frozenset[int], Depends(if_match)]
IdempotencyKey = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        min_length=1,
        max_length=200,
        description="같은 값으로 다시 보내면 메시지가 두 번 나가지 않습니다.",
    ),
]

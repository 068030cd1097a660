"""Banks over HTTP: calls signed by a shared key, one bank and one kind a call. The practice network speaks this."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Literal, TypeVar
from uuid import UUID

import httpx
import orjson
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from core.contracts.banks import Account, BankAnswer, BankFailed, BankRequest, Booked, Found, Gateway, Kind, Status
from core.http import NEVER_LEFT, Outside
from core.ids import new_id
from core.section import Section
from core.signed_calls import headers

MAX_BYTES = 8 * 1024 * 1024
M = TypeVar("M", bound=BaseModel)


class Settings(Section):
    """`url`: the network's address. `key`: shared with it. `most`: requests a call carries. `inside`: hosts and
    networks within the city's own lines that this gateway may reach. `is_practice`: no real bank stands behind it."""

    url: str
    key: str
    timeout_s: float = Field(default=15, gt=0)
    most: int = Field(default=100, ge=1, le=500)
    inside: tuple[str, ...] = ()
    is_practice: bool = False


class _Told(BaseModel):
    model_config = ConfigDict(extra="ignore", strict=False, frozen=True)


class _Found(_Told):
    account: str = Field(min_length=1, max_length=50)
    kind: Account
    balance_krw: int = Field(ge=0)
    held_krw: int = Field(default=0, ge=0)
    holder: str = Field(default="", max_length=200)


class _Answer(_Told):
    request_id: UUID
    status: Status
    amount_krw: int = Field(ge=0)
    reason: str = Field(default="", max_length=100)
    found: tuple[_Found, ...] = ()
    at: datetime | None = None


class _Answers(_Told):
    answers: tuple[_Answer, ...]
    next: str = ""


class _Line(_Told):
    request_id: UUID
    kind: Kind
    bank: str
    account: str
    amount_krw: int
    at: datetime


class _Lines(_Told):
    lines: tuple[_Line, ...]
    next: str


class Network:
    """The gateway. Many banks share its host, so one bank's trouble must not rest the others: no breaker here."""

    def __init__(self, name: str, settings: Settings) -> None:
        self.name = name
        self.most = settings.most
        self.is_practice = settings.is_practice
        self._settings = settings
        self._outside = Outside(settings.inside)

    async def ask(self, bank: str, requests: Sequence[BankRequest]) -> Sequence[BankAnswer]:
        body = orjson.dumps({"requests": [_asked(one) for one in requests]})
        told = _read(_Answers, await self._call("POST", f"/v1/banks/{bank}/requests", body), is_done=True)
        return [_answer(one) for one in told.answers]

    async def answers(self, bank: str, after: str) -> tuple[Sequence[BankAnswer], str]:
        told = _read(_Answers, await self._call("GET", f"/v1/banks/{bank}/answers{_query(after)}"))
        return [_answer(one) for one in told.answers], told.next

    async def ledger(self, bank: str, after: str) -> tuple[Sequence[Booked], str]:
        told = _read(_Lines, await self._call("GET", f"/v1/banks/{bank}/ledger{_query(after)}"))
        lines = [Booked(one.request_id, one.kind, one.bank, one.account, one.amount_krw, one.at) for one in told.lines]
        return lines, told.next

    async def aclose(self) -> None:
        await self._outside.aclose()

    async def _call(self, method: Literal["GET", "POST"], target: str, body: bytes = b"") -> bytes:
        """The body of a good answer. Raises BankFailed: `unknown` once the call may have arrived."""
        url = httpx.URL(self._settings.url).join(target)
        signed = headers(self._settings.key, method, url.raw_path.decode(), body, datetime.now(UTC), str(new_id()))
        sent = {**signed, "content-type": "application/json"} if body else signed
        is_doing = method == "POST"
        try:
            response = await self._outside.client.request(
                method,
                url,
                content=body or None,
                headers=sent,
                timeout=self._settings.timeout_s,
                extensions={"max_bytes": MAX_BYTES},
            )
        except NEVER_LEFT as error:
            raise _failed("연결되지 않습니다.", "not reached", error, is_away=True) from None
        except (httpx.HTTPError, ValueError) as error:
            raise _failed("답이 끊겼습니다.", "no answer", error, unknown=is_doing) from None
        return _good(response, is_doing=is_doing)


def build(name: str, settings: Settings) -> Gateway:
    return Network(name, settings)


def _good(response: httpx.Response, *, is_doing: bool) -> bytes:
    """Refused calls were not done. A server's own failure may have come after the work."""
    status = response.status_code
    if status == 200:
        return response.content
    if status in (401, 403):
        raise BankFailed(
            "은행망이 서명을 받아들이지 않습니다. 열쇠(key)와 시계를 확인해 주세요.",
            "The network refuses the signature: look at the key and the clock.",
            is_away=True,
            status=status,
        )
    if status >= 500 or status == 429:
        is_away = status in (429, 503)
        unknown = is_doing and not is_away
        said = (f"은행망 오류(HTTP {status})", f"HTTP {status}")
        raise BankFailed(*said, unknown=unknown, is_away=is_away, status=status)
    raise BankFailed(
        f"은행망이 요청을 받아들이지 않습니다(HTTP {status}).", f"HTTP {status}", retry=False, status=status
    )


def _failed(why_ko: str, why_en: str, error: Exception, *, unknown: bool = False, is_away: bool = False) -> BankFailed:
    said = (f"은행망에서 {why_ko} ({type(error).__name__})", f"{why_en} ({type(error).__name__})")
    return BankFailed(*said, unknown=unknown, is_away=is_away)


def _read(model: type[M], body: bytes, *, is_done: bool = False) -> M:
    try:
        return model.model_validate(orjson.loads(body))
    except (ValidationError, orjson.JSONDecodeError):
        raise BankFailed(
            "은행망의 답을 읽을 수 없습니다.", "The network's answer cannot be read.", unknown=is_done
        ) from None


def _query(after: str) -> str:
    return f"?{httpx.QueryParams({'after': after})}" if after else ""


def _asked(one: BankRequest) -> Mapping[str, Any]:
    return {
        "request_id": str(one.request_id),
        "kind": one.kind,
        "tax_no": one.person.tax_no,
        "name": one.person.name,
        "is_company": one.person.is_company,
        "account": one.account,
        "amount_krw": one.amount_krw,
        "document": one.document,
    }


def _answer(one: _Answer) -> BankAnswer:
    found = tuple(Found(each.account, each.kind, each.balance_krw, each.held_krw, each.holder) for each in one.found)
    return BankAnswer(one.request_id, one.status, one.amount_krw, found, one.reason, one.at)

"""Proofs of notice: the timeline of a debtor, signed and handed out; the public keys for whoever checks one."""

from asyncio import to_thread
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from sqlalchemy.ext.asyncio import AsyncConnection

from api.arrears.parts import Approver, Exporter, Reader, reason_of
from api.deps import Caller, House, HouseDep, client_ip
from api.fields import Plain
from api.problems import described
from civic.arrears.oversight import keyring, proof, proof_page, proof_pdf
from civic.arrears.oversight.signed_file import read as opened
from civic.staff import anchors
from core.clock import SEOUL
from core.signatures import jwk, public_key
from core.throttle import Throttle

router = APIRouter(prefix="/arrears/proofs", tags=["arrears"])
_KEYS_A_MINUTE = 60
_ANYBODY = {"Access-Control-Allow-Origin": "*", "Cache-Control": "no-cache"}
_FILES: dict[int | str, dict[str, Any]] = {
    200: {
        "content": {
            kind: {"schema": {"type": "string"}} for kind in ("application/json", "text/html", "application/pdf")
        }
    }
}


class KeyShown(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: UUID
    public_key: str
    fingerprint: str
    created_at: datetime
    retired_at: datetime | None


class KeysShown(BaseModel):
    items: list[KeyShown]


class ProofShown(BaseModel):
    """`digest`: SHA-256 of the file. `events`: how many it tells."""

    id: UUID
    bill_id: UUID | None = None
    digest: str
    key_id: str
    events: int
    staff_id: UUID | None = None
    made_at: datetime


class ProofsShown(BaseModel):
    items: list[ProofShown]


class TimelineShown(BaseModel):
    """Unsigned, for the screen. `service`: no, pending, served, or nothing."""

    on: str
    events: list[dict[str, Any]]


class Wanted(BaseModel):
    model_config = ConfigDict(extra="forbid")

    debtor_id: UUID
    bill_id: UUID | None = None
    why: Annotated[Plain, StringConstraints(min_length=2, max_length=300, strip_whitespace=True)] = Field(
        examples=["행정소송 제출"]
    )


@router.get("/keys", summary="증명의 공개 키 (JSON Web Key Set)", responses={**described(429)})
async def read_keys(request: Request, house: HouseDep, response: Response) -> dict[str, Any]:
    """All there ever were (RFC 7517, RFC 8037): what an older key signed stays checkable."""
    state = request.app.state
    if not hasattr(state, "proof_key_reads"):
        state.proof_key_reads = Throttle(_KEYS_A_MINUTE, _KEYS_A_MINUTE)
    state.proof_key_reads.take(client_ip(request, house.settings.web.trusted_proxies))
    city_id, now = house.settings.city.id, house.clock.now()
    async with house.db.transaction() as tx:
        await keyring.signing(tx, city_id, now)
        found = await keyring.listed(tx, city_id)
    response.headers.update(_ANYBODY)
    return {"city": city_id, "keys": [jwk(public_key(one.public_key)) for one in found]}


@router.post("/keys/rotate", status_code=201, summary="새 서명 키 (rotate the signing key)")
async def rotate_keys(asking: Approver, house: HouseDep) -> KeysShown:
    async with house.db.transaction() as tx:
        await asking.still_here(tx, house)
        found = await keyring.rotate(tx, house.settings.city.id, house.clock.now(), by=asking.member.id)
    return KeysShown(items=[KeyShown.model_validate(one) for one in found])


@router.get("/timeline", summary="체납자의 경과 (timeline)")
async def read_timeline(
    asking: Reader, house: HouseDep, debtor_id: UUID, bill_id: Annotated[UUID | None, Query()] = None
) -> TimelineShown:
    why, on = reason_of(asking), house.clock.now().astimezone(SEOUL).date()
    async with house.db.transaction() as tx:
        await _looked(tx, house, asking, debtor_id, "arrears.timeline", why)
        found = await proof.timeline(tx, house.settings.city.id, debtor_id, on, bill_id)
    return TimelineShown(on=on.isoformat(), events=[one.plain() for one in found])


@router.get("", summary="만든 증명서 (proofs of a debtor)")
async def list_proofs(asking: Reader, house: HouseDep, debtor_id: UUID) -> ProofsShown:
    why = reason_of(asking)
    async with house.db.transaction() as tx:
        await _looked(tx, house, asking, debtor_id, "arrears.proofs", why)
        found = await proof.of_debtor(tx, house.settings.city.id, debtor_id)
    return ProofsShown(items=[ProofShown.model_validate(dict(one)) for one in found])


@router.post("", status_code=201, summary="고지 증명서 만들기 (make a signed proof)")
async def make_proof(wanted: Wanted, asking: Exporter, house: HouseDep) -> ProofShown:
    city = house.settings.city
    async with house.db.transaction() as tx:
        await _looked(tx, house, asking, wanted.debtor_id, "arrears.proof.make", wanted.why)
        made = await proof.make(
            tx,
            {"id": city.id, "ko": city.name.ko, "en": city.name.en},
            wanted.debtor_id,
            bill_id=wanted.bill_id,
            staff_id=asking.member.id,
            why=wanted.why,
            anchor=_anchor(house),
            now=house.clock.now(),
        )
    return ProofShown(
        id=made.id, bill_id=wanted.bill_id, digest=made.digest, key_id=made.key_id, events=made.events,
        staff_id=asking.member.id, made_at=made.made_at,
    )  # fmt: skip


@router.get(
    "/{proof_id}", summary="증명서 내려받기 (signed JSON, a page, or PDF)", response_class=Response, responses=_FILES
)
async def download_proof(
    proof_id: UUID, asking: Exporter, house: HouseDep, form: Annotated[Literal["json", "html", "pdf"], Query()] = "json"
) -> Response:
    """The signed file byte by byte, or the same for people: a page, or sheets with the signed file's digest on each."""
    why = reason_of(asking)
    async with house.db.transaction() as tx:
        made = await proof.read(tx, house.settings.city.id, proof_id)
        await _looked(tx, house, asking, made.debtor_id, "arrears.proof.download", why)
    headers = {"Cache-Control": "no-store", "X-Content-SHA256": made.digest}
    if form == "html":
        shown = proof_page.page(opened(made.data).document, made.key_id, made.digest)
        return Response(shown, media_type="text/html; charset=utf-8", headers=headers)
    name = f"proof-{made.made_at.astimezone(SEOUL):%Y%m%d}-{str(made.id)[-8:]}.{form}"
    headers["Content-Disposition"] = f'attachment; filename="{name}"'
    if form == "pdf":
        document = opened(made.data).document
        paper = await to_thread(proof_pdf.pdf, document, made.key_id, made.digest, made.made_at)
        return Response(paper, media_type="application/pdf", headers=headers)
    return Response(made.data, media_type="application/json", headers=headers)


async def _looked(tx: AsyncConnection, house: House, asking: Caller, debtor_id: UUID, action: str, why: str) -> None:
    await asking.looked(tx, house, "arrears_debtor", str(debtor_id), action=action, why=why)


def _anchor(house: House) -> Mapping[str, Any] | None:
    """The newest line of the file of anchors whose signature holds."""
    var = house.settings.path(house.settings.var)
    found, _ = anchors.read_anchors(var, [house.secret], house.settings.city.id)
    return found[-1] if found else None

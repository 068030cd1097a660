"""Changing a batch: the lookup is ordered, the list approved or refused, the run held, started, stopped, cancelled."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Response
from pydantic import AwareDatetime, BaseModel, ConfigDict, StringConstraints

from api.arrears.batch_parts import BatchRow, Reason, shown
from api.arrears.parts import Approver, Writer, reason_of
from api.deps import HouseDep, VersionsDep
from api.fields import Plain
from civic.arrears.seizure import approving, drafting, handling, looking, planning, rows

router = APIRouter(prefix="/arrears/batches", tags=["arrears"])


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Ordering(_Body):
    """`order_no`: of the responsible person's written order; `basis`: its ground (금융실명법 §4①ii)."""

    order_no: Annotated[Plain, StringConstraints(min_length=1, max_length=60, strip_whitespace=True)]
    basis: Reason = "금융실명법 제4조 제1항 제2호"


class Deciding(_Body):
    """`digest`: of the list that was seen, as the plan shows it. `reason` is needed for a refusal."""

    digest: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
    is_approved: bool
    reason: Annotated[Plain, StringConstraints(max_length=300, strip_whitespace=True)] = ""


class Because(_Body):
    reason: Reason


class Waiting(Because):
    """`until` null: until somebody sets a moment; a moment that has passed: no longer."""

    until: AwareDatetime | None


@router.post("/{batch_id}/lookup", summary="예금 조회 지시 (order the lookup)")
async def order_lookup(
    batch_id: UUID, given: Ordering, versions: VersionsDep, asking: Approver, house: HouseDep, response: Response
) -> BatchRow:
    """By a responsible person. Every bank that is set up is asked about everybody in the batch. Needs If-Match."""
    city_id, banks = house.settings.city.id, sorted(house.settings.arrears.banks.banks)
    async with house.db.transaction() as tx:
        await asking.still_here(tx, house)
        await rows.batch(tx, city_id, batch_id, lock=True, versions=versions)
        by, now = asking.member.id, house.clock.now()
        batch = await looking.order_lookup(tx, city_id, batch_id, by, given.order_no, given.basis, banks, now)
    return shown(batch, response)


@router.post("/{batch_id}/wait", summary="은행의 답을 기다림 (wait for the banks)")
async def wait(
    batch_id: UUID, given: Waiting, versions: VersionsDep, asking: Writer, house: HouseDep, response: Response
) -> BatchRow:
    """Until when the answers to the lookup are waited for. Afterwards the plan is made without those that are missing;
    they are named in the batch. Needs If-Match."""
    async with house.db.transaction() as tx:
        await asking.still_here(tx, house)
        batch = await rows.batch(tx, house.settings.city.id, batch_id, lock=True, versions=versions)
        by, now = asking.member.id, house.clock.now()
        batch = await looking.wait(tx, batch, by, given.until, given.reason, now)
    return shown(batch, response)


@router.post("/{batch_id}/decision", summary="승인·반려 (approve or refuse)")
async def decide(batch_id: UUID, given: Deciding, asking: Approver, house: HouseDep, response: Response) -> BatchRow:
    """Binds to the list with this digest, not to a version: two people, neither the drafter. With the last one needed
    the batch begins by itself."""
    rules = house.settings.arrears.seizure
    async with house.db.transaction() as tx:
        await asking.still_here(tx, house)
        if not given.is_approved and len(given.reason) < 2:
            reason_of(asking)
        batch = await approving.decide(
            tx,
            house.settings.city.id,
            batch_id,
            asking.member.id,
            bytes.fromhex(given.digest),
            house.clock.now(),
            rules,
            is_approved=given.is_approved,
            reason=given.reason or asking.why,
        )
    return shown(batch, response)


@router.post("/{batch_id}/debtors/{debtor_id}/leave-out", summary="목록에서 빼기 (leave somebody out)")
async def leave_out(
    batch_id: UUID,
    debtor_id: UUID,
    given: Because,
    versions: VersionsDep,
    asking: Writer,
    house: HouseDep,
    response: Response,
) -> BatchRow:
    """It is another list then: approvals given are void. Needs If-Match."""
    city_id = house.settings.city.id
    async with house.db.transaction() as tx:
        await asking.still_here(tx, house)
        await rows.batch(tx, city_id, batch_id, lock=True, versions=versions)
        now, by = house.clock.now(), asking.member.id
        batch = await planning.leave_out(tx, city_id, batch_id, debtor_id, by, given.reason, now)
    return shown(batch, response)


@router.post("/{batch_id}/pause", summary="멈추기 (pause)")
async def pause(
    batch_id: UUID, given: Because, versions: VersionsDep, asking: Writer, house: HouseDep, response: Response
) -> BatchRow:
    """Nothing more is asked, seized or collected; releases go on. Needs If-Match."""
    async with house.db.transaction() as tx:
        await asking.still_here(tx, house)
        batch = await rows.batch(tx, house.settings.city.id, batch_id, lock=True, versions=versions)
        batch = await handling.pause(tx, batch, asking.member.id, given.reason, house.clock.now())
    return shown(batch, response)


@router.post("/{batch_id}/start", summary="다시 시작 (start again)")
async def start(batch_id: UUID, versions: VersionsDep, asking: Writer, house: HouseDep, response: Response) -> BatchRow:
    """Needs If-Match."""
    async with house.db.transaction() as tx:
        await asking.still_here(tx, house)
        batch = await rows.batch(tx, house.settings.city.id, batch_id, lock=True, versions=versions)
        batch = await handling.start(tx, batch, asking.member.id, house.clock.now())
    return shown(batch, response)


@router.post("/{batch_id}/stop", summary="중지 (stop for good)")
async def stop(
    batch_id: UUID, given: Because, versions: VersionsDep, asking: Writer, house: HouseDep, response: Response
) -> BatchRow:
    """Nothing more is seized; what is held goes to its end. Needs If-Match."""
    async with house.db.transaction() as tx:
        await asking.still_here(tx, house)
        batch = await rows.batch(tx, house.settings.city.id, batch_id, lock=True, versions=versions)
        batch = await handling.stop(tx, batch, asking.member.id, given.reason, house.clock.now())
    return shown(batch, response)


@router.post("/{batch_id}/cancel", summary="취소 (cancel before it runs)")
async def cancel(
    batch_id: UUID, given: Because, versions: VersionsDep, asking: Writer, house: HouseDep, response: Response
) -> BatchRow:
    """Needs If-Match."""
    city_id = house.settings.city.id
    async with house.db.transaction() as tx:
        await asking.still_here(tx, house)
        await rows.batch(tx, city_id, batch_id, lock=True, versions=versions)
        batch = await drafting.cancel(tx, city_id, batch_id, asking.member.id, given.reason, house.clock.now())
    return shown(batch, response)

"""Single seizures: of one debtor, one with its steps, and letting go by hand: one asks, another decides."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from api.arrears.batch_parts import EventShown, Reason, SeizureShown, StageShown, seizure_of, stages
from api.arrears.parts import Approver, Reader, Writer, reason_of
from api.deps import HouseDep
from api.fields import Plain
from civic.arrears.seizure import handling, reading, rows
from civic.arrears.seizure.telling import bank_name

router = APIRouter(prefix="/arrears", tags=["arrears"])


class SeizuresShown(BaseModel):
    items: list[SeizureShown]


class WishShown(BaseModel):
    """`is_granted` null: nobody has decided."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    seizure_id: UUID
    amount_krw: int
    why: str
    basis: str
    asked_by: UUID
    asked_at: datetime
    decided_by: UUID | None
    decided_at: datetime | None
    is_granted: bool | None
    note: str
    without_bank: bool


class WishesShown(BaseModel):
    items: list[WishShown]


class SeizureWhole(BaseModel):
    """`ordered_minutes`, `answered_minutes`: from the payment or deferral that let it go to the order, and to the
    bank's word; null where nothing let it go. `goal_minutes`: the city's own."""

    seizure: SeizureShown
    events: list[EventShown]
    wishes: list[WishShown]
    ordered_minutes: float | None
    answered_minutes: float | None
    goal_minutes: int


class StagesShown(BaseModel):
    items: list[StageShown]


class Wishing(BaseModel):
    """`amount_krw` null: all of it. `basis`: the document it rests on. `without_bank`: of a seizure that has stopped;
    the bank has confirmed in writing (`basis`) that it holds nothing, and nothing is ordered there."""

    model_config = ConfigDict(extra="forbid")

    amount_krw: Annotated[int, Field(ge=1)] | None = None
    why: Reason
    basis: Annotated[Plain, StringConstraints(max_length=300)] = ""
    without_bank: bool = False


class Again(BaseModel):
    model_config = ConfigDict(extra="forbid")

    reason: Reason


class Granting(BaseModel):
    model_config = ConfigDict(extra="forbid")

    is_granted: bool
    note: Annotated[Plain, StringConstraints(max_length=300)] = ""


@router.get("/stages", summary="고지에서 해제까지의 단계 (stages of a bill)")
async def list_stages(asking: Reader) -> StagesShown:
    """Each with its article, document and actor."""
    return StagesShown(items=stages())


@router.get("/seizures", summary="체납자의 압류 (seizures of a debtor)")
async def list_seizures(debtor_id: UUID, asking: Reader, house: HouseDep) -> SeizuresShown:
    reason_of(asking)
    rules = house.settings.arrears
    async with house.db.transaction() as tx:
        await asking.looked(tx, house, "arrears_debtor", str(debtor_id), action="arrears_seizure.list")
        found = await reading.of_debtor(tx, house.settings.city.id, debtor_id)
    return SeizuresShown(items=[seizure_of(one, account, bank_name(one.bank, rules)) for one, account in found])


@router.get("/seizures/{seizure_id}", summary="압류 하나와 그 경과 (one seizure and its steps)")
async def read_seizure(seizure_id: UUID, asking: Reader, house: HouseDep) -> SeizureWhole:
    reason_of(asking)
    city_id, rules = house.settings.city.id, house.settings.arrears
    async with house.db.transaction() as tx:
        one = await rows.seizure(tx, city_id, seizure_id)
        await asking.looked(tx, house, "arrears_debtor", str(one.debtor_id), action="arrears_seizure.read")
        account = (await rows.accounts(tx, [one.found_id]))[one.found_id]
        events = list(await tx.execute(reading.events_of(city_id, seizure_id=seizure_id)))
        wishes = await reading.wishes(tx, city_id, seizure_id=seizure_id)
        ordered, answered = await reading.freed(tx, seizure_id)
    return SeizureWhole(
        seizure=seizure_of(one, reading.masked(account), bank_name(one.bank, rules)),
        events=sorted((EventShown.of(row) for row in events), key=lambda event: (event.at, event.id)),
        wishes=[WishShown.model_validate(row) for row in wishes],
        ordered_minutes=_minutes(one.freed_by, ordered),
        answered_minutes=_minutes(one.freed_by, answered),
        goal_minutes=rules.seizure.release_minutes,
    )


@router.post("/seizures/{seizure_id}/release", status_code=201, summary="해제 요청 (ask for a release)")
async def wish_release(seizure_id: UUID, given: Wishing, asking: Writer, house: HouseDep) -> WishShown:
    """Of all or a part (지방세징수법 제63조). Another person decides."""
    async with house.db.transaction() as tx:
        await asking.still_here(tx, house)
        made = await handling.wish(
            tx,
            house.settings.city.id,
            seizure_id,
            given.amount_krw,
            given.why,
            given.basis,
            asking.member.id,
            house.clock.now(),
            without_bank=given.without_bank,
        )
    return WishShown.model_validate(made)


@router.post("/seizures/{seizure_id}/again", summary="은행에 다시 지시 (order once more)")
async def order_again(seizure_id: UUID, given: Again, asking: Writer, house: HouseDep) -> SeizureShown:
    """For a seizure that stopped because the bank did not pay over, let go or answer. What the law lets go by now is
    let go; else what had stopped is ordered once more."""
    rules = house.settings.arrears
    async with house.db.transaction() as tx:
        await asking.still_here(tx, house)
        one = await handling.again(
            tx, house.settings.city.id, seizure_id, asking.member.id, given.reason, house.clock.now(), rules
        )
        account = (await rows.accounts(tx, [one.found_id]))[one.found_id]
    return seizure_of(one, reading.masked(account), bank_name(one.bank, rules))


@router.get("/release-wishes", summary="기다리는 해제 요청 (wishes that wait)")
async def list_wishes(asking: Reader, house: HouseDep) -> WishesShown:
    async with house.db.reading() as tx:
        await asking.still_here(tx, house)
        found = await reading.wishes(tx, house.settings.city.id)
    return WishesShown(items=[WishShown.model_validate(row) for row in found])


@router.post("/release-wishes/{wish_id}/decision", summary="해제 결정 (decide on a release)")
async def decide_wish(wish_id: UUID, given: Granting, asking: Approver, house: HouseDep) -> WishShown:
    """Not by the one who asked. Granted, the bank is ordered at once."""
    async with house.db.transaction() as tx:
        await asking.still_here(tx, house)
        done = await handling.decide_wish(
            tx,
            house.settings.city.id,
            wish_id,
            asking.member.id,
            house.clock.now(),
            house.settings.arrears,
            is_granted=given.is_granted,
            note=given.note,
        )
    return WishShown.model_validate(done)


def _minutes(since: datetime | None, until: datetime | None) -> float | None:
    return None if since is None or until is None else round((until - since).total_seconds() / 60, 2)

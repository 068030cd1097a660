"""Virtual accounts and the keys of those who tell us of payments into them."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path
from pydantic import BaseModel, ConfigDict, Field

from api.arrears.parts import Approver, Reader, Writer, reason_of
from api.deps import HouseDep
from civic.arrears.money import accounts, keys
from civic.staff.service import record_change
from core.clock import SEOUL
from core.errors import Conflict

router = APIRouter(prefix="/arrears", tags=["arrears"])
Source = Annotated[str, Path(pattern="^[a-z][a-z0-9_-]{0,39}$", examples=["van"])]


class PoolShown(BaseModel):
    """`is_practice`: every account of it is for practice; nothing paid into them arrives."""

    model_config = ConfigDict(from_attributes=True)

    all: int
    given: int
    free: int
    resting: int
    off: int
    is_practice: bool


class AccountLine(BaseModel):
    bank: Annotated[str, Field(pattern="^[0-9]{3}$")]
    bank_name: Annotated[str, Field(min_length=1, max_length=40)]
    number: Annotated[str, Field(pattern="^[0-9-]{8,30}$")]
    holder: Annotated[str, Field(min_length=1, max_length=60)]


class AccountLines(BaseModel):
    accounts: Annotated[list[AccountLine], Field(min_length=1, max_length=5000)]


class Added(BaseModel):
    new: int
    known: int


class AccountShown(BaseModel):
    """`number` in full: it is there to be told to the debtor."""

    model_config = ConfigDict(from_attributes=True)

    bank: str
    bank_name: str
    number: str
    holder: str
    until_on: date
    is_practice: bool


class KeyShown(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: UUID
    source: str
    hint: str
    per_minute: int
    last_used_at: datetime | None
    created_at: datetime
    revoked_at: datetime | None


class Keys(BaseModel):
    items: list[KeyShown]


class NewKey(KeyShown):
    """`key` is shown this once."""

    key: str


@router.get("/accounts", summary="가상계좌 현황 (the pool)")
async def read_pool(asking: Reader, house: HouseDep) -> PoolShown:
    today = house.clock.now().astimezone(SEOUL).date()
    async with house.db.transaction() as tx:
        await asking.still_here(tx, house)
        return PoolShown.model_validate(await accounts.pool(tx, house.settings.city.id, today))


@router.post("/accounts", status_code=201, summary="가상계좌 넣기 (numbers into the pool)")
async def add_accounts(lines: AccountLines, asking: Approver, house: HouseDep) -> Added:
    """Numbers that the pool has are left as they are."""
    city_id, now = house.settings.city.id, house.clock.now()
    new = [accounts.NewAccount(**line.model_dump()) for line in lines.accounts]
    async with house.db.transaction() as tx:
        await asking.still_here(tx, house)
        count = await accounts.import_accounts(tx, city_id, new, now)
        await record_change(
            tx,
            city_id=city_id,
            actor_kind="staff",
            actor_id=asking.member.id,
            action="arrears_account.import",
            object_kind="arrears_account",
            object_id="pool",
            detail={"new": count, "told": len(new)},
            now=now,
        )
    return Added(new=count, known=len(new) - count)


@router.post("/debtors/{debtor_id}/account", summary="가상계좌 주기 (an account for a debtor)")
async def give_account(debtor_id: UUID, asking: Writer, house: HouseDep) -> AccountShown:
    """His account, the one that he has or another; asked again it is the same. 409 for who owes nothing, and where the
    pool is empty."""
    reason_of(asking)
    city_id, now = house.settings.city.id, house.clock.now()
    async with house.db.transaction() as tx:
        found = await accounts.account_for(tx, city_id, debtor_id, now, house.settings.arrears)
        await asking.looked(tx, house, "arrears_debtor", str(debtor_id), action="arrears_account.give")
    if found is None:
        raise Conflict(
            "드릴 수 있는 가상계좌가 없습니다(체납이 없거나 계좌가 모자랍니다).",
            "No account: nothing is owed, or the pool is empty.",
        )
    return AccountShown.model_validate(found)


@router.get("/payment-keys", summary="수납 통지 키 (keys of banks)")
async def list_keys(asking: Approver, house: HouseDep) -> Keys:
    async with house.db.transaction() as tx:
        await asking.still_here(tx, house)
        found = await keys.listed(tx, house.settings.city.id)
    return Keys(items=[KeyShown.model_validate(one) for one in found])


@router.put("/payment-keys/{source}", status_code=201, summary="수납 통지 키 만들기 (a new key)")
async def make_key(source: Source, asking: Approver, house: HouseDep) -> NewKey:
    """Shown this once; the one before ends."""
    rules, now = house.settings.arrears.money, house.clock.now()
    async with house.db.transaction() as tx:
        await asking.still_here(tx, house)
        made, key = await keys.rotate(
            tx, house.settings.city.id, source, rules.key_per_minute, now, by=asking.member.id
        )
    return NewKey(**KeyShown.model_validate(made).model_dump(), key=key)


@router.delete("/payment-keys/{source}", status_code=204, summary="수납 통지 키 끝내기 (end a key)")
async def end_key(source: Source, asking: Approver, house: HouseDep) -> None:
    async with house.db.transaction() as tx:
        await asking.still_here(tx, house)
        await keys.revoke(tx, house.settings.city.id, source, house.clock.now(), by=asking.member.id)

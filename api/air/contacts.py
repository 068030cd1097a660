"""Contacts of companies: who can be reached how, and the code that ties a contact's messenger to his entry."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import BaseModel

from api.air.matter_parts import Head, Reader
from api.deps import HouseDep
from civic.air.matters.links import new_code
from civic.air.matters.people import chain_of

router = APIRouter(prefix="/air/companies", tags=["air"])
Code = Annotated[str, Path(max_length=60)]


class ContactRow(BaseModel):
    """`number`: his place in the chain. No name and no telephone number: those are in config.yml."""

    number: int
    has_mobile: bool
    is_linked: bool


class CompanyRow(BaseModel):
    code: str
    name_ko: str
    name_en: str
    is_named: bool
    stacks: int
    contacts: list[ContactRow]


class Companies(BaseModel):
    items: list[CompanyRow]


class NewCode(BaseModel):
    code: str
    expires_at: datetime


@router.get("", summary="사업장과 연락 길 (companies)")
async def list_companies(asking: Reader, house: HouseDep) -> Companies:
    rules, items = house.settings.air, []
    async with house.db.transaction() as tx:
        await asking.still_here(tx, house)
        for code, one in rules.companies.items():
            people = await chain_of(tx, house.settings.city.id, code, rules)
            contacts = [
                ContactRow(number=who.number, has_mobile=bool(who.mobile), is_linked=who.conversation_id is not None)
                for who in people
            ]
            items.append(
                CompanyRow(
                    code=code,
                    name_ko=one.name.ko,
                    name_en=one.name.en,
                    is_named=one.is_named,
                    stacks=len(one.stacks),
                    contacts=contacts,
                )
            )
    return Companies(items=items)


@router.post("/{company}/contacts/{number}/code", status_code=201, summary="메신저 연결 코드 (a code to link)")
async def make_code(company: Code, number: int, asking: Head, house: HouseDep) -> NewCode:
    """Shown once; good once and for a day. The contact writes "사업장 연결 CODE" in his messenger."""
    now = house.clock.now()
    async with house.db.transaction() as tx:
        await asking.still_here(tx, house)
        code, until = await new_code(
            tx, house.settings.city.id, company, number, asking.member.id, now, house.settings.air
        )
    return NewCode(code=code, expires_at=until)

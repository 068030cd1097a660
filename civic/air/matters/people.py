"""Who hears of a matter in which order: the duty list, then the head, then the admins; a company's contacts."""

import hashlib
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.air.matters.tables import air_contact_links
from civic.people.service import mobile_phone
from civic.staff.permissions import Role
from civic.staff.service import list_staff
from core.air_rules import Air, Company, Contact
from core.errors import BadInput

DUTY = "duty"
"""The lane of the city's own people; every other lane is a company's code in config.yml."""


@dataclass(frozen=True, slots=True)
class Person:
    """One step of a chain. `key` goes into the row: "staff:<id>", "role:<role>" or "contact:<mark>".

    `mobile`: for a text message, "" where there is none. `conversation_id`: where he is told in a messenger.
    `number`: which contact of the company, from 1.
    """

    key: str
    staff_id: UUID | None = None
    role: Role | None = None
    mobile: str = ""
    conversation_id: UUID | None = None
    number: int = 0


async def chain_of(tx: AsyncConnection, city_id: str, lane: str, rules: Air) -> list[Person]:
    """The people of a lane as config.yml and the staff table have them now. A login nobody has any more is left out."""
    if lane == DUTY:
        return await _duty(tx, city_id, rules)
    company = rules.companies.get(lane)
    return await _contacts(tx, city_id, lane, company) if company else []


async def _duty(tx: AsyncConnection, city_id: str, rules: Air) -> list[Person]:
    active = {one.login: one for one in await list_staff(tx, city_id) if one.is_active}
    listed = {one.login.strip().lower(): one for one in rules.acting.duty}
    found = [
        Person(f"staff:{active[login].id}", staff_id=active[login].id, mobile=_mobile(officer.phone))
        for login, officer in listed.items()
        if login in active
    ]
    heads: list[Role] = ["manager", "admin"] if rules.department else ["admin"]
    return found + [Person(f"role:{role}", role=role) for role in heads]


async def _contacts(tx: AsyncConnection, city_id: str, code: str, company: Company) -> list[Person]:
    link = air_contact_links.c
    wanted = select(link.mark, link.conversation_id).where(link.city_id == city_id, link.company == code)
    linked = {row.mark: row.conversation_id for row in await tx.execute(wanted)}
    marks = [mark_of(code, one) for one in company.contacts]
    return [
        Person(
            f"contact:{mark}",
            mobile=_mobile(contact.phone),
            conversation_id=linked.get(mark),
            number=number,
        )
        for number, (mark, contact) in enumerate(zip(marks, company.contacts, strict=True), 1)
    ]


def mark_of(code: str, contact: Contact) -> str:
    """Stands for a contact in our rows and names nobody; another name or number in config.yml is another mark."""
    return hashlib.sha256(f"{code}\n{contact.name}\n{contact.phone}".encode()).hexdigest()[:16]


def _mobile(phone: str) -> str:
    """The number if text messages can reach it; a number that is none is nobody's way, as if it were left empty."""
    try:
        return mobile_phone(phone) if phone.strip() else ""
    except BadInput:
        return ""

"""What a canned answer's gaps hold for one case, in Korean and in English."""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.canned.placeholders import NAMES
from civic.cases.notices import written
from civic.cases.service import NAMES as STATUSES
from civic.cases.service import Case
from civic.city.tables import categories, departments
from civic.staff.service import active_member
from core.settings import City


async def values_of(
    tx: AsyncConnection, city: City, case: Case, *, staff_id: UUID | None = None
) -> dict[str, dict[str, str]]:
    """By language. `officer` is the case's owner, or `staff_id` while nobody owns it."""
    department = (
        await tx.execute(
            select(departments).where(departments.c.city_id == case.city_id, departments.c.id == case.department_id)
        )
    ).one_or_none()
    category = (
        await tx.execute(
            select(categories).where(categories.c.city_id == case.city_id, categories.c.id == case.category)
        )
    ).one_or_none()
    officer_id = case.staff_id or staff_id
    officer = await active_member(tx, case.city_id, officer_id) if officer_id else None
    found: dict[str, dict[str, str]] = {}
    for lang, is_english in (("ko", False), ("en", True)):
        suffix = "name_en" if is_english else "name_ko"
        values = {
            "receipt_no": case.receipt_no,
            "title": case.title,
            "category": getattr(category, suffix) if category else "",
            "status": STATUSES[case.status][is_english],
            "place": case.place,
            "received": written(case.received_at, lang),
            "due": written(case.due_at, lang),
            "department": getattr(department, suffix) if department else "",
            "phone": department.phone if department else "",
            "officer": officer.name if officer else "",
            "city": city.name.en if is_english else city.name.ko,
        }
        assert values.keys() == NAMES.keys()
        found[lang] = values
    return found

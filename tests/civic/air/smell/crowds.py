"""Complaints of a smell as the chat files them, and the wind of a few stations, for the tests of the room."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import UUID, uuid4

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.air.smell.reports import Told, record
from civic.air.storing import take
from civic.cases.case import InquiryDraft
from civic.cases.open import open_case, open_inquiry
from civic.city.service import CityBook, open_book
from civic.city.tables import categories
from core.air_rules import Air
from core.contracts.air import Pulled, ReadReport, Wind
from core.distance import degree_meters
from core.settings import Duplicates, Settings, read
from tests.civic.cases.rows import CITY, conversation, departments_of_city, draft

NOW = datetime(2026, 9, 23, 5, 0, tzinfo=UTC)
"""14:00 in Korea."""
MINUTE = timedelta(minutes=1)
LAT, LON = 37.60, 126.62
NORTH, EAST = degree_meters(LAT)


def at(east_m: float = 0, north_m: float = 0) -> tuple[float, float]:
    return LAT + north_m / NORTH, LON + east_m / EAST


def rules(**smell: object) -> Air:
    places = {"west": at(-6_000), "east": at(6_000), "north": at(0, 6_000)}
    return Air.model_validate(
        {
            "companies": {
                "sample": {
                    "name": {"ko": "예: 견본공장(가상)", "en": "Sample works (made up)"},
                    "stacks": [{"id": "S1", "lat": at(0, -2_000)[0], "lon": LON, "emits": ["burning"]}],
                }
            },
            "smell": {
                "weather": [
                    {"source": "test", "place": name, "name": {"ko": name, "en": name}, "lat": lat, "lon": lon}
                    for name, (lat, lon) in places.items()
                ],
                **smell,
            },
        }
    )


def settings(**smell: object) -> Settings:
    return read().model_copy(update={"air": rules(**smell)})


async def town(tx: AsyncConnection) -> CityBook:
    """Departments, the category of smells, the city's book."""
    await departments_of_city(tx)
    if (await tx.execute(select(categories.c.id).where(categories.c.id == "odor"))).first() is None:
        row = {"city_id": CITY, "id": "odor", "name_ko": "악취", "name_en": "Smell", "department_id": "parks"}
        await tx.execute(
            insert(categories).values(**row, keywords=[], deadline={"kind": "days", "amount": 7}, position=2)
        )
    return await open_book(tx, CITY)


async def complain(
    tx: AsyncConnection,
    told_at: datetime = NOW,
    east_m: float = 0,
    north_m: float = 0,
    *,
    thread: UUID | None = None,
    kind: str = "burning",
    strength: int = 3,
    is_tip: bool = False,
    is_now: bool = True,
    filed_at: datetime | None = None,
) -> tuple[UUID, UUID | None, UUID]:
    """A complaint with its case, or a tip; (report, case, conversation)."""
    lat, lon = at(east_m, north_m)
    thread = thread or await conversation(tx)
    case_id = inquiry_id = None
    now = filed_at or told_at
    body = f"서로 다른 글 {uuid4()}"
    if is_tip:
        tip = InquiryDraft(
            city_id=CITY, category="odor", department_id="parks", body=body, conversation_id=thread, channel="web"
        )
        inquiry_id = (await open_inquiry(tx, tip, now)).id
    else:
        wanted = draft(thread, category="odor", department_id="parks", title="악취 신고", body=body, lat=lat, lon=lon)
        case_id = (await open_case(tx, wanted, now, near=Duplicates())).id
    told = Told(
        kind=kind, strength=strength, told_at=told_at, is_now=is_now, lat=lat, lon=lon,
        case_id=case_id, inquiry_id=inquiry_id,
    )  # fmt: skip
    return await record(tx, CITY, thread, told, now), case_id, thread


async def crowd(tx: AsyncConnection, count: int, **given: object) -> list[tuple[UUID, UUID | None, UUID]]:
    return [await complain(tx, NOW + number * MINUTE, **given) for number in range(count)]  # type: ignore[arg-type]


async def blow(tx: AsyncConnection, from_degrees: float = 180, speed: float = 3.0, hours: int = 6) -> None:
    """The same wind at three stations for some hours up to the one before NOW."""
    told = [
        Wind(
            "test", place, NOW - hour * timedelta(hours=1), NOW, Decimal(str(from_degrees)), Decimal(str(speed)),
            temperature=Decimal(21), humidity=Decimal(60),
        )
        for place in ("west", "east", "north")
        for hour in range(hours)
    ]  # fmt: skip
    await take(tx, CITY, "test", Pulled((), ReadReport("test", "시험 자료", 0, 0), winds=tuple(told)), NOW)

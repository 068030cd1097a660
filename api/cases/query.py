"""What a list of cases may be asked for over HTTP, and the same as filters of the case desk."""

from datetime import timedelta
from typing import Annotated, Any
from uuid import UUID

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field
from pydantic_core import PydanticCustomError
from sqlalchemy.ext.asyncio import AsyncConnection

from api.deps import Caller, House
from api.fields import Plain, Search, Word
from civic.cases.case import Track
from civic.cases.filters import Box, CaseFilters, Near, Sort
from civic.cases.status import Status
from civic.people.service import clean_name, find_by_name, find_by_phone
from core.vault import vault_of

_KOREA = (32.0, 123.0, 40.0, 133.0)


def _numbers(count: int, value: str) -> tuple[float, ...]:
    try:
        found = tuple(float(part) for part in value.split(","))
    except ValueError:
        found = ()
    if len(found) != count or not all(-180 <= number <= 180 for number in found):
        raise PydanticCustomError("coordinates", "Expected {count} numbers separated by commas", {"count": count})
    return found


def _point(value: str) -> str:
    lat, lon = _numbers(2, value)
    if not (_KOREA[0] <= lat <= _KOREA[2] and _KOREA[1] <= lon <= _KOREA[3]):
        raise PydanticCustomError("coordinates", "Expected lat,lon in degrees within Korea")
    return value


def _box(value: str) -> str:
    west, south, east, north = _numbers(4, value)
    if west > east or south > north:
        raise PydanticCustomError("coordinates", "Expected west,south,east,north")
    return value


class CaseQuery(BaseModel):
    """All conditions hold together."""

    model_config = ConfigDict(extra="forbid")

    q: Annotated[
        Search | None, Field(description='접수번호, 제목, 내용, 장소에서 찾기: 낱말, "구절", -뺄 말. 오타도 찾습니다.')
    ] = None
    status: Annotated[list[Status], Field(max_length=20)] = []
    open: Annotated[bool | None, Field(description="true: 처리 중, false: 끝난 민원")] = None
    overdue: Annotated[bool, Field(description="기한이 지난 열린 민원(보완 중에는 기한이 가지 않음)")] = False
    due_within_hours: Annotated[int | None, Field(ge=1, le=24 * 90)] = None
    due_before: AwareDatetime | None = None
    paused: Annotated[bool | None, Field(description="보완을 기다려 처리기간이 멈춘 민원")] = None
    track: Annotated[Track | None, Field(description="instant 즉결, long 장기")] = None
    department: Word | None = None
    area: Word | None = None
    category: Word | None = None
    staff: UUID | None = None
    unassigned: bool = False
    channel: Word | None = None
    receipt_no: Word | None = None
    name: Annotated[Word | None, Field(description="시민 이름(똑같이)")] = None
    phone: Annotated[Word | None, Field(description="시민 전화번호(똑같이)")] = None
    received_from: AwareDatetime | None = None
    received_before: AwareDatetime | None = None
    closed_from: AwareDatetime | None = None
    closed_before: AwareDatetime | None = None
    max_rating: Annotated[int | None, Field(ge=1, le=5, description="만족도가 이 점수 이하")] = None
    review: Annotated[bool, Field(description="낮은 만족도로 검토를 기다리는 민원")] = False
    mass: Annotated[bool, Field(description="다수인관련민원")] = False
    merged: Annotated[bool, Field(description="병합된 민원도 함께")] = False
    min_joined: Annotated[int | None, Field(ge=1, le=1_000_000)] = None
    min_warned: Annotated[int | None, Field(ge=1, le=3, description="경고 단계: 1 담당자, 2 팀장, 3 감사")] = None
    near: Annotated[Plain, AfterValidator(_point), Field(max_length=60, description="위도,경도")] | None = None
    radius_m: Annotated[int, Field(ge=10, le=20_000)] = 250
    box: Annotated[Plain, AfterValidator(_box), Field(max_length=120, description="서,남,동,북(도)")] | None = None
    sort: Annotated[Sort, Field(description="received 새 것부터, due 기한 순(열린 민원), updated, relevance")] = (
        "received"
    )
    count: Annotated[bool, Field(description="모두 몇 건인지도(10,000건까지)")] = False
    cursor: Annotated[Plain | None, Field(max_length=300, description="앞 쪽의 next_cursor")] = None
    limit: Annotated[int, Field(ge=1, le=200, description="한 쪽의 줄 수")] = 50


async def filters_of(tx: AsyncConnection, house: House, asking: Caller, query: CaseQuery) -> CaseFilters:
    """Within the caller's scope. Raises BadInput for a phone or a name that nobody can have."""
    near = _numbers(2, query.near) if query.near else None
    box = _numbers(4, query.box) if query.box else None
    return CaseFilters(
        city_id=house.settings.city.id,
        scope=asking.scope,
        now=house.clock.now(),
        statuses=tuple(query.status),
        is_open=query.open,
        is_overdue=query.overdue,
        due_within=timedelta(hours=query.due_within_hours) if query.due_within_hours else None,
        due_before=query.due_before,
        is_paused=query.paused,
        track=query.track,
        department_id=query.department,
        area_id=query.area,
        category=query.category,
        staff_id=query.staff,
        is_unassigned=query.unassigned,
        channel=query.channel,
        receipt_no=query.receipt_no,
        citizen_ids=await _citizens(tx, house, query),
        text=query.q,
        received_from=query.received_from,
        received_before=query.received_before,
        closed_from=query.closed_from,
        closed_before=query.closed_before,
        max_rating=query.max_rating,
        is_in_review=query.review,
        is_mass=query.mass,
        with_merged=query.merged,
        min_joined=query.min_joined,
        min_warned=query.min_warned,
        near=Near(near[0], near[1], query.radius_m) if near else None,
        box=Box(box[1], box[0], box[3], box[2]) if box else None,
    )


async def _citizens(tx: AsyncConnection, house: House, query: CaseQuery) -> tuple[UUID, ...] | None:
    """By the keyed index of sealed names and numbers: who is called exactly so, or has exactly this number."""
    if query.name is None and query.phone is None:
        return None
    vault, city_id = vault_of(tx), house.settings.city.id
    found: list[set[UUID]] = []
    if query.phone is not None:
        found.append(set(await find_by_phone(tx, vault, city_id, query.phone)))
    if query.name is not None:
        found.append(set(await find_by_name(tx, vault, city_id, clean_name(query.name))))
    return tuple(sorted(set.intersection(*found)))


def shown(query: CaseQuery) -> str:
    """The filters for the access log; a searched text, name or number is somebody's and is not repeated there."""
    asked: dict[str, Any] = query.model_dump(mode="json", exclude_defaults=True, exclude={"cursor", "limit"})
    pairs = {name: "(text)" if name in ("q", "name", "phone") else value for name, value in asked.items()}
    return " ".join(f"{name}={','.join(map(str, _many(value)))}" for name, value in pairs.items()) + ": "


def _many(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]

"""The devices of the city as staff see them: entered, changed, switched off, given a new key and a new password."""

from datetime import datetime
from typing import Annotated, Any, Literal, Self

from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError
from sqlalchemy.ext.asyncio import AsyncConnection

from api.air.push import DeviceName
from api.deps import Caller, House, HouseDep, VersionsDep, allowed
from api.fields import Name, Plain
from bot.air.broker import Broker
from bot.air.devices import leave_or_come, new_password
from civic.air.devices import credentials, findings, grading, registry
from civic.air.devices.registry import NAME, Device, Draft, Seen
from civic.staff.permissions import Action
from core.air_rules import Latitude, Longitude

router = APIRouter(prefix="/air/devices", tags=["air"])
Reader = Annotated[Caller, allowed(Action.CHANNEL_READ)]
Writer = Annotated[Caller, allowed(Action.AIR_WRITE)]
KeyWriter = Annotated[Caller, allowed(Action.KEY_WRITE)]
Word = Annotated[Plain, Field(max_length=100)]
Pollutants = Annotated[
    list[Annotated[str, Field(pattern=r"^[A-Z0-9]{1,10}$")]], Field(min_length=1, max_length=20, examples=[["PM10"]])
]
Period = Annotated[int, Field(ge=1, le=3_600, examples=[60])]


class DeviceRow(BaseModel):
    """`period_s`: of its means, 1 for a value a second. `grade`: A to D, U not known yet. `broker`: whether it has an
    account there: none, live, off, or on its way (leaving, coming). `newest_at`: newest stamp taken.
    """

    model_config = ConfigDict(from_attributes=True)

    name: str
    title: str
    kind: Literal["sensor", "stack"]
    source: str
    site_id: int
    company: str
    stack: str
    model: str
    address: str
    lat: float
    lon: float
    height_m: float | None
    pollutants: list[str]
    period_s: int
    certified: str
    certified_source: str
    is_on: bool
    off_reason: str
    broker: str
    grade: str
    grade_reason_ko: str
    grade_reason_en: str
    graded_at: datetime | None
    version: int
    created_at: datetime
    last_at: datetime | None
    newest_at: datetime | None

    @classmethod
    def values(cls, one: Device, seen: Seen) -> dict[str, Any]:
        told = {name: getattr(one, name) for name in Device.__slots__ if name in cls.model_fields}
        return {**told, "pollutants": list(one.pollutants), "last_at": seen.last_at, "newest_at": seen.newest_at}


class FindingRow(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    pollutant: str
    kind: str
    reason_ko: str
    reason_en: str
    began_at: datetime
    ended_at: datetime | None


class GradeRow(BaseModel):
    grade: str
    reason_ko: str
    reason_en: str
    at: datetime


class DeviceShown(DeviceRow):
    """`skew_s`: its newest stamp less our clock, as it came. `key_hint`: last four characters of its live key."""

    last_seq: int | None
    skew_s: int | None
    messages: int
    refused: int
    refused_at: datetime | None
    refused_reason: str
    key_hint: str
    key_used_at: datetime | None
    findings: list[FindingRow]
    grades: list[GradeRow]

    @classmethod
    async def of(cls, tx: AsyncConnection, one: Device) -> Self:
        seen = (await registry.seen(tx, one.city_id, one.id))[one.id]
        key = await credentials.live(tx, one)
        moved = ("last_seq", "skew_s", "messages", "refused", "refused_at", "refused_reason")
        return cls(
            **cls.values(one, seen),
            **{name: getattr(seen, name) for name in moved},
            key_hint=key.hint if key else "",
            key_used_at=key.last_used_at if key else None,
            findings=[FindingRow.model_validate(each) for each in await findings.of_device(tx, one.id)],
            grades=[GradeRow(**each) for each in await grading.history(tx, one.id)],
        )


class Devices(BaseModel):
    items: list[DeviceRow]


class NewDevice(BaseModel):
    """`source`: of air.sources, whose format it speaks. A stack monitor names its company and stack of config.yml."""

    model_config = ConfigDict(extra="forbid")

    name: Annotated[str, Field(pattern=f"^{NAME}$", examples=["hagun-01"])]
    title: Name
    kind: Literal["sensor", "stack"] = "sensor"
    source: Word = "sensors"
    company: Word = ""
    stack: Word = ""
    model: Word = ""
    address: Annotated[Plain, Field(max_length=200)] = ""
    lat: Latitude
    lon: Longitude
    height_m: Annotated[float, Field(ge=0, le=500)] | None = None
    pollutants: Pollutants
    period_s: Period
    certified: Word = ""
    certified_source: Annotated[Plain, Field(max_length=200)] = ""


class DeviceChange(BaseModel):
    """Only what is named is changed."""

    model_config = ConfigDict(extra="forbid")

    title: Name | None = None
    stack: Word | None = None
    model: Word | None = None
    address: Annotated[Plain, Field(max_length=200)] | None = None
    lat: Latitude | None = None
    lon: Longitude | None = None
    height_m: Annotated[float, Field(ge=0, le=500)] | None = None
    pollutants: Pollutants | None = None
    period_s: Period | None = None
    certified: Word | None = None
    certified_source: Annotated[Plain, Field(max_length=200)] | None = None

    @model_validator(mode="after")
    def something(self) -> Self:
        if not self.model_fields_set:
            raise PydanticCustomError("nothing_to_change", "Nothing to change")
        return self


class State(BaseModel):
    model_config = ConfigDict(extra="forbid")

    is_on: bool
    reason: Annotated[Plain, Field(min_length=2, max_length=300, examples=["교정 때문에 떼어 냄"])]


class NewKey(BaseModel):
    """`key` is shown this once."""

    key: str
    per_minute: int


class NewPassword(BaseModel):
    """`password` is shown this once; the broker alone knows it. `username` is the device's name."""

    username: str
    password: str


@router.get("", summary="측정기 목록 (devices)")
async def list_devices(asking: Reader, house: HouseDep) -> Devices:
    city_id = house.settings.city.id
    async with house.db.transaction() as tx:
        await asking.still_here(tx, house)
        seen = await registry.seen(tx, city_id)
        found = await registry.listed(tx, city_id)
    return Devices(items=[DeviceRow(**DeviceRow.values(one, seen[one.id])) for one in found])


@router.post("", status_code=201, summary="측정기 등록 (enter a device)")
async def add_device(given: NewDevice, asking: Writer, house: HouseDep, response: Response) -> DeviceShown:
    """409 for a name that is taken, also by one that is off. It has no key and no password yet."""
    draft = Draft(**{**given.model_dump(), "pollutants": tuple(given.pollutants)})
    registry.check(draft, house.settings.air)
    async with house.db.transaction() as tx:
        await asking.still_here(tx, house)
        made = await registry.add(tx, house.settings.city.id, draft, house.clock.now(), by=asking.member.id)
        return await _answered(tx, made, response)


@router.get("/{device}", summary="측정기 하나 (one device, its faults and grades)")
async def read_device(device: DeviceName, asking: Reader, house: HouseDep, response: Response) -> DeviceShown:
    async with house.db.transaction() as tx:
        await asking.still_here(tx, house)
        return await _answered(tx, await registry.read(tx, house.settings.city.id, device), response)


@router.patch("/{device}", summary="측정기 고치기 (change)")
async def change_device(
    device: DeviceName,
    given: DeviceChange,
    versions: VersionsDep,
    asking: Writer,
    house: HouseDep,
    response: Response,
) -> DeviceShown:
    """Needs If-Match."""
    values = {name: value for name, value in given.model_dump(exclude_unset=True).items() if value is not None}
    city_id, now = house.settings.city.id, house.clock.now()
    async with house.db.transaction() as tx:
        await asking.still_here(tx, house)
        made = await registry.change(tx, city_id, device, values, now, versions=versions, by=asking.member.id)
        return await _answered(tx, made, response)


@router.put("/{device}/state", summary="측정기 끄기, 켜기 (switch off and on)")
async def switch_device(
    device: DeviceName, given: State, versions: VersionsDep, asking: Writer, house: HouseDep, response: Response
) -> DeviceShown:
    """Needs If-Match. Off: nothing of it is taken from now on; the broker cuts it off too, within a minute."""
    city_id, now = house.settings.city.id, house.clock.now()
    async with house.db.transaction() as tx:
        await asking.still_here(tx, house)
        await registry.switch(
            tx,
            city_id,
            device,
            now,
            is_on=given.is_on,
            reason=given.reason,
            versions=versions,
            by=asking.member.id,
        )
    await leave_or_come(house.db, _broker(house), city_id)
    async with house.db.transaction() as tx:
        return await _answered(tx, await registry.read(tx, city_id, device), response)


@router.post("/{device}/key", status_code=201, summary="HTTP 키 새로 만들기 (rotate the key)")
async def rotate_key(device: DeviceName, asking: KeyWriter, house: HouseDep) -> NewKey:
    """The one before ends at once."""
    city_id, now = house.settings.city.id, house.clock.now()
    async with house.db.transaction() as tx:
        await asking.still_here(tx, house)
        found = await registry.read(tx, city_id, device)
        per_minute = house.settings.air.devices.per_minute
        _, key = await credentials.rotate(tx, found, per_minute, now, by=asking.member.id)
    return NewKey(key=key, per_minute=per_minute)


@router.delete("/{device}/key", status_code=204, summary="HTTP 키 거두기 (revoke the key)")
async def revoke_key(device: DeviceName, asking: KeyWriter, house: HouseDep) -> None:
    """At once and for good."""
    async with house.db.transaction() as tx:
        await asking.still_here(tx, house)
        found = await registry.read(tx, house.settings.city.id, device)
        await credentials.revoke(tx, found, house.clock.now(), by=asking.member.id)


@router.post("/{device}/password", status_code=201, summary="MQTT 비밀번호 새로 만들기 (rotate the password)")
async def rotate_password(device: DeviceName, asking: KeyWriter, house: HouseDep) -> NewPassword:
    """A connection with the one before is cut. 409 for a device that is off, 503 when the broker is away."""
    async with house.db.transaction() as tx:
        await asking.still_here(tx, house)
    city_id, now = house.settings.city.id, house.clock.now()
    password = await new_password(house.db, _broker(house), city_id, device, now, by=asking.member.id)
    return NewPassword(username=device, password=password)


def _broker(house: House) -> Broker:
    return Broker(house.settings.air.mqtt)


async def _answered(tx: AsyncConnection, one: Device, response: Response) -> DeviceShown:
    response.headers["ETag"] = f'"{one.version}"'
    return await DeviceShown.of(tx, one)

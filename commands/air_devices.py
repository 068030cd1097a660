"""Devices at the terminal: entered, listed, given keys and passwords, switched off; and the broker made ready."""

import asyncio
import re
import sys
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

from rich.table import Table

from bot.air.broker import Broker
from bot.air.devices import leave_or_come
from bot.air.devices import new_password as made_password
from civic.air.devices import credentials, findings, registry
from civic.air.devices.registry import Draft
from commands.house import console, running_store
from core import store
from core.db import Database
from core.errors import BadInput
from core.settings import Settings, read

_PLACE = re.compile(r"\s*(\d{2,3}\.\d+)\s*,\s*(\d{2,3}\.\d+)\s*")


def _run(work: Callable[[Database, Settings], Awaitable[int | None]]) -> int:
    async def run(settings: Settings, url: str) -> int:
        db = Database(url, pool_size=2)
        try:
            return await work(db, settings) or 0
        finally:
            await db.close()

    with running_store() as (settings, url):
        store.migrate(url)
        return asyncio.run(run(settings, url))


def add(
    name: str, title: str, place: str, pollutants: str, period: int, *, company: str, source: str, **facts: str
) -> None:
    """`place`: degrees as "lat,lon". Raises BadInput, Conflict."""
    found = _PLACE.fullmatch(place)
    if not found:
        raise BadInput("위도,경도를 37.6150,126.6100처럼 적어 주세요.", "Give the place as lat,lon.")
    kind: registry.Kind = "stack" if company else "sensor"
    draft = Draft(
        name=name,
        title=title,
        kind=kind,
        source=source or ("stacks" if company else "sensors"),
        lat=float(found[1]),
        lon=float(found[2]),
        pollutants=tuple(one.strip() for one in pollutants.split(",") if one.strip()),
        period_s=period,
        company=company,
        stack=facts.get("stack", ""),
        model=facts.get("model", ""),
        certified=facts.get("certified", ""),
        certified_source=facts.get("certified_source", ""),
    )

    async def work(db: Database, settings: Settings) -> None:
        registry.check(draft, settings.air)
        now = datetime.now(UTC)
        async with db.transaction() as tx:
            made = await registry.add(tx, settings.city.id, draft, now, by=None)
            _, key = await credentials.rotate(tx, made, settings.air.devices.per_minute, now, by=None)
        console.print(f"측정기 {made.name}을(를) 등록했습니다. HTTP 키(한 번만 보입니다):")
        sys.stdout.write(f"{key}\n")
        if settings.air.mqtt.enabled:
            console.print(f"MQTT로도 보내려면: ./sinmungo air device password {made.name}")

    _run(work)


def show() -> int:
    """1 when something about a device that is on is open."""

    async def work(db: Database, settings: Settings) -> int:
        async with db.reading() as tx:
            devices = await registry.listed(tx, settings.city.id)
            seen = await registry.seen(tx, settings.city.id)
            wrong = await findings.standing(tx, settings.city.id)
        table = Table("이름", "보이는 이름", "항목", "등급", "마지막 값", "살펴볼 것")
        for one in devices:
            found = [each.reason_ko for each in wrong.get(one.id, [])]
            last = seen[one.id].newest_at
            shown = f"{last.astimezone():%m-%d %H:%M:%S}" if last else "없음"
            state = one.grade if one.is_on else f"꺼짐: {one.off_reason}"
            table.add_row(one.name, one.title, ", ".join(one.pollutants), state, shown, "; ".join(found))
        console.print(table if devices else "등록한 측정기가 없습니다: ./sinmungo air device add")
        return int(any(one.is_on and wrong.get(one.id) for one in devices))

    return _run(work)


def new_key(name: str) -> None:
    async def work(db: Database, settings: Settings) -> None:
        async with db.transaction() as tx:
            device = await registry.read(tx, settings.city.id, name)
            per_minute = settings.air.devices.per_minute
            _, key = await credentials.rotate(tx, device, per_minute, datetime.now(UTC), by=None)
        console.print("새 HTTP 키입니다. 앞의 키는 끝났습니다(한 번만 보입니다):")
        sys.stdout.write(f"{key}\n")

    _run(work)


def new_password(name: str) -> None:
    async def work(db: Database, settings: Settings) -> None:
        broker = Broker(settings.air.mqtt)
        password = await made_password(db, broker, settings.city.id, name, datetime.now(UTC), by=None)
        console.print(f"사용자 이름은 {name}, 비밀번호는(한 번만 보입니다):")
        sys.stdout.write(f"{password}\n")

    _run(work)


def switch(name: str, *, is_on: bool, reason: str) -> None:
    async def work(db: Database, settings: Settings) -> None:
        city_id, now = settings.city.id, datetime.now(UTC)
        async with db.transaction() as tx:
            await registry.switch(tx, city_id, name, now, is_on=is_on, reason=reason, versions=None, by=None)
        told = await leave_or_come(db, Broker(settings.air.mqtt), city_id)
        console.print(f"{name}: {'켰습니다' if is_on else '껐습니다'}.")
        if told:
            console.print("브로커에도 알렸습니다.")

    _run(work)


def prepare_broker() -> None:
    asyncio.run(Broker(read().air.mqtt).prepare())
    console.print("브로커가 준비되었습니다. 이제부터 신문고가 멈춘 동안의 값도 모아 둡니다.")

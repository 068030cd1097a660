"""Looks at the devices and at the limits by the clock, and hands what it finds to those who act on matters."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.air.broker import Broker
from bot.air.devices import leave_or_come
from civic.air.devices import findings, grading, periods, quorum, registry
from civic.air.devices.findings import Finding, Standing
from civic.air.devices.quorum import Exceedance
from civic.air.devices.registry import Device
from civic.air.matters.service import MatterDraft, open_matter
from core.air_rules import Air
from core.clock import Clock
from core.db import Database


class Checking:
    """Each look is one transaction; a second process that looks at the same time finds the same."""

    def __init__(self, db: Database, rules: Air, city_id: str, clock: Clock) -> None:
        self._db = db
        self._rules = rules
        self._city_id = city_id
        self._clock = clock
        self._broker = Broker(rules.mqtt)

    async def go(self) -> None:
        """Once a minute: hours that fell due, silence and clocks, limits; and the broker is told what it missed."""
        now = self._clock.now()
        async with self._db.transaction() as tx:
            await periods.roll(tx, self._city_id, now)
        async with self._db.transaction() as tx:
            looked = await grading.look(tx, self._city_id, now, self._rules)
            await self._maintain(tx, looked.stand, now)
            if looked.outage is not None:
                await open_matter(tx, self._city_id, _outage(looked.outage), now, self._rules)
            await self._grade(tx, now)
        async with self._db.transaction() as tx:
            await self.limits(tx, now)
        await leave_or_come(self._db, self._broker, self._city_id)

    async def look(self) -> None:
        """Once in ten minutes: values that stand still or jump."""
        now = self._clock.now()
        async with self._db.transaction() as tx:
            await self._maintain(tx, await grading.look_at_values(tx, self._city_id, now, self._rules), now)
            await self._grade(tx, now)

    async def compare(self) -> None:
        """Once an hour: drift against the official stations, and grades."""
        now = self._clock.now()
        async with self._db.transaction() as tx:
            await self._maintain(tx, await grading.compare(tx, self._city_id, now, self._rules), now)

    async def limits(self, tx: AsyncConnection, now: datetime) -> list[Exceedance]:
        """What is confirmed becomes a matter of a limit, what is not a matter of its sensor."""
        found = await quorum.exceedances(tx, self._city_id, now, self._rules)
        devices = {one.site_id: one for one in await registry.listed(tx, self._city_id)}
        for one in found:
            if one.confirmed:
                await open_matter(tx, self._city_id, self._limit_matter(one), now, self._rules)
        alone = [_alone(devices[one.sites[0]], one) for one in found if not one.confirmed]
        await self._maintain(tx, await findings.settle(tx, self._city_id, ("alone",), alone, now), now)
        return found

    async def _grade(self, tx: AsyncConnection, now: datetime) -> None:
        devices = [one for one in await registry.listed(tx, self._city_id) if one.is_on]
        await grading.grade(tx, self._city_id, devices, None, now, self._rules)

    async def _maintain(self, tx: AsyncConnection, stand: Sequence[Standing], now: datetime) -> None:
        """One matter a finding: it is told when it begins, and its facts go on with it."""
        if not stand:
            return
        devices: dict[UUID, Device] = {one.id: one for one in await registry.listed(tx, self._city_id)}
        for one in stand:
            device = devices[one.device_id]
            draft = MatterDraft(
                kind="sensor",
                key=f"sensor:{one.id}",
                title_ko=f"측정기 {device.title}: {one.reason_ko}",
                title_en=f"Device {device.name}: {one.reason_en}",
                lat=device.lat,
                lon=device.lon,
                pollutant=one.pollutant,
                site_ids=(device.site_id,),
                began_at=one.began_at,
                companies=(),
            )
            await open_matter(tx, self._city_id, draft, now, self._rules)

    def _limit_matter(self, one: Exceedance) -> MatterDraft:
        limit = self._rules.limits[one.limit]
        said = f"{one.value.normalize():f} {one.unit}"
        return MatterDraft(
            kind="limit",
            key=f"limit:{one.key}",
            title_ko=f"{limit.name.ko} 기준 도달 ({said})",
            title_en=f"{limit.name.en}: limit reached ({said})",
            lat=one.lat,
            lon=one.lon,
            pollutant=one.pollutant,
            value=one.value,
            unit=one.unit,
            site_ids=one.sites,
            began_at=one.began_at,
            companies=(one.company,) if one.company else None,
        )


def _outage(since: datetime) -> MatterDraft:
    return MatterDraft(
        kind="sensor",
        key=f"sensor:outage:{since.isoformat()}",
        title_ko="측정기 대부분의 값이 함께 끊겼습니다. 브로커와 통신을 확인해 주세요.",
        title_en="Nearly all devices fell silent at once: look at the broker and the wires.",
        began_at=since,
        companies=(),
    )


def _alone(device: Device, one: Exceedance) -> Finding:
    value = f"{one.value.normalize():f} {one.unit}"
    ko = f"{one.pollutant} {value}: {one.reason}"
    facts = {"value": f"{one.value:f}", "limit": one.limit}
    return Finding(device.id, one.pollutant, "alone", ko, f"{one.pollutant} {value}: {one.reason_en}", facts)

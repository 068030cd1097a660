"""Many complaints of one smell become one case with one officer, whose progress all of them hear; and one matter.

One transaction at a time for a city (an advisory lock), so that two processes never make two of one crowd. Whoever
calls it holds no conversation: people are locked in the order of their ids before cases, as everywhere.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import insert, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.air.matters.service import MatterDraft, open_matter
from civic.air.smell import clusters, reports, tracing
from civic.air.smell.kinds import kind as kind_of
from civic.air.smell.reports import Report
from civic.air.smell.tables import air_smell_clusters, air_smell_reports
from civic.cases import change, join
from civic.cases.capacity import take_officer
from civic.cases.case import COLUMNS, Actor, Case, CaseDraft
from civic.cases.clock import Deadline
from civic.cases.merge import merge
from civic.cases.notices import tell_one
from civic.cases.open import open_case
from civic.cases.tables import cases
from civic.city.book import Category, CityBook
from civic.people.service import one_each
from core.air_rules import Cluster as Rule
from core.contracts.channel import GeoPoint
from core.errors import Conflict
from core.ids import new_id
from core.settings import Settings

CATEGORY = "odor"
CHANNEL = "air"
"""Of a case that the house opens because nobody of the crowd gave his name."""
_LOCK = text("SELECT pg_advisory_xact_lock(hashtextextended('air_smell:' || :city, 0))")


@dataclass(frozen=True, slots=True)
class Cluster:
    """A cluster as stored."""

    id: UUID
    case_id: UUID
    matter_id: UUID | None
    lat: float
    lon: float
    kind: str
    people: int
    reports: int
    strongest: int
    first_at: datetime
    last_at: datetime
    formed_at: datetime
    traced: dict[str, Any]

    @property
    def centre(self) -> GeoPoint:
        return GeoPoint(self.lat, self.lon)


@dataclass(frozen=True, slots=True)
class Gathered:
    """What a look came to: clusters formed, complaints that joined a standing one, conversations that were told."""

    formed: int
    joined: int
    told: tuple[UUID, ...]


CLUSTER = tuple(air_smell_clusters.c[name] for name in Cluster.__dataclass_fields__)


async def gather(tx: AsyncConnection, settings: Settings, book: CityBook, now: datetime) -> Gathered:
    """Late complaints join what stands; then the loose ones are looked through for new crowds."""
    city_id, rule = settings.city.id, settings.air.smell.cluster
    await tx.execute(_LOCK, {"city": city_id})
    reach = timedelta(minutes=max(rule.minutes, rule.joins_minutes))
    # A form may be finished long after its first message: twice the reach, so that none is overlooked.
    left = await reports.loose(tx, city_id, now - 2 * reach)
    joined, told = 0, list[UUID]()
    for cluster in await _standing(tx, city_id, now - 3 * reach):
        late = [one for one in left if _is_late_for(one, cluster, rule)]
        if late:
            told += await _take_in(tx, settings, cluster, late, now)
            left = [one for one in left if one not in late]
            joined += len(late)
    formed = clusters.found(left, rule)
    for crowd in formed:
        told += await _form(tx, settings, book, crowd, now)
    return Gathered(len(formed), joined, tuple(dict.fromkeys(told)))


def _is_late_for(report: Report, cluster: Cluster, rule: Rule) -> bool:
    return clusters.is_late_for(report, cluster.centre, cluster.first_at, cluster.last_at, rule)


async def _standing(tx: AsyncConnection, city_id: str, since: datetime) -> list[Cluster]:
    """Clusters whose case is open still, the newest first."""
    query = (
        select(*CLUSTER)
        .join(cases, cases.c.id == air_smell_clusters.c.case_id)
        .where(air_smell_clusters.c.city_id == city_id, air_smell_clusters.c.last_at >= since)
        .where(cases.c.closed_at.is_(None), cases.c.merged_into_id.is_(None))
        .order_by(air_smell_clusters.c.last_at.desc(), air_smell_clusters.c.id)
    )
    return [Cluster(**row._mapping) for row in await tx.execute(query)]


async def _form(
    tx: AsyncConnection, settings: Settings, book: CityBook, crowd: Sequence[Report], now: datetime
) -> list[UUID]:
    city_id, middle, kind = settings.city.id, clusters.middle(crowd), clusters.commonest(crowd)
    await _lock(tx, crowd)
    lead = await _lead(tx, settings, book, crowd, middle, now)
    row = {
        "id": new_id(),
        "city_id": city_id,
        "case_id": lead.id,
        "lat": middle.lat,
        "lon": middle.lon,
        "kind": kind,
        "people": clusters.people(crowd),
        "reports": len(crowd),
        "strongest": max(one.strength for one in crowd),
        "first_at": min(one.told_at for one in crowd),
        "last_at": max(one.told_at for one in crowd),
        "formed_at": now,
        "updated_at": now,
    }
    made = (await tx.execute(insert(air_smell_clusters).values(row).returning(*CLUSTER))).one()
    cluster = Cluster(**made._mapping)
    lead = await _bring(tx, settings, lead, cluster, crowd, now)
    await _note(tx, settings, cluster, now)
    return await _tell(tx, settings, lead, [one.conversation_id for one in crowd], cluster.people, now)


async def _take_in(
    tx: AsyncConnection, settings: Settings, cluster: Cluster, late: Sequence[Report], now: datetime
) -> list[UUID]:
    before = {one.person for one in await reports.of_cluster(tx, settings.city.id, [cluster.id])}
    await _lock(tx, late, cluster.case_id)
    lead = await _read(tx, cluster.case_id)
    lead = await _bring(tx, settings, lead, cluster, late, now)
    everybody = await reports.of_cluster(tx, settings.city.id, [cluster.id])
    values = {
        "people": clusters.people(everybody),
        "reports": len(everybody),
        "strongest": max(one.strength for one in everybody),
        "first_at": min(one.told_at for one in everybody),
        "last_at": max(one.told_at for one in everybody),
        "kind": clusters.commonest(everybody),
        "updated_at": now,
    }
    changed = update(air_smell_clusters).where(air_smell_clusters.c.id == cluster.id).values(**values)
    after = Cluster(**(await tx.execute(changed.returning(*CLUSTER))).one()._mapping)
    await _matter(tx, settings, after, now)
    new = [one.conversation_id for one in late if one.person not in before]
    return await _tell(tx, settings, lead, new, after.people, now)


async def _lock(tx: AsyncConnection, crowd: Sequence[Report], *case_ids: UUID) -> None:
    theirs = {one.case_id for one in crowd if one.case_id}
    await join.lock_everybody(
        tx, *case_ids, *theirs, also={one.conversation_id for one in crowd if one.conversation_id}
    )


async def _lead(
    tx: AsyncConnection,
    settings: Settings,
    book: CityBook,
    crowd: Sequence[Report],
    middle: GeoPoint,
    now: datetime,
) -> Case:
    """The eldest case that has an officer, else the eldest, who then gets one; a new one where nobody gave his name."""
    ids = {one.case_id for one in crowd if one.case_id}
    running = (cases.c.closed_at.is_(None), cases.c.merged_into_id.is_(None))
    query = select(*COLUMNS).where(cases.c.id.in_(ids), *running).order_by(cases.c.id).with_for_update()
    found = sorted([Case.of(row) for row in await tx.execute(query)], key=lambda one: (one.received_at, one.id))
    if not found:
        return await _opened(tx, settings, book, crowd, middle, now)
    lead = next((one for one in found if one.staff_id), found[0])
    if lead.staff_id is None:
        officer = await take_officer(tx, lead.city_id, lead.department_id, now)
        if officer is not None:
            lead = await change.assign(tx, lead.id, Actor.system(), now, expected_version=None, staff=(officer,))
    return lead


async def _opened(
    tx: AsyncConnection,
    settings: Settings,
    book: CityBook,
    crowd: Sequence[Report],
    middle: GeoPoint,
    now: datetime,
) -> Case:
    category = _category(book)
    name = kind_of(clusters.commonest(crowd)).ko
    draft = CaseDraft(
        city_id=settings.city.id,
        receipt_prefix=settings.city.receipt_prefix,
        category=category.id,
        department_id=category.department_id,
        deadline=Deadline.read(category.deadline),
        title=f"악취 제보 {clusters.people(crowd)}명: {name}",
        body=f"이름 없이 알린 악취 제보를 시가 한 건으로 모았습니다. 가장 많은 냄새: {name}.",
        conversation_id=None,
        citizen_id=None,
        channel=CHANNEL,
        lat=middle.lat,
        lon=middle.lon,
    )
    near = settings.cases.duplicates
    opened = await open_case(tx, draft, now, days_off=settings.city.days_off, near=near)
    return await _read(tx, opened.id)


def _category(book: CityBook) -> Category:
    category = book.category(CATEGORY) or book.category("other")
    assert category is not None
    return category


async def _bring(
    tx: AsyncConnection, settings: Settings, lead: Case, cluster: Cluster, crowd: Sequence[Report], now: datetime
) -> Case:
    """Their cases go into the one, whoever gave no name goes along with it, and their rows name the cluster."""
    near, system = settings.cases.duplicates, Actor.system()
    for case_id in sorted({one.case_id for one in crowd if one.case_id} - {lead.id}):
        case = await _read(tx, case_id)
        try:
            _, lead = await merge(tx, case_id, lead.id, system, now, versions=frozenset({case.version}), near=near)
        except Conflict:
            # With parts or merged cases of its own it stays what it is; who filed it hears of the crowd all the same.
            if case.closed_at is None and case.conversation_id is not None:
                await join.put_in(tx, lead, case.conversation_id, case.citizen_id, now)
    along = 0
    for one in crowd:
        if one.case_id is None and one.conversation_id is not None and one.conversation_id != lead.conversation_id:
            citizen = one.person if one.person != one.conversation_id else None
            along += await join.put_in(tx, lead, one.conversation_id, citizen, now)
    if along:
        lead = await join.counted(tx, lead, "joined", system, now)
    ids = [one.id for one in crowd]
    await tx.execute(update(air_smell_reports).where(air_smell_reports.c.id.in_(ids)).values(cluster_id=cluster.id))
    return lead


async def _note(tx: AsyncConnection, settings: Settings, cluster: Cluster, now: datetime) -> None:
    """The wind's word goes to the officer as an internal note of the case, and the crowd becomes a matter."""
    air = settings.air
    traced, winds = await tracing.trace(
        tx, settings.city.id, cluster.lat, cluster.lon, cluster.last_at, air, kind=cluster.kind
    )
    text_ko = (
        f"[악취 신고 묶음] {cluster.people}명, 신고 {cluster.reports}건, 가장 센 강도 {cluster.strongest}\n"
        + tracing.note_ko(traced, cluster.last_at, winds, air.companies)
    )
    await change.add_note(tx, cluster.case_id, text_ko, Actor.system(), now, is_internal=True)
    changed = update(air_smell_clusters).where(air_smell_clusters.c.id == cluster.id)
    await tx.execute(changed.values(traced=tracing.plain(traced)))
    await _matter(tx, settings, cluster, now)


async def _matter(tx: AsyncConnection, settings: Settings, cluster: Cluster, now: datetime) -> None:
    """One matter a cluster: who acts, and how long it took from the first complaint's first message."""
    name = kind_of(cluster.kind)
    draft = MatterDraft(
        kind="smell",
        key=f"smell:{cluster.id}",
        title_ko=f"악취 신고 {cluster.people}명: {name.ko}",
        title_en=f"Odour reported by {cluster.people} people: {name.en}",
        lat=cluster.lat,
        lon=cluster.lon,
        began_at=cluster.first_at,
        first_message_at=cluster.first_at,
    )
    opened = await open_matter(tx, settings.city.id, draft, now, settings.air)
    changed = update(air_smell_clusters).where(air_smell_clusters.c.id == cluster.id)
    await tx.execute(changed.values(matter_id=opened.id))


async def _tell(
    tx: AsyncConnection,
    settings: Settings,
    lead: Case,
    conversations: Sequence[UUID | None],
    people: int,
    now: datetime,
) -> list[UUID]:
    """Each person once: the number of others only from `told_from` on, and nothing else of them."""
    number = str(people) if people >= settings.air.smell.cluster.told_from else ""
    lead = await _read(tx, lead.id)
    to = await one_each(tx, sorted({one for one in conversations if one is not None}), lead.conversation_id)
    for one in to:
        await tell_one(tx, settings.messaging, lead, one, "smell_gathered", now, text=number)
    return list(to)


async def _read(tx: AsyncConnection, case_id: UUID) -> Case:
    return Case.of((await tx.execute(select(*COLUMNS).where(cases.c.id == case_id))).one())

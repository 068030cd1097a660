"""Puts the house together: the one place that knows every room, and the only one that loads integrations, by name."""

import os
import re
import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any
from uuid import uuid4

from bot.air.listening import heard
from bot.arrears.opening import Gateways, open_gateways
from bot.desk import Desk
from bot.dialogue import Dialogue
from bot.fitting import Fitter
from bot.listening import Told, open_reader
from bot.model_watch import ModelWatch
from bot.outcome import Services, Spoken
from bot.photos import Photos
from bot.prepare import model_folder
from bot.replies import Texts, find_sources
from bot.schedules import schedule_all
from bot.sender import Sender
from bot.sources.opening import AirSources, open_air_sources, open_sources
from bot.staffroom.desk import StaffDesk
from bot.staffroom.office import Office
from bot.turn import Turns
from bot.webform import WebForm
from civic.air.alarms import Alarms
from civic.air.matters.desk import MatterDesk
from civic.air.service import AirService
from civic.air.telling.wishes import WishService
from civic.arrears.asking.desk import ArrearsDesk
from civic.arrears.runs.leaving import may_leave
from civic.cases.service import CaseService
from civic.city.service import CityBook, open_book
from civic.consent.service import ConsentService
from civic.files.service import DiskFiles, Files
from civic.guard.service import GuardService
from civic.parking.forecast.service import ForecastService
from civic.parking.places import PlacesService
from civic.parking.reports import ReportService
from civic.parking.service import ParkingService
from civic.parking.watching import WatchService
from civic.people.service import PeopleService
from civic.subscriptions.service import SubscriptionService
from core import loading, secret
from core.bus import Bus
from core.clock import Clock, SystemClock
from core.contracts.channel import Channel, House
from core.contracts.dialogue import Form, Handler
from core.contracts.parking import Pulling, Pushing
from core.contracts.reading import Reader
from core.db import Database
from core.errors import ConfigError
from core.http import Outside, guarded_client
from core.jobs import Jobs
from core.settings import Settings, channel_settings
from core.vault import Vault, VaultWatch, old_secrets, open_vault
from nlu.engine import load as load_engine
from nlu.live import LiveEngine

Channels = dict[str, Channel]


@dataclass(slots=True)
class Running:
    """One process of the house. `url` is the store's address; `owner` names this process in leases."""

    settings: Settings
    url: str
    owner: str
    clock: Clock
    db: Database
    bus: Bus
    jobs: Jobs
    secret: bytes
    vault: Vault
    book: CityBook
    cases: CaseService
    texts: Texts
    channels: dict[str, Channel]
    dialogue: Dialogue
    desk: Desk
    engine: LiveEngine
    models: ModelWatch
    reader: Reader
    files: Files
    parking: ParkingService
    air: AirService
    sources: dict[str, Pulling | Pushing]
    air_sources: AirSources
    banks: Gateways
    outside: Outside
    var: Path

    @property
    def fitter(self) -> Fitter:
        """Fits whole messages to their channel, as they are sent and as staff preview them."""
        return Fitter(self.texts, self.settings.messaging.sms_bytes)

    async def ready(self) -> dict[str, Any]:
        """What `/readyz` tells. Raises Unavailable when the store is away."""
        await self.db.ping()
        parts: dict[str, Any] = {"database": "ok", "language_engine": "ok", "language_model": self.models.health()}
        if told := self.reader.health():
            # Told, never judged: while that server is away the engine in process answers.
            parts[self.settings.nlu.engine] = dict(told)
        return parts


@asynccontextmanager
async def open_house(
    settings: Settings, url: str, *, is_worker: bool, clock: Clock | None = None
) -> AsyncIterator[Running]:
    """Everything wired and started; stopped and closed at the end. The store must be prepared (`bot.prepare`)."""
    clock = clock or SystemClock()
    var = settings.path(settings.var)
    var.mkdir(parents=True, exist_ok=True)
    pool = settings.database.worker_pool if is_worker else settings.database.api_pool
    db = Database(url, pool_size=pool, days_off=settings.city.days_off)
    bus, jobs = Bus(db), Jobs(url, worker=is_worker)
    house = House(
        http=guarded_client(settings.outside.allowed_hosts),
        publish=bus.publish,
        secret=secret.load(var),
        var=var,
        public_url=settings.web.public_url,
        now=clock.now,
    )
    channels = open_channels(settings, house)
    try:
        running = await _wire(settings, url, clock, db, bus, jobs, house, channels)
        await bus.start()
        running.models.start()
        watch = VaultWatch(db, running.vault)
        watch.start()
        schedule_all(jobs, running, house)
        await jobs.start()
        try:
            async with heard(running, is_worker=is_worker):
                yield running
            await running.desk.close()
        finally:
            await jobs.stop()
            await running.models.stop()
            await watch.stop()
            await bus.stop()
            await running.reader.aclose()
            await running.files.store.aclose()
            await running.outside.aclose()
            for gateway in running.banks.values():
                await gateway.aclose()
    finally:
        for channel in channels.values():
            await channel.aclose()
        await house.http.aclose()
        await db.close()


def open_channels(settings: Settings, house: House) -> dict[str, Channel]:
    """Every channel that config.yml switches on, found by name. Raises ConfigError for an unknown or wrong section."""
    opened: dict[str, Channel] = {}
    for name, section in settings.channels.items():
        if section.get("enabled") is not True:
            continue
        module = _channel_module(name)
        opened[name] = module.build(channel_settings(module.Settings, name, section), house)
    return opened


def _channel_module(name: str) -> ModuleType:
    try:
        return loading.file("integrations.channels", name)
    except KeyError:
        known = ", ".join(loading.files("integrations.channels"))
        raise ConfigError(
            f"config.yml의 'channels.{name}': 그런 채널이 없습니다. 있는 채널: {known}",
            f"config.yml: channels.{name}: no such channel; there are: {known}",
        ) from None


async def _wire(
    settings: Settings, url: str, clock: Clock, db: Database, bus: Bus, jobs: Jobs, house: House, channels: Channels
) -> Running:
    city_id, vault = settings.city.id, await open_vault(db, house.secret, clock.now(), old_secrets())
    async with db.transaction() as tx:
        book = await open_book(tx, city_id)
    cases, texts = _cases(settings, db), Texts(find_sources(), _constants(settings))
    people = PeopleService(db, vault, city_id, settings.people, settings.messaging, channels)
    sources, air_sources = open_sources(settings), open_air_sources(settings)
    parking = ParkingService(db, city_id, settings.parking.numbers)
    air = AirService(db, city_id, settings.air, {name: source.terms for name, source in air_sources.items()})
    arrears = ArrearsDesk(db, vault, city_id, settings.arrears, settings.city.days_off, channels)
    services = _services(settings, db, book, cases, texts, people, parking, air, arrears, sources, channels)
    dialogue = Dialogue(*find_actions(services), services, texts, settings.messaging, find_spoken())
    engine, reader, told = _language(settings, book)
    files, webform = open_files(settings, house.var), WebForm.of(settings, house.secret, house.var)
    owner = f"{socket.gethostname()}:{os.getpid()}:{uuid4().hex[:6]}"
    turns = Turns(
        db=db,
        dialogue=dialogue,
        texts=texts,
        reader=reader,
        told=told,
        channels=channels,
        photos=Photos(db, files, webform),
        webform=webform,
        consents=ConsentService(db, settings.city, settings.messaging),
        messaging=settings.messaging,
        clock=clock,
    )
    desk = _desk(settings, db, channels, turns, Fitter(texts, settings.messaging.sms_bytes), clock, owner)
    desk.staffroom = StaffDesk(Office(db, settings, clock, cases, channels, desk.deliver, owner))
    return Running(
        settings=settings,
        url=url,
        owner=owner,
        clock=clock,
        db=db,
        bus=bus,
        jobs=jobs,
        secret=house.secret,
        vault=vault,
        book=book,
        cases=cases,
        texts=texts,
        channels=channels,
        dialogue=dialogue,
        desk=desk,
        engine=engine,
        models=ModelWatch(engine),
        reader=reader,
        files=files,
        parking=parking,
        air=air,
        sources=sources,
        air_sources=air_sources,
        banks=open_gateways(settings),
        outside=Outside(settings.outside.allowed_hosts),
        var=house.var,
    )


def _cases(settings: Settings, db: Database) -> CaseService:
    city = settings.city
    return CaseService(db, city.id, days_off=city.days_off, rules=settings.cases, messaging=settings.messaging)


def _desk(
    settings: Settings,
    db: Database,
    channels: dict[str, Channel],
    turns: Turns,
    fitter: Fitter,
    clock: Clock,
    owner: str,
) -> Desk:
    return Desk(
        db=db,
        channels=channels,
        turns=turns,
        sender=Sender(db, channels, settings.messaging, settings.city.id, clock, fitter, {"arrears": may_leave}),
        messaging=settings.messaging,
        city_id=settings.city.id,
        clock=clock,
        owner=owner,
    )


def open_files(settings: Settings, var: Path) -> Files:
    """The bucket that config.yml names, else a folder; the virus scanner if one is set. Raises ConfigError."""
    wanted = settings.files
    store = loading.file("integrations.files", "s3").build(wanted) if wanted.url else DiskFiles(var / "files")
    scanner = loading.file("integrations.files", "clamd").build(wanted.virus_scanner) if wanted.virus_scanner else None
    return Files(store, scanner, max_mb=wanted.max_mb)


def _language(settings: Settings, book: CityBook) -> tuple[LiveEngine, Reader, Told]:
    """The engine in process, who reads messages before it, and what to do with those that somebody has read already."""
    places, prefix = book.named_places(), settings.city.receipt_prefix
    engine = LiveEngine(model_folder(settings), lambda folder: load_engine(folder, places, case_prefix=prefix))
    labels = frozenset(engine.current.manifest.labels)
    return engine, open_reader(settings.nlu, engine, labels), Told(settings.nlu, engine, labels)


def _services(
    settings: Settings,
    db: Database,
    book: CityBook,
    cases: CaseService,
    texts: Texts,
    people: PeopleService,
    parking: ParkingService,
    air: AirService,
    arrears: ArrearsDesk,
    sources: Mapping[str, Pulling | Pushing],
    channels: Channels,
) -> Services:
    """What handlers may ask for by parameter name."""
    subscribing = SubscriptionService(db, settings.city.id)
    return Services(
        {
            "air": air,
            "air_alarms": Alarms(db, settings.city.id, settings.air),
            "air_rules": settings.air,
            "arrears": arrears,
            "book": book,
            "cases": cases,
            "consents": ConsentService(db, settings.city, settings.messaging),
            "city": settings.city,
            "forecasts": ForecastService(db, settings.city.id, settings.parking),
            "guard": GuardService(db),
            "matters": MatterDesk(settings.city.id, settings.air, channels),
            "parking": parking,
            "parking_chat": settings.parking.chat,
            "parking_terms": {name: source.terms for name, source in sources.items()},
            "people": people,
            "places": PlacesService(db, settings.city.id),
            "reports": ReportService(db, settings.city.id, settings.parking.reports),
            "subscriptions": subscribing,
            "texts": texts,
            "watches": WatchService(db, settings.city.id, settings.parking.watches, channels),
            "wishes": WishService(db, settings.city.id, settings.air, subscribing, channels),
        }
    )


def find_actions(services: Services) -> tuple[dict[str, tuple[str, Handler]], dict[str, Form]]:
    """Every service folder's intents and forms. Raises ValueError when two services claim one name."""
    intents: dict[str, tuple[str, Handler]] = {}
    forms: dict[str, Form] = {}
    for module in loading.folders("actions", "handlers"):
        service = module.__name__.split(".")[1]
        for name, handler in module.INTENTS.items():
            if name in intents:
                raise ValueError(f"{name} is handled by {intents[name][0]} and by {service}")
            intents[name] = (service, handler)
        made = services.bind(module.forms, ())() if hasattr(module, "forms") else ()
        forms.update({form.name: form for form in made})
    return intents, forms


def find_spoken() -> Spoken:
    """Every service folder's handlers and phrases beside its intents (`PRESSED`, `PHRASES`, `ANYBODYS`, `HUSHED`)."""
    handlers: dict[str, Handler] = {}
    phrases: list[tuple[re.Pattern[str], str]] = []
    anybodys: list[tuple[re.Pattern[str], str]] = []
    hushed: list[tuple[re.Pattern[str], str]] = []
    for module in loading.folders("actions", "handlers"):
        handlers |= getattr(module, "PRESSED", {})
        phrases += getattr(module, "PHRASES", ())
        anybodys += getattr(module, "ANYBODYS", ())
        hushed += getattr(module, "HUSHED", ())
    # Who listens to any words at all comes after those who wait for their own.
    anybodys.sort(key=lambda one: one[0].search("·") is not None)
    return Spoken(handlers, tuple(phrases), tuple(anybodys), tuple(hushed))


def _constants(settings: Settings) -> dict[str, dict[str, Any]]:
    """What every template may name, by language."""
    city = settings.city
    shared = {"city_phone": city.phone, "retention_days": city.retention_days}
    return {
        "ko": {**shared, "city": city.name.ko, "office_hours": city.office_hours.ko},
        "en": {**shared, "city": city.name.en, "office_hours": city.office_hours.en},
    }

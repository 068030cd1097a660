"""The `air:` section of config.yml: where air data come from, whose zone is whose, who is told, who acts."""

from datetime import date
from typing import Annotated, Any, Literal

from pydantic import Field

from core.air_device_rules import Devices, Limit, Mqtt, Quorum
from core.air_source_rules import Gaps
from core.section import Bilingual, Section
from core.source_rules import Asking

Latitude = Annotated[float, Field(ge=32, le=39.5)]
Longitude = Annotated[float, Field(ge=123, le=133)]


class Zone(Section):
    """A zone of alerts (권역). `stations`: names of official stations of the `urban` network whose mean is the zone's
    dust; ozone is any one of them. `official_zone`: as the publisher of alerts calls it, "" where nobody relays any.
    `forecast_region`: as the publisher of forecasts calls the part of the country, "" where nobody is told of tomorrow.
    """

    name: Bilingual
    stations: list[str] = []
    official_zone: str = ""
    forecast_region: str = ""


class Stack(Section):
    """One stack or yard of a company. `height_m` above ground; `emits`: words of smells (civic/air/smell) and codes of
    pollutants that it may give off.
    """

    id: str
    lat: Latitude
    lon: Longitude
    height_m: Annotated[float, Field(ge=0, le=300)] = 0
    emits: list[str] = []


class Contact(Section):
    """Who of a company is told, in this order. `phone`: of the person on duty, kept in this file by the city."""

    name: str
    phone: str = ""


class Company(Section):
    """A company by its name in the section: what it is called, where it lets air out, who hears of it.

    `is_named`: the company agreed that the public page names it beside its acknowledgements and actions.
    """

    name: Bilingual
    stacks: list[Stack] = []
    contacts: list[Contact] = []
    is_named: bool = False


class Officer(Section):
    """A member of staff on the duty list, by the name he signs in with. `phone`: "" where no text message is wanted."""

    login: str
    phone: str = ""


class Before(Section):
    """How long it took before the house: matters of these days, or a median that somebody else counted (`source`)."""

    first: date | None = None
    last: date | None = None
    median_minutes: Annotated[float, Field(gt=0)] | None = None
    source: str = ""


class Acting(Section):
    """Who hears of a matter, in which order and how soon (docs/desk/air-acting.md).

    `duty`: then the head of the department, then the admins. `silence_minutes`: without a word the next one hears.
    `tell`: whose chains begin, by kind of matter; without any only a notice to the department is written. `near_km`,
    `without_wind`: when the wind tells nothing, every company so near gets a neutral word, or only the officer.
    `link_hours`: how long a company's link lives. `task_minutes`: by when a task is due that says nothing else.
    `before`, `goal_minutes`: what the figures stand beside; neither is ever mixed in.
    """

    duty: list[Officer] = []
    silence_minutes: Annotated[int, Field(ge=1, le=1440)] = 10
    tell: dict[Literal["limit", "episode", "smell", "sensor"], list[Literal["duty", "companies"]]] = {
        "limit": ["duty", "companies"],
        "smell": ["duty", "companies"],
        "episode": ["duty"],
    }
    near_km: Annotated[float, Field(gt=0, le=20)] = 3
    without_wind: Literal["companies", "officer"] = "companies"
    link_hours: Annotated[int, Field(ge=1, le=720)] = 72
    task_minutes: Annotated[int, Field(ge=5, le=10_080)] = 120
    look_s: Annotated[int, Field(ge=1, le=60)] = 5
    before: Before = Before()
    goal_minutes: float = -90
    goal_source: str = ""


class WeatherStation(Section):
    """Where a wind of the store was measured: `source` and `place` as the source names it. A cell of the weather
    service's grid ("nx,ny") needs no entry here; an entry of the same name stands before it.
    """

    source: str
    place: str
    name: Bilingual
    lat: Latitude
    lon: Longitude


class Cluster(Section):
    """So many people within so many minutes around one place make one matter (docs/adr/0040-odour-to-stack.md)."""

    people: Annotated[int, Field(ge=2, le=1000)] = 10
    minutes: Annotated[int, Field(ge=5, le=240)] = 30
    radius_m: Annotated[float, Field(ge=100, le=10_000)] = 1_000
    joins_minutes: Annotated[int, Field(ge=5, le=1_440)] = 120
    told_from: Annotated[int, Field(ge=5, le=100)] = 5


class Smell(Section):
    """Odour and smoke: when complaints are one matter, and how far a wind path is followed and believed.

    `hours_back` of the path. `stale_minutes`: a wind older than this tells nothing of the moment. `wind_km`: a weather
    station farther away tells nothing of the place. `half_degrees`: a stack more than this off the path is none of its
    possible sources; `fair_degrees`, `fair_km`, `fair_minutes`: up to here a possibility may be called fair.
    `steady`: least length of the mean wind against the mean speed, 1 for a wind that never turns.
    """

    cluster: Cluster = Cluster()
    weather: list[WeatherStation] = []
    hours_back: Annotated[float, Field(gt=0, le=12)] = 3
    stale_minutes: Annotated[int, Field(ge=10, le=360)] = 120
    wind_km: Annotated[float, Field(gt=0, le=100)] = 30
    half_degrees: Annotated[float, Field(gt=0, le=90)] = 30
    fair_degrees: Annotated[float, Field(gt=0, le=90)] = 15
    fair_km: Annotated[float, Field(gt=0, le=50)] = 5
    fair_minutes: Annotated[int, Field(ge=5, le=720)] = 60
    steady: Annotated[float, Field(ge=0, le=1)] = 0.6


class Public(Section):
    """What anybody may read of the air (docs/air-open-data.md). `attributions`: how a source wants to be named where it
    is not one that is switched on here; `attribution`: where nobody said. `reads_per_minute` of one address, of files
    and years `files_per_minute`. `page_rows`: at most on one page. `file_days`: longest period of one file.
    `days`: how far back the page's episodes, matters and corrections go. `smell_k`: a count of complaints stands for at
    least so many people, else it is joined to others or not shown.
    """

    enabled: bool = True
    attribution: str = ""
    licence: str = ""
    licence_url: str = ""
    attributions: dict[str, str] = {}
    reads_per_minute: Annotated[int, Field(ge=1, le=6000)] = 120
    files_per_minute: Annotated[int, Field(ge=1, le=600)] = 12
    page_rows: Annotated[int, Field(ge=1, le=1000)] = 500
    file_days: Annotated[int, Field(ge=1, le=3660)] = 400
    days: Annotated[int, Field(ge=1, le=366)] = 30
    smell_k: Annotated[int, Field(ge=3, le=1000)] = 5


class Watch(Section):
    """How hours become episodes (docs/desk/air-alerts.md). An hour is taken when all stations of the zone have told it,
    `part_minutes` after its end with those that have, and `missing_minutes` after it as missing. `least_stations`:
    valid ones below which a zone has no value. `first_hours`: how far back a new watch begins. `replay_hours`: how far
    back every look finds late and corrected hours; `recheck_days`: the nightly one.
    """

    look_s: Annotated[int, Field(ge=5, le=59)] = 30
    part_minutes: Annotated[int, Field(ge=5, le=600)] = 30
    missing_minutes: Annotated[int, Field(ge=10, le=1440)] = 120
    least_stations: Annotated[int, Field(ge=1, le=50)] = 1
    first_hours: Annotated[int, Field(ge=2, le=2400)] = 72
    replay_hours: Annotated[int, Field(ge=2, le=2400)] = 72
    recheck_days: Annotated[int, Field(ge=1, le=400)] = 120


class Telling(Section):
    """Who hears of a change, how often and when (docs/desk/air-alerts.md). `fresh_minutes`: a change that is noted
    later than this after its hour is shown and not told. `valid_minutes`: a message not out by then is not sent.
    `a_day`: messages a person and day, of which rises to 경보 and higher are none. `night_levels`: those that may break
    the quiet hours for who asked for it. `own_hours_at_night`: hours that somebody chose go before the quiet hours.
    `chunk`: people of one transaction. `evening`: when tomorrow's forecast is told, from `forecast_grade` on.
    """

    fresh_minutes: Annotated[int, Field(ge=30, le=1440)] = 180
    valid_minutes: Annotated[int, Field(ge=10, le=1440)] = 180
    a_day: Annotated[int, Field(ge=1, le=48)] = 6
    night_levels: list[Literal["advisory", "warning", "critical"]] = []
    own_hours_at_night: bool = False
    chunk: Annotated[int, Field(ge=1, le=50_000)] = 5_000
    evening: Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")] = "18:00"
    forecast_grade: Annotated[int, Field(ge=2, le=4)] = 3
    advice_source: str = ""


class Chat(Section):
    """Where a citizen looks for what answers on the air do not hold: `official_url`, `cars_url`."""

    official_url: str = "airkorea.or.kr"
    cars_url: str = ""


class Store(Section):
    """What is kept of the air (docs/desk/air-store.md). `raw_days`: sensors' single values, dropped a day at a time.
    `least_parts`: of an hour's twelve five-minute parts in which a sensor must have spoken, or its mean does not count.
    `ahead_s`: how far a sensor's clock may be ahead. `gone_days`: a public station that nobody spoke of for so long
    is not offered any more.
    """

    raw_days: Annotated[int, Field(ge=1, le=60)] = 3
    least_parts: Annotated[int, Field(ge=1, le=12)] = 9
    ahead_s: Annotated[int, Field(ge=0, le=3_600)] = 60
    gone_days: Annotated[int, Field(ge=1, le=3_650)] = 30


class Air(Section):
    """`sources`: name to its settings; `vendor` names the file integrations/air/<vendor>.py, `enabled` switches it on.
    `asking`: as for parking. `near_km`: a station farther than this is told with its distance and never as "here".
    `department`: whose heads hear of sources, sensors and matters; empty: the admins.
    """

    sources: dict[str, dict[str, Any]] = {}
    asking: Asking = Asking()
    gaps: Gaps = Gaps()
    zones: dict[str, Zone] = {}
    companies: dict[str, Company] = {}
    near_km: Annotated[float, Field(gt=0, le=100)] = 10
    department: str = ""
    chat: Chat = Chat()
    smell: Smell = Smell()
    acting: Acting = Acting()
    public: Public = Public()
    mqtt: Mqtt = Mqtt()
    devices: Devices = Devices()
    limits: dict[str, Limit] = {}
    quorum: Quorum = Quorum()
    watch: Watch = Watch()
    telling: Telling = Telling()
    store: Store = Store()

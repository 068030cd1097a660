"""The `parking:` section of config.yml: where lots come from, which numbers are believed, what citizens may ask for."""

from typing import Annotated, Any, Literal

from pydantic import Field

from core.section import Section
from core.source_rules import Asking as Asking


class Numbers(Section):
    """Which realtime numbers are told. Older than `marked_minutes`: with their age and a warning; older than
    `withdrawn_minutes`: not at all. A lot whose number has not moved for `frozen_hours` counts as frozen.
    """

    marked_minutes: Annotated[int, Field(ge=1, le=240)] = 30
    withdrawn_minutes: Annotated[int, Field(ge=2, le=1440)] = 120
    frozen_hours: Annotated[int, Field(ge=1, le=168)] = 24


class Doubts(Section):
    """When a number is not believed, and for how long (ADR 28). Hours are hours in which the lot is open.

    `skew_s`: a stamp so far ahead of our clock still counts. `drift_bays`: counts beyond the bounds by so few are put
    on the bound. `still_hours`: for lots that stand still honestly (fewer than `tiny_bays` bays, empty, full) in place
    of `numbers.frozen_hours`. A feed: at least `feed_lots` lots and the share `feed_share` doubted at once, or none of
    as many lots moved for `feed_still_hours`. Believed again after `lift_minutes` without a doubt. One alarm a source
    in `alarm_minutes`. Lifted rows are kept for `keep_days`.
    """

    skew_s: Annotated[int, Field(ge=0, le=3600)] = 120
    drift_bays: Annotated[int, Field(ge=0, le=50)] = 0
    still_hours: Annotated[int, Field(ge=1, le=1440)] = 96
    tiny_bays: Annotated[int, Field(ge=0, le=1000)] = 10
    feed_lots: Annotated[int, Field(ge=2, le=10_000)] = 10
    feed_share: Annotated[float, Field(gt=0, le=1)] = 0.5
    feed_still_hours: Annotated[int, Field(ge=1, le=168)] = 12
    lift_minutes: Annotated[int, Field(ge=0, le=1440)] = 30
    alarm_minutes: Annotated[int, Field(ge=1, le=10_080)] = 360
    keep_days: Annotated[int, Field(ge=1, le=3650)] = 365


class History(Section):
    """What is kept of the past: one count a lot in `step_minutes` for `raw_days`, then a day in 96 quarters."""

    step_minutes: Annotated[int, Field(ge=1, le=15)] = 5
    raw_days: Annotated[int, Field(ge=2, le=60)] = 7
    keep_days: Annotated[int, Field(ge=1, le=7300)] = 1100


class Watches(Section):
    """자리 나면 알려줘. `minutes`: how long one lives when nobody says, `most_minutes` at most; `most`: live ones of a
    conversation; `valid_minutes`: how long the word is worth sending; `look_s`: seconds between two looks; `map_url`:
    a map of the lot, with {name}, {lat} and {lon}.
    """

    minutes: Annotated[int, Field(ge=10, le=1440)] = 120
    most_minutes: Annotated[int, Field(ge=10, le=1440)] = 720
    most: Annotated[int, Field(ge=1, le=20)] = 3
    valid_minutes: Annotated[int, Field(ge=1, le=60)] = 10
    look_s: Annotated[int, Field(ge=1, le=59)] = 3
    map_url: str = "https://map.kakao.com/link/map/{name},{lat},{lon}"


class Reports(Section):
    """불법주정차 신고. `accepts`: kind (civic/parking/evidence.csv) to "chat" where the city's own rule takes pictures
    by chat; every other kind is guided to the official app. `source`: that rule. `same_place_m`: how far apart the
    pictures and the place told may lie, in metres.
    """

    accepts: dict[str, Literal["app", "chat"]] = {}
    source: str = ""
    same_place_m: Annotated[int, Field(ge=1, le=500)] = 30


class Chat(Section):
    """What answers add to the data. `map_links`: name of a map to its link, of which {name}, {lat} and {lon} are filled
    in. `town_kmh` and `detour`: how fast one drives in town, and how much longer the road is than the straight line; a
    time to leave that is told from them is named an estimate.
    """

    map_links: dict[str, str] = {}
    town_kmh: Annotated[int, Field(ge=5, le=100)] = 25
    detour: Annotated[float, Field(ge=1, le=3)] = 1.4


class Federation(Section):
    """Our lots for neighbouring installations, signed (ADR 31). `owner`: whose lots they are where a lot does not say;
    "" is the city. `sources`: only the lots of these, empty for all of our own; `passes_on`: neighbours whose lots are
    given on too. A new key signs beside the old one for `key_overlap_days`. Neighbours are asked for numbers each
    `interval_s`, for lots each `static_interval_s`; a page of theirs older than `most_age_minutes` is refused.
    """

    publishes: bool = True
    owner: str = ""
    attribution: str = ""
    licence: str = ""
    licence_url: str = ""
    sources: list[str] = []
    passes_on: list[str] = []
    page_rows: Annotated[int, Field(ge=1, le=2000)] = 500
    reads_per_minute: Annotated[int, Field(ge=1, le=6000)] = 240
    key_overlap_days: Annotated[int, Field(ge=0, le=366)] = 30
    interval_s: Annotated[int, Field(ge=10, le=86_400)] = 60
    static_interval_s: Annotated[int, Field(ge=10, le=604_800)] = 600
    most_age_minutes: Annotated[int, Field(ge=1, le=1440)] = 10


class Pushes(Section):
    """Operators who call us. `most_bytes` of a body, unpacked; a body of the same bytes within `repeat_s` of the last
    one of its key is that one again; keys of calls are remembered for `keep_hours`.
    """

    most_bytes: Annotated[int, Field(ge=10_000, le=64 * 1024 * 1024)] = 8 * 1024 * 1024
    repeat_s: Annotated[int, Field(ge=0, le=600)] = 30
    keep_hours: Annotated[int, Field(ge=1, le=720)] = 48


class Matching(Section):
    """Which lots of two sources may be one (ADR 31). Points up to `near_m` apart are one place, up to `wide_m` where
    the names are equal; `alike`: how much of two names must agree (0…1). `decides_unplaced`: a row without a point
    whose lot number and name are both equal is taken as that lot; `decides_sure`: so are two rows that agree in all.
    """

    near_m: Annotated[int, Field(ge=1, le=200)] = 30
    wide_m: Annotated[int, Field(ge=1, le=1000)] = 150
    alike: Annotated[float, Field(ge=0.5, le=1)] = 0.85
    decides_unplaced: bool = True
    decides_sure: bool = False


class Forecasts(Section):
    """Free places at arrival (ADR 29). Learned each night from the last `history_days`; a lot with fewer than
    `least_days` of them is forecast from its newest count only, two hours ahead; nothing is said more than `ahead_days`
    ahead or by a model older than `model_days`.

    `sure_width`, `fair_width`: how wide the range of 80 % may be, as a share of the places, for its level; before
    `sure_days` of history, and where errors have grown to `drift` times the usual, the level is one lower. `likely`,
    `unlikely`: from which chance a place is said to be likely, and up to which unlikely.
    """

    history_days: Annotated[int, Field(ge=14, le=730)] = 182
    least_days: Annotated[int, Field(ge=7, le=60)] = 7
    ahead_days: Annotated[int, Field(ge=1, le=60)] = 14
    model_days: Annotated[int, Field(ge=1, le=60)] = 7
    sure_days: Annotated[int, Field(ge=7, le=365)] = 21
    sure_width: Annotated[float, Field(gt=0, le=1)] = 0.1
    fair_width: Annotated[float, Field(gt=0, le=1)] = 0.3
    drift: Annotated[float, Field(gt=1, le=5)] = 1.6
    likely: Annotated[float, Field(gt=0, lt=1)] = 0.9
    unlikely: Annotated[float, Field(gt=0, lt=1)] = 0.5


class Feeds(Section):
    """What the city publishes for anybody (docs/parking-feeds.md). `sources`: only lots of these, empty for all;
    `attributions`: how a source wants to be named, where it is not one that is switched on here; `attribution`: where
    nobody said. `reads_per_minute` of one address, of whole files `files_per_minute`. `page_rows`: at most on one page.
    """

    enabled: bool = True
    sources: list[str] = []
    attribution: str = ""
    licence: str = ""
    licence_url: str = ""
    attributions: dict[str, str] = {}
    reads_per_minute: Annotated[int, Field(ge=1, le=6000)] = 120
    files_per_minute: Annotated[int, Field(ge=1, le=600)] = 6
    page_rows: Annotated[int, Field(ge=1, le=1000)] = 500


class Map(Section):
    """The page of lots. `style_url`: a MapLibre style (https) whose tiles lie under the lots; empty: no tiles, and no
    reader's address goes to anybody else.
    """

    style_url: Annotated[str, Field(pattern=r"^(https://\S+)?$")] = ""


class Target(Section):
    """What the city hopes for, shown beside what was measured and never mixed into it. `source`: who said so."""

    use_percent: float | None = None
    reports_percent: float | None = None
    source: str = ""


class Figures(Section):
    """Use rates and reports by month (docs/desk/parking-usage.md). A day is compared when the share `day_share` of its
    open quarters is known, a lot when it has `least_days` such days and `least_share` of all quarters in both periods.
    `full`: from which use on it counts as full. `cars`: registered cars of the city by `cars_source`, 0 where unknown.
    """

    day_share: Annotated[float, Field(gt=0, le=1)] = 0.75
    least_days: Annotated[int, Field(ge=2, le=366)] = 7
    least_share: Annotated[float, Field(gt=0, le=1)] = 0.5
    full: Annotated[float, Field(gt=0.5, le=1)] = 0.95
    cars: Annotated[int, Field(ge=0, le=100_000_000)] = 0
    cars_source: str = ""
    target: Target = Target()


class Parking(Section):
    """`sources`: name to its settings; `vendor` names the file integrations/parking/<vendor>.py, `enabled` switches
    it on, the rest is that file's own `Settings`. `department`: whose heads hear of sources and doubted numbers; empty:
    the admins.
    """

    sources: dict[str, dict[str, Any]] = {}
    numbers: Numbers = Numbers()
    watches: Watches = Watches()
    reports: Reports = Reports()
    doubts: Doubts = Doubts()
    asking: Asking = Asking()
    history: History = History()
    department: str = ""
    chat: Chat = Chat()
    federation: Federation = Federation()
    pushes: Pushes = Pushes()
    matching: Matching = Matching()
    forecasts: Forecasts = Forecasts()
    feeds: Feeds = Feeds()
    map: Map = Map()
    figures: Figures = Figures()

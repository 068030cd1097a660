"""What runs by the clock: one line a job, its work in a module of its own."""

from functools import partial
from typing import TYPE_CHECKING

from bot.accounts import Accounts
from bot.air.acting import Acting
from bot.air.checking import Checking
from bot.air.gaps import remembering
from bot.air.keeping import AirKeeping
from bot.air.rounds import Rounds as AirRounds
from bot.air.smelling import Smelling
from bot.air.watching import AirWatching
from bot.arrears.scheduling import schedule_arrears
from bot.campaigning import Campaigning
from bot.care import Care
from bot.codes import CodeKeeping
from bot.days import settle_days_off
from bot.falling import Falling
from bot.guarding import Guarding
from bot.parking.keeping import ParkingKeeping
from bot.parking.learning import Learning
from bot.parking.matching import LotMatching
from bot.parking.peers import peer_sources
from bot.parking.pushes import PushKeeping
from bot.parking.rounds import Rounds as ParkingRounds
from bot.parking.watching import Watching
from bot.rounds import Rounds
from bot.scanning import Scanning
from bot.search import SearchKeeping
from bot.sweep import Sweep
from bot.tidying import Tidying
from bot.webhooks import WebhookSender
from core.contracts.channel import House
from core.jobs import Jobs

if TYPE_CHECKING:
    from bot.bootstrap import Running


def schedule_all(jobs: Jobs, running: "Running", house: House) -> None:
    """Name every job of this process, before `jobs` starts."""
    _schedule_sweeps(jobs, running)
    _schedule_care(jobs, running)
    _schedule_search(jobs, running)
    _schedule_outside(jobs, running, house)
    _schedule_staffroom(jobs, running)
    _schedule_parking(jobs, running)
    _schedule_air(jobs, running)
    schedule_arrears(jobs, running)


def _schedule_care(jobs: Jobs, running: "Running") -> None:
    """Records about people and changes: linked, anchored, sealed, purged, anonymised."""
    care = Care(running.db, running.vault, running.settings, running.files, running.var, running.secret, running.clock)
    jobs.every("audit.link", "*/5 * * * * *", care.link)
    jobs.every("audit.anchor", "0 50 23 * * *", care.anchor)
    jobs.every("data.anonymise", "0 40 4 * * *", care.anonymise)
    jobs.every("logs.purge", "0 50 4 * * *", care.purge_logs)
    jobs.every("keys.seal", "0 0 5 * * *", care.seal)
    accounts = Accounts(running.db, running.settings.city.id, running.clock)
    jobs.every("staff.forget", "0 30 4 * * *", accounts.forget)


def _schedule_search(jobs: Jobs, running: "Running") -> None:
    """What a search knows of the words in use."""
    keeping = SearchKeeping(running.db, running.settings.city.id, running.clock)
    jobs.every("search.learn", "50 * * * * *", keeping.learn_new)
    jobs.every("search.count", "0 30 3 * * *", keeping.count_all)


def _schedule_outside(jobs: Jobs, running: "Running", house: House) -> None:
    """Other systems are told of changes in cases."""
    sender = WebhookSender(running.db, house.http, running.settings, running.clock, running.owner)
    jobs.every("webhooks.send", f"2/{running.settings.messaging.sweep_s} * * * * *", sender.send_due)
    jobs.every("webhooks.forget", "0 20 4 * * *", sender.forget)


def _schedule_staffroom(jobs: Jobs, running: "Running") -> None:
    """Rooms of staff in a messenger; where none is set up there is nothing to follow."""
    room = running.desk.staffroom
    if room is not None and room.is_open:
        jobs.every("staffroom.follow", "* * * * * *", room.follow)
        jobs.every("staffroom.sweep", "15 * * * * *", room.sweep)
        jobs.every("staffroom.forget", "0 25 4 * * *", room.forget)


def _schedule_parking(jobs: Jobs, running: "Running") -> None:
    """Lots and free places: sources are asked, nights fold the days, who waits for a place hears of it."""
    rules, city_id = running.settings.parking, running.settings.city.id
    neighbours = partial(peer_sources, rules=rules.federation)
    asking = ParkingRounds(
        running.db,
        running.sources,
        running.outside,
        rules,
        city_id,
        running.clock,
        running.owner,
        more=[neighbours],
    )
    jobs.every("parking.rounds", "*/5 * * * * *", asking.go)
    jobs.every("parking.keep", "0 40 3 * * *", ParkingKeeping(running.db, rules, city_id, running.clock).go)
    watching = Watching(running.db, running.desk, running.channels, running.texts, running.settings, running.clock)
    jobs.every("parking.watches", f"*/{running.settings.parking.watches.look_s} * * * * *", watching.go)
    learning = Learning(running.db, city_id, rules.forecasts, running.clock)
    matching = LotMatching(running.db, city_id, rules.matching, running.clock)
    jobs.every("parking.same", "45 * * * * *", matching.go)
    jobs.every("parking.pushes", "0 5 * * * *", PushKeeping(running.db, rules.pushes, city_id, running.clock).go)
    jobs.every("parking.learn", "0 50 3 * * *", learning.go)


def _schedule_air(jobs: Jobs, running: "Running") -> None:
    """The air: sources are asked for hours, wind, alerts and forecasts, and for hours that were missed."""
    air, city_id = running.settings.air, running.settings.city.id
    sources = {**running.air_sources, **remembering(running.air_sources, running.db, city_id, air)}
    asking = AirRounds(running.db, sources, running.outside, air, city_id, running.clock, running.owner)
    jobs.every("air.rounds", "1/5 * * * * *", asking.go)
    acting = Acting(running.db, running.desk, running.channels, running.texts, running.settings, running.clock)
    smelling = Smelling(running.db, running.desk, running.settings, running.book, running.clock)
    jobs.every("air.smells", "4/10 * * * * *", smelling.go)
    jobs.every("air.matters", f"*/{air.acting.look_s} * * * * *", acting.go)
    terms = {name: source.terms for name, source in running.air_sources.items()}
    watching = AirWatching(running.db, running.channels, running.texts, running.settings, running.clock, terms)
    jobs.every("air.watch", f"3/{air.watch.look_s} * * * * *", watching.go)
    jobs.every("air.recheck", "0 20 3 * * *", watching.recheck)
    keeping = AirKeeping(running.db, air.store, city_id, running.clock)
    jobs.every("air.roll", "7/20 * * * * *", keeping.roll)
    jobs.every("air.keep", "0 8 * * * *", keeping.go)
    checking = Checking(running.db, air, city_id, running.clock)
    jobs.every("air.check", "10 * * * * *", checking.go)
    jobs.every("air.look", "40 */10 * * * *", checking.look)
    jobs.every("air.compare", "30 25 * * * *", checking.compare)


def _schedule_sweeps(jobs: Jobs, running: "Running") -> None:
    """The sweeps: what a dead process left, what must be sent later, what has been forgotten."""
    sweep = Sweep(
        running.db,
        running.desk,
        running.dialogue,
        running.channels,
        running.texts,
        running.settings,
        running.files,
        running.clock,
    )
    scanning = Scanning(running.db, running.files, running.settings.city.id, running.clock)
    seconds = running.settings.messaging.sweep_s
    jobs.every("inbound.left_behind", f"*/{seconds} * * * * *", sweep.answer_left_behind)
    jobs.every("outbound.drain", f"1/{seconds} * * * * *", sweep.send_due)
    jobs.every("forms.forgotten", "20 * * * * *", sweep.close_forgotten_forms)
    jobs.every("files.scan", "30 * * * * *", scanning.look_again)
    jobs.every("data.forget", "0 10 4 * * *", sweep.forget)
    jobs.every("outbound.count", "*/15 * * * * *", sweep.count_waiting)
    jobs.every("outbound.expire", "40 * * * * *", sweep.expire_old)
    falling = Falling(running.db, running.desk, running.channels, running.settings, running.clock)
    jobs.every("outbound.fall_back", "5/10 * * * * *", falling.go)
    jobs.every("guard.watch", "*/10 * * * * *", Guarding(running.db, running.settings.city.id, running.clock).go)
    campaigning = Campaigning(running.db, running.channels, running.settings, running.clock)
    jobs.every("campaigns.fill", "*/15 * * * * *", campaigning.go)
    jobs.every("consents.renew", "0 0 10 * * *", campaigning.renew)
    rounds = Rounds(running.db, running.desk, running.settings, running.clock)
    jobs.every("cases.rounds", "*/20 * * * * *", rounds.go)
    settling = partial(settle_days_off, running.db, running.cases, running.settings, running.clock)
    jobs.every("days_off.settle", "35 * * * * *", settling)
    keeping = CodeKeeping(running.db, running.files, running.clock)
    jobs.every("people.codes", "25 * * * * *", keeping.go)
    tidying = Tidying(running.db, running.settings, running.clock)
    jobs.every("desk.tidy", "0 30 4 * * *", tidying.go)

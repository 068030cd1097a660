"""What of arrears runs by the clock: one line a job, its work in a module of its own."""

from typing import TYPE_CHECKING

from bot.arrears.asking_banks import AskingBanks
from bot.arrears.counting import Counting
from bot.arrears.following import Following
from bot.arrears.importing import KIND as IMPORT
from bot.arrears.importing import Importing
from bot.arrears.plans import Plans
from bot.arrears.reckoning import Reckoning
from bot.arrears.reconciling import Reconciling
from bot.arrears.running import ArrearsRuns
from bot.arrears.seizing import Seizing
from bot.arrears.simulating import KIND as SIMULATION
from bot.arrears.simulating import Simulating
from bot.arrears.telling import Word
from core.jobs import Jobs

if TYPE_CHECKING:
    from bot.bootstrap import Running


def schedule_arrears(jobs: Jobs, running: "Running") -> None:
    """Name the jobs of the ledger, of notices and of seizures."""
    seizing = Seizing(running.db, running.settings, running.clock)
    following = Following(running.db, running.settings, running.clock)
    jobs.every("arrears.follow", "* * * * * *", following.go)
    jobs.every("arrears.seize", f"*/{running.settings.arrears.seizure.look_s} * * * * *", seizing.go)
    runs = ArrearsRuns(running.db, running.channels, running.settings, running.clock)
    jobs.every("arrears.runs", "*/3 * * * * *", runs.go)
    _citizens(jobs, running)
    _ledger(jobs, running)
    _money(jobs, running)
    _banks(jobs, running)
    simulating = Simulating(running.db, running.settings.arrears, running.settings.city.id, running.clock)
    jobs.handle(SIMULATION, simulating.job, attempts=20, wait_s=2, timeout_s=3_600)
    jobs.every("arrears.simulations", "*/2 * * * * *", lambda: simulating.look(jobs))
    counting = Counting(running.db, running.settings, running.clock)
    jobs.every("arrears.count", "20 0 * * *", counting.go)
    jobs.every("arrears.forget", "50 3 * * *", counting.forget)


def _citizens(jobs: Jobs, running: "Running") -> None:
    word = Word(running.texts, running.settings, running.channels)
    plans = Plans(running.db, running.settings, word, running.clock)
    jobs.every("arrears.thanks", "*/5 * * * * *", plans.thank)
    jobs.every("arrears.plans", "5 9-20 * * *", plans.look)
    jobs.every("arrears.deemed", "*/10 * * * *", plans.deem)


def _banks(jobs: Jobs, running: "Running") -> None:
    rules, city_id = running.settings.arrears, running.settings.city.id
    asking = AskingBanks(running.db, running.banks, rules, city_id, running.clock, running.owner)
    jobs.every("arrears.banks", f"*/{rules.banks.look_s} * * * * *", asking.go)
    reconciling = Reconciling(running.db, running.banks, rules, city_id, running.clock)
    jobs.every("arrears.banks_kept", "0 50 3 * * *", asking.forget)
    jobs.every("arrears.reconcile", "2/5 * * * * *", reconciling.look)
    jobs.every("arrears.reconcile_nightly", "0 15 2 * * *", reconciling.nightly)


def _ledger(jobs: Jobs, running: "Running") -> None:
    importing = Importing(running.db, running.settings.arrears, running.settings.city.id, running.clock)
    jobs.handle(IMPORT, importing.job, attempts=20, wait_s=2, timeout_s=3_600)
    jobs.every("arrears.imports", "*/3 * * * * *", lambda: importing.look(jobs))
    jobs.every("arrears.imports_kept", "40 3 * * *", importing.keep)


def _money(jobs: Jobs, running: "Running") -> None:
    reckoning = Reckoning(running.db, running.settings, running.clock)
    jobs.every("arrears.prescriptions", "20 2 * * *", reckoning.prescriptions)
    jobs.every("arrears.new_bills", "*/10 * * * *", reckoning.new_bills)
    jobs.every("arrears.accounts", "50 2 * * *", reckoning.accounts)

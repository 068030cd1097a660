"""What of arrears runs by the clock: one line a job, its work in a module of its own."""

from typing import TYPE_CHECKING

from core.jobs import Jobs

if TYPE_CHECKING:
    from bot.bootstrap import Running


def schedule_arrears(jobs: Jobs, running: "Running") -> None:
    """Name the jobs of the ledger, of notices and of seizures."""

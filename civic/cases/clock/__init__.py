"""The statutory clock (처리기간): when a 민원 is due and why; working time as every other room may count it."""

from civic.cases.clock.calendar import FIRST, DaysOff, WorkingDays, working_days
from civic.cases.clock.days_off import days_off_of
from civic.cases.clock.deadline import Deadline
from civic.cases.clock.due import Due, due
from civic.cases.clock.pause import Pause
from civic.cases.clock.transfer import transfer_due
from civic.cases.clock.working import share_of, working_after, working_before, working_hours_between

__all__ = [
    "FIRST",
    "DaysOff",
    "Deadline",
    "Due",
    "Pause",
    "WorkingDays",
    "days_off_of",
    "due",
    "share_of",
    "transfer_due",
    "working_after",
    "working_before",
    "working_days",
    "working_hours_between",
]

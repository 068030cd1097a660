"""The statutory period of a case that is opened again: a new one, by the law of that day."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from civic.cases.case import Case
from civic.cases.clock import DaysOff, Deadline, Due, days_off_of, due, law
from civic.cases.status import Status

_AGAIN = "민원 처리에 관한 법률 제9조·제19조"


async def period_again(tx: AsyncConnection, case: Case, now: datetime, configured: DaysOff | None) -> Due:
    """The statutory period of a case that is opened again `now`.

    After a refusal it is an objection (민원처리법 §35 ②: decided within 10 days); after any other end the same matter
    is a petition once more and has its own period again (§9, §19), counted from now and not from the first receipt.
    """
    deadline, article = Deadline.read(case.due_rule["deadline"]), _AGAIN
    if case.status is Status.REFUSED:
        rules = law.at(now)
        article = rules.article("objection_days")
        deadline = Deadline("days", rules.number("objection_days"), article, rules.certainty("objection_days"))
    found = due(now, deadline, days_off=await days_off_of(tx, case.city_id, configured or {}))
    return Due(found.at, {**found.rule, "again_article": article})

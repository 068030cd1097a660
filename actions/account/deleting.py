"""내 정보 삭제: what goes and what the law keeps is said first, two yeses are asked, then it is done at once."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from civic.cases.service import Actor, CaseService
from civic.files.service import leave_orphans
from civic.people.service import PeopleService
from civic.subjects import service as subjects
from core.contracts.dialogue import Choice, Form, OpenForm, Reply, Say, Slot, Turn
from core.settings import City

_HUMAN = Choice("do:talk_to_human", key="intent.talk_to_human")


async def delete_my_data(turn: Turn, people: PeopleService, cases: CaseService, city: City) -> Reply:
    """A duty of the city is named with its law and nothing is asked; else the form that asks twice."""
    if turn.citizen_id is not None:
        async with cases.db.reading() as tx:
            keep = timedelta(days=city.retention_days)
            standing = await subjects.duty(tx, turn.citizen_id, turn.now, keep, city.retention_source)
        if standing is not None:
            reason = standing.reason_ko if turn.lang == "ko" else standing.reason_en
            return Reply((Say("account.must_keep", {"reason": reason, "phone": city.phone}, (_HUMAN,)),))
    kept = await people.kept(turn.conversation_id, turn.citizen_id)
    told = {"cases": kept.cases, "messages": kept.messages, "channels": len(kept.channels)}
    return Reply(open_form=OpenForm("account_delete", {"told": told}))


def deletion_form() -> Form:
    """The second question takes no bare yes: he presses, or says the word."""
    return Form(
        "account_delete",
        (
            Slot(
                "sure",
                "confirm",
                choices=(Choice("set:yes", key="account_delete.go_on"), Choice("set:no", key="account_delete.stop")),
            ),
            Slot(
                "really",
                "choice",
                choices=(Choice("set:yes", key="account_delete.really"), Choice("set:no", key="account_delete.leave")),
            ),
        ),
        submit=submit,
    )


async def submit(turn: Turn, slots: Mapping[str, Any], city: City) -> Reply:
    if slots["really"] != "yes":
        return Reply((Say("account_delete.cancelled"),))

    async def write(tx: AsyncConnection) -> Mapping[str, Any]:
        if turn.citizen_id is None:
            done = await subjects.forget_nameless(tx, turn.city_id, turn.conversation_id, turn.now)
        else:
            done = await subjects.forget(
                tx,
                turn.city_id,
                turn.citizen_id,
                staff_id=None,
                actor=Actor.citizen(turn.citizen_id),
                keep=timedelta(days=city.retention_days),
                source=city.retention_source,
                now=turn.now,
                own_turn=turn.conversation_id,
            )
        await leave_orphans(tx, done.files, turn.now)
        return {"receipt": str(done.receipt), "cases": done.cases, "conversations": done.conversations}

    return Reply((Say("account.deleted"),), write=write)

"""Written documents of a seizure: to bank and debtor, the record of it, and of the release to all who were told.

The statute wants them in writing (지방세징수법 §38, §51, §64, §67); listed here, served by the notices room.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.arrears.money.owing import owed
from civic.arrears.notices.letters import Kind, NewLetter, list_letters
from civic.arrears.records import BillOwed, DebtorOwed
from civic.arrears.seizure import states
from civic.arrears.seizure.reasons import STUCK, reason
from civic.arrears.seizure.rows import Seizure, accounts
from civic.arrears.seizure.tables import arrears_seizures
from core.arrears_rules import Arrears
from core.clock import SEOUL

OF_A_SEIZURE: tuple[Kind, ...] = ("seizure_bank", "seizure_debtor", "record")


async def tell_next(tx: AsyncConnection, city_id: str, now: datetime, rules: Arrears) -> int:
    """List what the next seizures that took effect must tell; how many seizures."""
    table = arrears_seizures
    effective = ("held", "collecting", "collected", "releasing")
    wanted = (
        select(table)
        .where(table.c.city_id == city_id, table.c.told_at.is_(None), table.c.state.in_(effective))
        .order_by(table.c.id)
        .limit(rules.seizure.at_once)
        .with_for_update(skip_locked=True)
    )
    found = [Seizure.of(row) for row in await tx.execute(wanted)]
    if not found:
        return 0
    on = now.astimezone(SEOUL).date()
    opened = await accounts(tx, [one.found_id for one in found])
    owing = await owed(tx, city_id, {one.debtor_id for one in found}, on)
    await states.amend(tx, found, now, told_at=now)
    letters = [letter for one in found for letter in _of_seizure(one, opened[one.found_id], owing, on, rules)]
    await list_letters(tx, city_id, letters, now, prefix=rules.notices.sender.document_prefix)
    return len(found)


def _of_seizure(
    one: Seizure, account: str, owing: Mapping[UUID, DebtorOwed], on: date, rules: Arrears
) -> list[NewLetter]:
    facts = {**_facts(one, account, rules), "amount_krw": one.held_krw or one.asked_krw, "seized_on": on.isoformat()}
    bills: Sequence[BillOwed] = owing[one.debtor_id].bills if one.debtor_id in owing else ()
    made = []
    for kind in OF_A_SEIZURE:
        said = {**facts, "recipient": _bank(one, rules)} if kind == "seizure_bank" else facts
        made.append(NewLetter(one.debtor_id, kind, bills, said, f"seizure:{one.id}:{kind}"))
    return made


async def tell_release(tx: AsyncConnection, seizures: Sequence[Seizure], now: datetime, rules: Arrears) -> None:
    """To the debtor and to the bank, who both were told of the seizure (§64). Last in its transaction."""
    if not seizures:
        return
    on = now.astimezone(SEOUL).date().isoformat()
    opened = await accounts(tx, [one.found_id for one in seizures])
    letters = []
    for one in seizures:
        said = reason(_code(one))
        facts = {
            **_facts(one, opened[one.found_id], rules),
            "released_on": on,
            "release_reason": f"{said.text_ko} ({said.article})",
            "amount_krw": one.releasing_krw,
        }
        key = f"release:{one.id}:{one.version}"
        letters.append(NewLetter(one.debtor_id, "release", (), facts, f"{key}:debtor"))
        letters.append(
            NewLetter(one.debtor_id, "release", (), {**facts, "recipient": _bank(one, rules)}, f"{key}:bank")
        )
    await list_letters(tx, seizures[0].city_id, letters, now, prefix=rules.notices.sender.document_prefix)


async def tell_join(tx: AsyncConnection, seizures: Sequence[Seizure], now: datetime, rules: Arrears) -> None:
    """참가압류통지 (§67) to the debtor and the bank. Who was first the bank knows: an officer asks and tells it."""
    if not seizures:
        return
    opened = await accounts(tx, [one.found_id for one in seizures])
    letters = []
    for one in seizures:
        facts = {**_facts(one, opened[one.found_id], rules), "amount_krw": one.asked_krw}
        key = f"seizure:{one.id}:join"
        letters.append(NewLetter(one.debtor_id, "join", (), facts, key))
        letters.append(NewLetter(one.debtor_id, "join", (), {**facts, "recipient": _bank(one, rules)}, f"{key}:bank"))
    await list_letters(tx, seizures[0].city_id, letters, now, prefix=rules.notices.sender.document_prefix)


def _code(one: Seizure) -> str:
    """Why it is let go, in whole or in part. That a bank refused something before is no reason to tell anybody."""
    if not one.why.startswith(STUCK):
        return one.why or "paid_partly"
    return "collected" if one.collected_krw else "paid_partly"


def bank_name(code: str, rules: Arrears) -> str:
    known = rules.banks.banks.get(code)
    return known.name if known else code


def _facts(one: Seizure, account: str, rules: Arrears) -> dict[str, Any]:
    return {
        "bank_name": bank_name(one.bank, rules),
        "account": account,
        "seizure_no": one.document,
        "seizure_document": one.document,
    }


def _bank(one: Seizure, rules: Arrears) -> dict[str, str]:
    """제3채무자. Its address is the notices room's to fill in before printing: the order itself went electronically."""
    return {"name": bank_name(one.bank, rules), "address": "", "postcode": ""}

"""The ledger of recipients, made chunk by chunk before anybody is told: who, how much, by which way, what it says.

What the second person approves is what is sent: amounts are frozen, the words are rendered and sealed here, so that
queuing a hundred thousand messages is an INSERT … SELECT (ADR 45).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.arrears.money.accounts import VirtualAccount
from civic.arrears.money.books import hold
from civic.arrears.notices.ladder import Due, due
from civic.arrears.runs.accounts import accounts_for
from civic.arrears.runs.judging import Standing, frozen, key_of, mobile_of, standings
from civic.arrears.runs.tables import arrears_runs
from civic.arrears.runs.texts import Sender, Words, lang_of, told, values_of
from civic.arrears.runs.ways import Choice, Known, choose
from civic.arrears.runs.writing import Criteria, Run
from civic.conversations.tables import conversations
from civic.people.service import international
from core.db import driver
from core.ids import new_id
from core.vault import Vault, vault_of

_COPY = """COPY arrears_run_recipients (id, run_id, city_id, debtor_id, bills, amount_krw, way, first_way, state,
    reason, lang, times, address_key, address, body, updated_at) FROM STDIN"""


@dataclass(frozen=True, slots=True)
class Outlet:
    """The channel for text messages: its name, "" where none is switched on."""

    channel: str


@dataclass(frozen=True, slots=True)
class Prepared:
    """`looked` at so many due debtors in this chunk; `is_done`: there are no more."""

    looked: int
    is_done: bool


@dataclass(frozen=True, slots=True)
class _Thread:
    is_stopped: bool
    is_unreachable: bool


async def prepare_chunk(
    tx: AsyncConnection, run: Run, sender: Sender, words: Words, outlet: Outlet, now: datetime
) -> Prepared:
    """The next debtors of a run that is being prepared (its row is locked); position and rows go together."""
    rules = sender.rules
    on, most = run["reckoned_on"], rules.runs.chunk
    found = await due(tx, run["city_id"], run["level"], on, rules, run["last_id"], most)
    if not found:
        # A hundred thousand rows that the planner has not heard of yet would be looked for one by one.
        await (await driver(tx)).execute("ANALYZE arrears_run_recipients")
        await _set(tx, run, status="prepared", prepared_at=now, updated_at=now, version=run["version"] + 1)
        return Prepared(0, is_done=True)
    ids = [one.debtor_id for one in found]
    await hold(tx, ids)  # a payment of this moment waits until the rows are there to be stopped by it
    stand = await standings(tx, run["city_id"], ids, on)
    wanted = [one for one in found if _meets(Criteria.of(run["criteria"]), one, stand[one.debtor_id])]
    rows = await _rows(tx, run, wanted, stand, sender, words, outlet, now)
    await _copy(tx, rows)
    await _set(tx, run, last_id=found[-1].debtor_id, looked=run["looked"] + len(found))
    return Prepared(len(found), is_done=False)


def _meets(criteria: Criteria, one: Due, standing: Standing) -> bool:
    bills = [standing.bills[bill_id] for bill_id in one.bill_ids if bill_id in standing.bills]
    person = standing.person
    if person is None or one.total_krw < criteria.minimum_krw:
        return False
    if criteria.maximum_krw is not None and one.total_krw > criteria.maximum_krw:
        return False
    if criteria.tax_items and not any(bill.tax_item in criteria.tax_items for bill in bills):
        return False
    if criteria.companies is not None and person.is_company != criteria.companies:
        return False
    first, last = criteria.due_from, criteria.due_until
    is_in_time = any((not first or bill.due_on >= first) and (not last or bill.due_on <= last) for bill in bills)
    return criteria.area in person.address and (is_in_time or not (first or last))


async def _rows(
    tx: AsyncConnection,
    run: Run,
    wanted: Sequence[Due],
    stand: Mapping[UUID, Standing],
    sender: Sender,
    words: Words,
    outlet: Outlet,
    now: datetime,
) -> list[dict[str, Any]]:
    vault, city_id = vault_of(tx), run["city_id"]
    is_written = run["level"] in sender.rules.runs.written
    going = [one for one in wanted if not _barred(one, stand[one.debtor_id], is_written=is_written)]
    mobiles = {one.debtor_id: mobile_of(stand[one.debtor_id].person) for one in going}
    keys = {debtor_id: key_of(vault, mobile) for debtor_id, mobile in mobiles.items() if mobile}
    threads = await _threads(tx, city_id, outlet.channel, list(keys.values()))
    accounts = await accounts_for(tx, city_id, list(keys), now, sender.rules)
    rows = []
    for one in wanted:
        standing = stand[one.debtor_id]
        row = _row(run, one, standing, now)
        if why := _barred(one, standing, is_written=is_written):
            row |= {"state": "excluded", "reason": why}
        else:
            key = keys.get(one.debtor_id, "")
            known = _known(mobiles[one.debtor_id], standing, threads.get(key), words, outlet)
            account = accounts.get(one.debtor_id)
            row |= _way(vault, row, run, one, standing, known, key, sender, words, account)
        rows.append(row)
    return rows


def _barred(one: Due, standing: Standing, *, is_written: bool) -> str:
    """Why he gets nothing. A stop bids every message wait; a written level's letter only where the ladder says so."""
    if one.excluded or is_written:
        return one.excluded
    return standing.whole_stop() or ("" if standing.free(one.bill_ids) else "stopped")


def _row(run: Run, one: Due, standing: Standing, now: datetime) -> dict[str, Any]:
    bills = standing.free(one.bill_ids) or standing.of(one.bill_ids)
    return {
        "id": new_id(),
        "run_id": run["id"],
        "city_id": run["city_id"],
        "debtor_id": one.debtor_id,
        "bills": frozen(bills),
        "amount_krw": sum(bill.total_krw for bill in bills) if bills else one.total_krw,
        "way": "",
        "first_way": "",
        "state": "ready",
        "reason": "",
        "lang": "ko",
        "times": one.times,
        "address_key": None,
        "address": None,
        "body": {},
        "updated_at": now,
    }


def _known(mobile: str, standing: Standing, thread: _Thread | None, words: Words, outlet: Outlet) -> Known:
    return Known(
        mobile=mobile,
        is_wrong_number=standing.has_wrong_number,
        is_stopped=thread is not None and thread.is_stopped,
        is_unreachable=thread is not None and thread.is_unreachable,
        words={kind for kind, _ in words},
        has_channel=bool(outlet.channel),
    )


def _way(
    vault: Vault,
    row: Mapping[str, Any],
    run: Run,
    one: Due,
    standing: Standing,
    known: Known,
    key: str,
    sender: Sender,
    words: Words,
    account: VirtualAccount | None,
) -> dict[str, Any]:
    """The first way whose words can be said of him; else the letter, and why."""
    person = standing.person
    assert person is not None
    lang, ways = lang_of(words, person.lang), sender.rules.runs.ways
    if why := standing.whole_stop():
        return {"way": "letter", "first_way": "letter", "reason": why, "lang": lang}
    choice: Choice = choose(known, ways)
    bills = standing.free(one.bill_ids) or standing.of(one.bill_ids)
    values = values_of(sender, run["level"], person, bills, account, run["reckoned_on"], one.times, lang)
    message = told(choice, words, values, lang, sender.sms) if choice.kind else None
    if message is None and choice.kind == "alimtalk":
        message = told(choose(known, ways, "alimtalk"), words, values, lang, sender.sms)
    if message is None:
        reason = choice.reason or _wordless(run, sender, words, lang, has_account=account is not None)
        return {"way": "letter", "first_way": "letter", "reason": reason, "lang": lang}
    address = vault.seal_text(international(known.mobile), f"conversations.address:{row['id']}")
    body = vault.seal_json(message.body, f"outbound.body:{row['id']}")
    told_by = {"way": message.way, "first_way": message.way, "lang": lang}
    return {**told_by, "address_key": key, "address": address, "body": body}


def _wordless(run: Run, sender: Sender, words: Words, lang: str, *, has_account: bool) -> str:
    """Words that name the number of a document (문서번호) can be said once it was sent: until then it goes alone."""
    if not has_account:
        return "no_account"
    names_document = any("문서번호" in one.body for (_, of), one in words.items() if of == lang)
    return "letter_first" if names_document and run["level"] in sender.rules.runs.written else "no_words"


async def _threads(tx: AsyncConnection, city_id: str, channel: str, keys: Sequence[str]) -> dict[str, _Thread]:
    """Conversations that these numbers have with us, by key."""
    if not keys:
        return {}
    thread = conversations.c
    wanted = select(thread.address, thread.stopped_at, thread.unreachable_at).where(
        thread.city_id == city_id, thread.channel == channel, thread.address.in_(keys)
    )
    rows = await tx.execute(wanted)
    return {row.address: _Thread(row.stopped_at is not None, row.unreachable_at is not None) for row in rows}


async def _copy(tx: AsyncConnection, rows: Sequence[Mapping[str, Any]]) -> None:
    connection = await driver(tx)
    async with connection.cursor() as cursor, cursor.copy(_COPY) as copying:
        for row in rows:
            plain = {name: orjson.dumps(row[name]).decode() for name in ("bills", "body")}
            await copying.write_row([plain.get(name, value) for name, value in row.items()])


async def _set(tx: AsyncConnection, run: Run, **values: Any) -> None:
    await tx.execute(update(arrears_runs).where(arrears_runs.c.id == run["id"]).values(**values))

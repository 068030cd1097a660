"""What comes after the first message: reckoned anew when part was paid, the next way when it did not arrive, a letter.

Each recipient is held against what holds now before anything more is said to him.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import RowMapping, Select, and_, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.arrears.money.accounts import VirtualAccount
from civic.arrears.notices.ladder import Due
from civic.arrears.notices.letters import NewLetter, list_letters
from civic.arrears.notices.steps import told
from civic.arrears.runs import texts
from civic.arrears.runs.accounts import accounts_for
from civic.arrears.runs.judging import Standing, Verdict, frozen, judge, key_of, mobile_of, standings
from civic.arrears.runs.stopping import give_back
from civic.arrears.runs.tables import arrears_run_recipients
from civic.arrears.runs.texts import Sender, Told, Words
from civic.arrears.runs.ways import Known, choose
from civic.arrears.runs.writing import Run
from civic.conversations.outbound import Draft, queue
from civic.conversations.rules import schedule
from civic.conversations.tables import outbound
from civic.people.codes import open_thread
from core.clock import SEOUL
from core.settings import Messaging
from core.vault import vault_of

ENDED = ("failed", "unknown", "expired", "cancelled")
_ROW = arrears_run_recipients.c
_COLUMNS = tuple(column for column in _ROW if column.name not in ("body", "address"))


@dataclass(frozen=True, slots=True)
class Round:
    """What every step here needs: the run, whose notice it is, its approved words, the channel for texts ("": none)."""

    run: Run
    sender: Sender
    words: Words
    channel: str
    messaging: Messaging
    now: datetime

    @property
    def is_written(self) -> bool:
        return self.run["level"] in self.sender.rules.runs.written


async def reckon_anew(tx: AsyncConnection, here: Round, most: int) -> list[UUID]:
    """Queue again, with today's amount and number, whose message was cancelled for a change; once each. The
    conversations with something new to send."""
    wanted = _of(here.run).where(_ROW.state == "ready", _ROW.way != "letter", _ROW.anew == 1)
    return await _again(tx, here, await _locked(tx, wanted, most), "", None)


async def fall(tx: AsyncConnection, here: Round, most: int) -> tuple[int, list[UUID]]:
    """Decide what comes instead of messages that did not arrive; how many, and conversations with a new one."""
    since = here.now - timedelta(hours=here.sender.rules.runs.follow_hours)
    wanted = (
        select(*_COLUMNS, outbound.c.id.label("failed_id"), outbound.c.status, outbound.c.cause)
        .join(
            outbound, or_(and_(outbound.c.id == _ROW.id, _ROW.message_id.is_(None)), outbound.c.id == _ROW.message_id)
        )
        .where(
            outbound.c.city_id == here.run["city_id"],
            outbound.c.purpose == "arrears",
            outbound.c.status.in_(ENDED),
            outbound.c.fell_at.is_(None),
            outbound.c.created_at >= since,
            _ROW.run_id == here.run["id"],
            _ROW.state == "queued",
        )
        .order_by(_ROW.id)
        .limit(most)
        .with_for_update(of=[arrears_run_recipients, outbound], skip_locked=True)
    )
    rows = (await tx.execute(wanted)).mappings().all()
    again = [row for row in rows if row["status"] == "failed" and not row["cause"]]
    new = await _again(tx, here, again, "failed", here.sender.rules.runs.ways)
    for row in rows:
        if row not in again:
            await _no_message(tx, here, row)
    return len(rows), new


async def _no_message(tx: AsyncConnection, here: Round, row: RowMapping) -> None:
    """Opted out, left, too old, or nobody knows: by letter, or nothing where the settings say so."""
    reason = row["cause"] or row["status"]
    is_left = row["status"] == "unknown" and here.sender.rules.runs.after_unknown == "nothing"
    is_ours = row["status"] == "cancelled" and not row["cause"]
    if is_left or is_ours:
        await _set(tx, row["id"], here.now, state="done" if is_left else "stopped", reason=reason)
    else:
        await _set(tx, row["id"], here.now, state="ready", way="letter", reason=reason)
    await _fell(tx, row["failed_id"], "none" if is_left or is_ours else "letter", reason, here.now)


async def _again(
    tx: AsyncConnection, here: Round, rows: Sequence[RowMapping], why: str, ways: Sequence[str] | None
) -> list[UUID]:
    """`ways`: those from which the next is taken, behind the one that failed; None: from the first."""
    if not rows:
        return []
    city_id, vault = here.run["city_id"], vault_of(tx)
    ids = sorted({row["debtor_id"] for row in rows})
    stand = await standings(tx, city_id, ids, _today(here))
    accounts = await accounts_for(tx, city_id, [one for one in ids if stand[one].bills], here.now, here.sender.rules)
    new = []
    for row in rows:
        standing, verdict = stand[row["debtor_id"]], judge(vault, row, stand[row["debtor_id"]])
        if verdict.holds == "stopped":
            await _stopped(tx, here, row, verdict, why)
            continue
        message = _message(here, row, standing, verdict, accounts.get(row["debtor_id"]), ways)
        if message is None or (row["queued_at"] is None and not await _may_tell(tx, here, row)):
            if message is None:
                await _to_letter(tx, here, row, verdict, why or "no_words")
            continue
        new.append(await _queue(tx, here, row, standing, verdict, message, why))
    return new


def _message(
    here: Round,
    row: RowMapping,
    standing: Standing,
    verdict: Verdict,
    account: VirtualAccount | None,
    ways: Sequence[str] | None,
) -> Told | None:
    person = standing.person
    if person is None:
        return None
    known = Known(
        mobile=mobile_of(person),
        is_wrong_number=standing.has_wrong_number,
        is_stopped=False,  # queue() sees to it, and the next round to the letter
        is_unreachable=False,
        words={kind for kind, _ in here.words},
        has_channel=bool(here.channel),
    )
    level, rules = here.run["level"], here.sender.rules
    choice = choose(known, ways or rules.runs.ways, row["way"] if ways is not None else "")
    if not choice.kind:
        return None
    lang = texts.lang_of(here.words, person.lang)
    values = texts.values_of(here.sender, level, person, verdict.bills, account, _today(here), row["times"], lang)
    return texts.told(choice, here.words, values, lang, here.sender.sms)


async def _queue(
    tx: AsyncConnection,
    here: Round,
    row: RowMapping,
    standing: Standing,
    verdict: Verdict,
    message: Told,
    why: str,
) -> UUID:
    city_id, vault, mobile = here.run["city_id"], vault_of(tx), mobile_of(standing.person)
    thread = await open_thread(tx, vault, city_id, here.channel, mobile, here.now)
    timing = schedule(here.messaging, "arrears", here.now)
    was_queued = row["queued_at"] is not None
    draft = Draft(
        city_id=city_id,
        conversation_id=thread,
        channel=here.channel,
        body=message.body,
        purpose="arrears",
        priority=timing.priority,
        valid_until=timing.valid_until,
        next_attempt_at=timing.next_attempt_at,
        dedupe_key=f"arrears:{row['id']}:{why or 'anew'}:{message.way}",
        way=message.way,
        follows_id=(row["message_id"] or row["id"]) if was_queued else None,
        secrecy="tax",
    )
    message_id = await queue(tx, draft, here.now)
    values: dict[str, Any] = {"bills": frozen(verdict.bills), "amount_krw": sum(b.total_krw for b in verdict.bills)}
    values |= {"state": "queued", "way": message.way, "message_id": message_id, "reason": why or row["reason"]}
    values |= {"queued_at": row["queued_at"] or here.now, "address_key": key_of(vault, mobile)}
    await _set(tx, row["id"], here.now, **values)
    if why:
        await _fell(tx, row["failed_id"], message.way, why, here.now)
    return thread


async def list_the_letters(tx: AsyncConnection, here: Round, most: int) -> int:
    """Put on the letter list whom no message reaches, and of a written level everybody; how many were looked at."""
    by_letter = and_(_ROW.state == "ready", _ROW.way == "letter")
    written = and_(_ROW.state.in_(("queued", "done")), _ROW.letter_id.is_(None))
    wanted = _of(here.run).where(or_(by_letter, written) if here.is_written else by_letter)
    rows = await _locked(tx, wanted, most)
    if not rows:
        return 0
    city_id, vault = here.run["city_id"], vault_of(tx)
    stand = await standings(tx, city_id, sorted({row["debtor_id"] for row in rows}), _today(here))
    due = [
        (row, _for_letter(here, row, stand[row["debtor_id"]], judge(vault, row, stand[row["debtor_id"]])))
        for row in rows
    ]
    going = []
    for row, verdict in due:
        if verdict.holds == "stopped":
            await _stopped(tx, here, row, verdict, "")
        elif row["queued_at"] is not None or await _may_tell(tx, here, row):
            going.append((row, verdict))
    await _list(tx, here, going)
    return len(rows)


def _for_letter(here: Round, row: RowMapping, standing: Standing, verdict: Verdict) -> Verdict:
    """A letter that the law wants is stopped by what the ladder names alone, not by everything that stops a message."""
    if verdict.holds != "stopped" or not here.is_written or verdict.why == "paid":
        return verdict
    stops = here.sender.rules.notices.levels[here.run["level"]].stops
    bills = standing.of([UUID(one["bill_id"]) for one in row["bills"]])
    return verdict if verdict.why in stops or not bills else Verdict("holds", "", bills)


async def _list(tx: AsyncConnection, here: Round, going: Sequence[tuple[RowMapping, Verdict]]) -> None:
    rules, city_id = here.sender.rules, here.run["city_id"]
    kind: Any = rules.notices.levels[here.run["level"]].letter or "info"
    fresh = [(row, verdict) for row, verdict in going if row["letter_id"] is None]
    accounts = await accounts_for(tx, city_id, [row["debtor_id"] for row, _ in fresh], here.now, rules)
    letters = [
        NewLetter(
            row["debtor_id"], kind, verdict.bills, _facts(accounts.get(row["debtor_id"])), f"arrears_run:{row['id']}"
        )
        for row, verdict in fresh
    ]
    prefix = rules.notices.sender.document_prefix
    ids = await list_letters(tx, city_id, letters, here.now, prefix=prefix, by=here.run["approved_by"])
    listed = {row["id"]: letter_id for (row, _), letter_id in zip(fresh, ids, strict=True)}
    for row, verdict in going:
        values: dict[str, Any] = {"queued_at": row["queued_at"] or here.now}
        values |= {"letter_id": row["letter_id"] or listed.get(row["id"])}
        if row["way"] == "letter":
            values |= {"state": "letter", "bills": frozen(verdict.bills)}
            values |= {"amount_krw": sum(bill.total_krw for bill in verdict.bills)}
        await _set(tx, row["id"], here.now, **values)


def _facts(account: VirtualAccount | None) -> dict[str, Any]:
    if account is None:
        return {}
    shown = {"bank_name": account.bank_name, "number": account.number, "holder": account.holder}
    return {"virtual_account": shown}


async def _may_tell(tx: AsyncConnection, here: Round, row: RowMapping) -> bool:
    """The ladder agrees, and notes it; else he is left out with the reason."""
    due = [Due(row["debtor_id"], (), 0, "", row["times"])]
    level, rules = here.run["level"], here.sender.rules
    if await told(tx, here.run["city_id"], level, due, _today(here), rules, here.now):
        return True
    await _set(tx, row["id"], here.now, state="stopped", reason="too_soon")
    return False


async def _stopped(tx: AsyncConnection, here: Round, row: RowMapping, verdict: Verdict, why: str) -> None:
    await _set(tx, row["id"], here.now, state="stopped", reason=verdict.why)
    if why:
        await _fell(tx, row["failed_id"], "none", verdict.why, here.now)
    await give_back(tx, here.run["city_id"], [{**row, "level": here.run["level"]}])  # type: ignore[list-item]


async def _to_letter(tx: AsyncConnection, here: Round, row: RowMapping, verdict: Verdict, why: str) -> None:
    reason = verdict.why if verdict.holds == "wrong_number" else why
    await _set(tx, row["id"], here.now, state="ready", way="letter", reason=reason)
    if "failed_id" in row:
        await _fell(tx, row["failed_id"], "letter", reason, here.now)


async def _fell(tx: AsyncConnection, message_id: UUID, to: str, why: str, now: datetime) -> None:
    noted = {"fell_at": now, "fell_to": to, "fell_why": why}
    await tx.execute(update(outbound).where(outbound.c.id == message_id).values(noted))


async def _set(tx: AsyncConnection, row_id: UUID, now: datetime, **values: Any) -> None:
    await tx.execute(update(arrears_run_recipients).where(_ROW.id == row_id).values(**values, body={}, updated_at=now))


def _of(run: Run) -> Select[Any]:
    return select(*_COLUMNS).where(_ROW.run_id == run["id"]).order_by(_ROW.id)


async def _locked(tx: AsyncConnection, wanted: Select[Any], most: int) -> Sequence[RowMapping]:
    rows: Sequence[RowMapping] = (
        (await tx.execute(wanted.limit(most).with_for_update(skip_locked=True))).mappings().all()
    )
    return rows


def _today(here: Round) -> Any:
    return here.now.astimezone(SEOUL).date()

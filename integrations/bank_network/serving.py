"""What a bank of the network does when it is asked: each request once, whatever is repeated. Law as banks live it."""

import json
import random
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from integrations.bank_network.book import OTHERS, OURS, PROTECTED, Book, Row, Writing

KINDS = ("lookup", "seize", "join", "collect", "release")


class Bank:
    """One network over its book. `moves_rate`: how often a customer has taken money out before a seizure arrives."""

    def __init__(self, book: Book, *, moves_rate: float = 0.0) -> None:
        self.book = book
        self._moves_rate = moves_rate

    def serve(
        self, bank: str, requests: Sequence[Row], now: datetime, *, later: dict[str, float] | None = None
    ) -> list[Row]:
        """Answers of one call, in its order, all or none of it done. `later`: by request, when its answer is told."""
        with self.book.writing() as writing:
            return [
                _Serving(writing, bank, one, now, self._moves_rate).answer((later or {}).get(one["request_id"]))
                for one in requests
            ]

    def free_prior(self, bank: str, account: str, now: datetime) -> int:
        """Another authority lets go: who stands behind it becomes effective. How much was let go."""
        with self.book.writing() as writing:
            return _free_prior(writing, bank, account, now)

    def move(self, bank: str, account: str, amount_krw: int) -> int:
        """The customer pays in, or takes out what nobody has seized; how much was moved. Unknown account: 0."""
        with self.book.writing() as writing:
            found = writing.account(bank, account)
            if found is None:
                return 0
            moved = max(amount_krw, -max(0, writing.free_krw(found)))
            writing.move(bank, account, moved, "deposit" if moved > 0 else "withdrawal")
            return moved


def _free_prior(writing: Writing, bank: str, account: str, now: datetime) -> int:
    freed = 0
    for one in writing.holds(bank, account, OTHERS):
        writing.change_hold(one["id"], 0, "ended")
        freed += one["held"]
    for waiting in writing.holds(bank, account, OURS, "waiting"):
        found = writing.account(bank, account)
        held = min(waiting["asked"], writing.free_krw(found)) if found else 0
        writing.change_hold(waiting["id"], held, "effective" if held else "ended")
        answer = _answer(waiting["request_id"], *_held(held, waiting["asked"], "insufficient"), now)
        if held:
            writing.book(bank, waiting["request_id"], "join", account, held, answer["at"])
        writing.settle(waiting["request_id"], answer, now.timestamp())
    return freed


def _held(amount: int, asked: int, reason: str) -> tuple[str, int, str]:
    if amount <= 0:
        return "refused", 0, reason
    return ("done", amount, "") if amount == asked else ("partly", amount, reason)


def _answer(request_id: str, status: str, amount: int, reason: str, now: datetime) -> Row:
    at = now.astimezone(UTC).isoformat(timespec="milliseconds")
    return {"request_id": request_id, "status": status, "amount_krw": amount, "reason": reason, "found": [], "at": at}


class _Serving:
    """One request."""

    def __init__(self, writing: Writing, bank: str, asked: Row, now: datetime, moves_rate: float) -> None:
        self._writing = writing
        self._bank = bank
        self._asked = asked
        self._id = str(asked["request_id"])
        self._amount = int(asked["amount_krw"])
        self._account = str(asked["account"])
        self._now = now
        self._moves_rate = moves_rate

    def answer(self, later: float | None) -> Row:
        plain = json.dumps({key: self._asked[key] for key in sorted(self._asked)}, ensure_ascii=False)
        known = self._writing.request(self._id)
        if known is not None:
            if known["asked"] != plain or known["bank"] != self._bank:
                return self._refused("reused_id")
            is_ready = known["ready_at"] is not None and known["ready_at"] <= self._now.timestamp()
            return json.loads(known["answer"]) if is_ready else self._pending()
        made: Row = getattr(self, f"_{self._asked['kind']}")()
        if made["status"] == "pending":
            self._writing.keep(self._id, self._bank, plain, made, None)
            return made
        ready_at = self._now.timestamp() if later is None else later
        self._writing.keep(self._id, self._bank, plain, made, ready_at)
        if later is None:
            return made
        self._writing.come_later(self._id, self._bank, later)
        return self._pending()

    # -- what is asked ------------------------------------------------------------------------------------------------

    def _lookup(self) -> Row:
        asked = self._asked
        accounts = self._writing.meet(self._bank, asked["tax_no"], asked["name"], is_company=bool(asked["is_company"]))
        found = [
            {
                "account": one["account"],
                "kind": one["kind"],
                "balance_krw": one["balance"],
                "held_krw": one["balance"] - self._writing.free_krw(one),
                "holder": one["holder"],
            }
            for one in accounts
        ]
        return {**_answer(self._id, "done", 0, "" if found else "unknown_person", self._now), "found": found}

    def _seize(self) -> Row:
        found, why = self._seizable()
        if found is None:
            return self._refused(why)
        if self._is_moved():
            self._withdraw(found)
            found = self._writing.account(self._bank, self._account) or found
        free = self._writing.free_krw(found)
        reason = "prior_seizure" if self._priors() else "insufficient"
        return self._take(min(free, self._amount), reason, "seize")

    def _join(self) -> Row:
        found, why = self._seizable()
        if found is None:
            return self._refused(why)
        if not self._priors():
            return self._take(min(self._writing.free_krw(found), self._amount), "insufficient", "join")
        self._writing.hold(self._bank, self._account, self._id, OURS, self._amount, 0)
        return self._pending()

    def _take(self, held: int, reason: str, kind: str) -> Row:
        if held > 0:
            self._writing.hold(self._bank, self._account, self._id, OURS, self._amount, held)
        return self._booked(kind, *_held(held, self._amount, reason))

    def _collect(self) -> Row:
        ours = self._writing.holds(self._bank, self._account, OURS)
        if not ours or self._amount <= 0:
            return self._refused("unknown_hold")
        paid = self._writing.lower(self._bank, self._account, self._amount)
        self._writing.move(self._bank, self._account, -paid, "collected")
        return self._booked("collect", *_held(paid, self._amount, "insufficient"))

    def _release(self) -> Row:
        """What is held is let go; what only waits behind another authority ends, and holds nothing to let go."""
        waiting = self._writing.holds(self._bank, self._account, OURS, "waiting")
        if not waiting and not self._writing.holds(self._bank, self._account, OURS):
            return self._refused("unknown_hold")
        freed = self._writing.lower(self._bank, self._account, self._amount)
        for one in waiting:
            self._writing.change_hold(one["id"], 0, "ended")
            ended = _answer(one["request_id"], "refused", 0, "released", self._now)
            self._writing.settle(one["request_id"], ended, self._now.timestamp())
        is_whole = freed == self._amount or bool(waiting)
        return self._booked("release", "done" if is_whole else "partly", freed, "" if is_whole else "insufficient")

    # -- pieces -------------------------------------------------------------------------------------------------------

    def _seizable(self) -> tuple[Row | None, str]:
        found = self._writing.account(self._bank, self._account)
        if found is None or found["tax_no"] != self._asked["tax_no"]:
            return None, "no_account"
        if found["kind"] in PROTECTED:
            return None, "protected"
        if found["kind"] == "joint":
            return None, "joint"
        return (found, "") if self._amount > 0 else (None, "amount")

    def _priors(self) -> list[Row]:
        return self._writing.holds(self._bank, self._account, OTHERS)

    def _is_moved(self) -> bool:
        return self._moves_rate > 0 and random.Random(self._id).random() < self._moves_rate  # noqa: S311 - no secret

    def _withdraw(self, found: Row) -> None:
        """Between the lookup and now the customer took out some, never what is seized."""
        part = random.Random(self._id + "x").uniform(0.1, 1.0)  # noqa: S311 - no secret
        out = int(max(0, self._writing.free_krw(found)) * part)
        if out:
            self._writing.move(self._bank, self._account, -out, "withdrawal")

    def _booked(self, kind: str, status: str, amount: int, reason: str) -> Row:
        answer = _answer(self._id, status, amount, reason, self._now)
        if amount > 0:
            self._writing.book(self._bank, self._id, kind, self._account, amount, answer["at"])
        return answer

    def _refused(self, reason: str) -> Row:
        return _answer(self._id, "refused", 0, reason, self._now)

    def _pending(self) -> Row:
        return {**_answer(self._id, "pending", 0, "", self._now), "at": None}


def asked_of(given: Any) -> Row:
    """One request as it came over the wire. Raises ValueError for what is none."""
    texts = ("request_id", "kind", "tax_no", "name", "account", "document")
    if not isinstance(given, dict) or not all(isinstance(given.get(key), str) for key in texts):
        raise ValueError("fields")
    amount, is_company = given.get("amount_krw"), given.get("is_company", False)
    if given["kind"] not in KINDS or not isinstance(amount, int) or isinstance(amount, bool) or amount < 0:
        raise ValueError("kind or amount")
    return {**{key: given[key] for key in texts}, "amount_krw": amount, "is_company": bool(is_company)}

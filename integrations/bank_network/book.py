"""The network's own ledger: accounts, holds, answers and what was booked, in one file that loses nothing it confirmed.

SQLite with a write-ahead log and synchronous=FULL: an answer leaves only after its transaction is on the disk.
"""

import json
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from integrations.bank_network.customers import accounts as derived

Row = dict[str, Any]
SCHEMA = """
CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS known (bank TEXT, tax_no TEXT, PRIMARY KEY (bank, tax_no)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS accounts (bank TEXT, account TEXT, tax_no TEXT NOT NULL, holder TEXT NOT NULL,
  kind TEXT NOT NULL, balance INTEGER NOT NULL CHECK (balance >= 0), PRIMARY KEY (bank, account)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS accounts_person ON accounts (bank, tax_no);
CREATE TABLE IF NOT EXISTS holds (id INTEGER PRIMARY KEY, bank TEXT, account TEXT, request_id TEXT, authority TEXT,
  asked INTEGER NOT NULL, held INTEGER NOT NULL CHECK (held >= 0), state TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS holds_account ON holds (bank, account);
CREATE TABLE IF NOT EXISTS requests (request_id TEXT PRIMARY KEY, bank TEXT, asked TEXT, answer TEXT, ready_at REAL)
  WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS coming (request_id TEXT PRIMARY KEY, bank TEXT, ready_at REAL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS late (seq INTEGER PRIMARY KEY AUTOINCREMENT, bank TEXT, request_id TEXT);
CREATE INDEX IF NOT EXISTS late_bank ON late (bank, seq);
CREATE TABLE IF NOT EXISTS booked (seq INTEGER PRIMARY KEY AUTOINCREMENT, bank TEXT, request_id TEXT, kind TEXT,
  account TEXT, amount INTEGER, at TEXT);
CREATE INDEX IF NOT EXISTS booked_bank ON booked (bank, seq);
CREATE TABLE IF NOT EXISTS movements (seq INTEGER PRIMARY KEY, bank TEXT, account TEXT, amount INTEGER, why TEXT);
CREATE TABLE IF NOT EXISTS files (name TEXT PRIMARY KEY, sha256 TEXT) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS sent (type TEXT, bank TEXT, number INTEGER, day TEXT, first INTEGER, last INTEGER,
  is_written INTEGER NOT NULL DEFAULT 0, PRIMARY KEY (type, bank, number)) WITHOUT ROWID;
"""
OURS, OTHERS = "city", "other"
PROTECTED = ("welfare", "living")
"""Never seized (지방세징수법 §40)."""


class Book:
    """All banks of the network. Amounts are whole won. Methods block: call them from a thread."""

    def __init__(self, path: Path, seed: int) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._db.row_factory = sqlite3.Row
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = FULL")
        self._db.executescript(SCHEMA)
        self._lock = threading.Lock()
        # People keep their accounts: a file begun with another seed goes on with its own.
        self._db.execute("INSERT OR IGNORE INTO meta VALUES ('seed', ?)", (str(seed),))
        self.seed = int(self._db.execute("SELECT value FROM meta WHERE key = 'seed'").fetchone()[0])

    def close(self) -> None:
        with self._lock:
            self._db.close()

    @contextmanager
    def writing(self) -> Iterator["Writing"]:
        """One transaction, on the disk when the block is left."""
        with self._lock:
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield Writing(self._db, self.seed)
            except BaseException:
                self._db.execute("ROLLBACK")
                raise
            self._db.execute("COMMIT")

    def rows(self, statement: str, *values: object) -> list[Row]:
        with self._lock:
            return [dict(row) for row in self._db.execute(statement, values)]


class Writing:
    """What a bank does within one transaction."""

    def __init__(self, db: sqlite3.Connection, seed: int) -> None:
        self._db = db
        self._seed = seed

    # -- people and money ---------------------------------------------------------------------------------------------

    def meet(self, bank: str, tax_no: str, name: str, *, is_company: bool) -> list[Row]:
        """Accounts of somebody at a bank, opened the first time that anybody asks about him."""
        if self._one("SELECT 1 FROM known WHERE bank = ? AND tax_no = ?", bank, tax_no) is None:
            found = derived(self._seed, bank, tax_no, is_company=is_company)
            if not found:
                return []
            self._db.execute("INSERT INTO known VALUES (?, ?)", (bank, tax_no))
            for one in found:
                self.open(bank, one.account, tax_no, name, one.kind, one.balance_krw, one.prior_krw)
        return self._all("SELECT * FROM accounts WHERE bank = ? AND tax_no = ? ORDER BY account", bank, tax_no)

    def open(
        self, bank: str, account: str, tax_no: str, holder: str, kind: str, balance_krw: int, prior_krw: int = 0
    ) -> None:
        """Open an account, seized before by another authority for `prior_krw`."""
        values = (bank, account, tax_no, holder, kind, 0)
        self._db.execute("INSERT INTO accounts VALUES (?, ?, ?, ?, ?, ?)", values)
        self._db.execute("INSERT OR IGNORE INTO known VALUES (?, ?)", (bank, tax_no))
        self.move(bank, account, balance_krw, "opened")
        if prior_krw:
            self.hold(bank, account, "", OTHERS, prior_krw, prior_krw)

    def account(self, bank: str, account: str) -> Row | None:
        return self._one("SELECT * FROM accounts WHERE bank = ? AND account = ?", bank, account)

    def move(self, bank: str, account: str, amount_krw: int, why: str) -> None:
        """Money comes or goes; a line of it stays. SQLite refuses a balance below nothing."""
        change = "UPDATE accounts SET balance = balance + ? WHERE bank = ? AND account = ?"
        self._db.execute(change, (amount_krw, bank, account))
        line = "INSERT INTO movements (bank, account, amount, why) VALUES (?, ?, ?, ?)"
        self._db.execute(line, (bank, account, amount_krw, why))

    # -- holds --------------------------------------------------------------------------------------------------------

    def hold(self, bank: str, account: str, request_id: str, authority: str, asked: int, held: int) -> None:
        """A seizure, effective with what it holds; with nothing held it waits behind those before it."""
        state = "effective" if held else "waiting"
        self._db.execute(
            "INSERT INTO holds (bank, account, request_id, authority, asked, held, state) VALUES (?, ?, ?, ?, ?, ?, ?)",
            (bank, account, request_id, authority, asked, held, state),
        )

    def holds(self, bank: str, account: str, authority: str = "", state: str = "effective") -> list[Row]:
        wanted = (
            "SELECT * FROM holds WHERE bank = ? AND account = ? AND state = ? AND (? = '' OR authority = ?) ORDER BY id"
        )
        return self._all(wanted, bank, account, state, authority, authority)

    def free_krw(self, found: Row) -> int:
        """What nobody has seized yet."""
        held = sum(one["held"] for one in self.holds(found["bank"], found["account"]))
        free: int = found["balance"] - held
        return free

    def change_hold(self, hold_id: int, held: int, state: str) -> None:
        self._db.execute("UPDATE holds SET held = ?, state = ? WHERE id = ?", (held, state, hold_id))

    def lower(self, bank: str, account: str, amount_krw: int) -> int:
        """Take this much out of our holds, oldest first; how much there was."""
        left = amount_krw
        for one in self.holds(bank, account, OURS):
            part = min(left, one["held"])
            if part:
                self.change_hold(one["id"], one["held"] - part, "effective" if one["held"] > part else "ended")
                left -= part
        return amount_krw - left

    # -- answers and the ledger ---------------------------------------------------------------------------------------

    def request(self, request_id: str) -> Row | None:
        return self._one("SELECT * FROM requests WHERE request_id = ?", request_id)

    def keep(self, request_id: str, bank: str, asked: str, answer: Row, ready_at: float | None) -> None:
        """`ready_at`: when the answer may be told (seconds of the epoch); None: only when `settle` says so."""
        values = (request_id, bank, asked, json.dumps(answer, ensure_ascii=False), ready_at)
        self._db.execute("INSERT INTO requests VALUES (?, ?, ?, ?, ?)", values)

    def come_later(self, request_id: str, bank: str, ready_at: float) -> None:
        """The answer is told by itself, from then on."""
        self._db.execute("INSERT OR REPLACE INTO coming VALUES (?, ?, ?)", (request_id, bank, ready_at))

    def settle(self, request_id: str, answer: Row, at: float) -> None:
        """A join that was pending has its answer now."""
        change = "UPDATE requests SET answer = ?, ready_at = ? WHERE request_id = ? RETURNING bank"
        row = self._one(change, json.dumps(answer, ensure_ascii=False), at, request_id)
        if row is not None:
            self.say_again(row["bank"], request_id)

    def say_again(self, bank: str, request_id: str) -> None:
        self._db.execute("INSERT INTO late (bank, request_id) VALUES (?, ?)", (bank, request_id))

    def ripen(self, bank: str, now: float) -> None:
        """Answers whose time has come join the late ones, in the order of their time."""
        due = self._all("SELECT * FROM coming WHERE bank = ? AND ready_at <= ? ORDER BY ready_at", bank, now)
        for one in due:
            self.say_again(bank, one["request_id"])
            self._db.execute("DELETE FROM coming WHERE request_id = ?", (one["request_id"],))

    def book(self, bank: str, request_id: str, kind: str, account: str, amount_krw: int, at: str) -> None:
        line = "INSERT INTO booked (bank, request_id, kind, account, amount, at) VALUES (?, ?, ?, ?, ?, ?)"
        self._db.execute(line, (bank, request_id, kind, account, amount_krw, at))

    def priors(self) -> list[Row]:
        """What other authorities hold."""
        return self._all("SELECT * FROM holds WHERE authority = ? AND state = 'effective' ORDER BY id", OTHERS)

    # -- files --------------------------------------------------------------------------------------------------------

    def has_file(self, name: str) -> bool:
        return self._one("SELECT 1 FROM files WHERE name = ?", name) is not None

    def took_file(self, name: str, sha256: str) -> None:
        self._db.execute("INSERT OR IGNORE INTO files VALUES (?, ?)", (name, sha256))

    def plan_file(self, kind: str, bank: str, day: str, most: int) -> None:
        """What is new since the last file, and not more than `most` lines of it, goes into the next."""
        before = self._one(
            "SELECT max(number) AS number, max(last) AS last FROM sent WHERE type = ? AND bank = ?", kind, bank
        )
        number, last = (before or {}).get("number") or 0, (before or {}).get("last") or 0
        table = "late" if kind == "ANS" else "booked"
        wanted = (
            f"SELECT max(seq) AS seq FROM (SELECT seq FROM {table} WHERE bank = ? AND seq > ? ORDER BY seq LIMIT ?)"  # noqa: S608 - one of two names
        )
        newest = self._one(wanted, bank, last, most)
        if newest and newest["seq"]:
            line = "INSERT INTO sent (type, bank, number, day, first, last) VALUES (?, ?, ?, ?, ?, ?)"
            self._db.execute(line, (kind, bank, number + 1, day, last, newest["seq"]))

    def unsent(self, kind: str, bank: str) -> list[Row]:
        return self._all(
            "SELECT * FROM sent WHERE type = ? AND bank = ? AND NOT is_written ORDER BY number", kind, bank
        )

    def sent(self, kind: str, bank: str, number: int) -> None:
        change = "UPDATE sent SET is_written = 1 WHERE type = ? AND bank = ? AND number = ?"
        self._db.execute(change, (kind, bank, number))

    def _one(self, statement: str, *values: object) -> Row | None:
        row = self._db.execute(statement, values).fetchone()
        return dict(row) if row is not None else None

    def _all(self, statement: str, *values: object) -> list[Row]:
        return [dict(row) for row in self._db.execute(statement, values)]


def late_answers(book: Book, bank: str, after: int, most: int) -> Sequence[Row]:
    """Late answers after a position: {seq, answer}."""
    wanted = """SELECT l.seq, r.answer FROM late l JOIN requests r USING (request_id)
      WHERE l.bank = ? AND l.seq > ? ORDER BY l.seq LIMIT ?"""
    return [{"seq": row["seq"], "answer": json.loads(row["answer"])} for row in book.rows(wanted, bank, after, most)]


def booked(book: Book, bank: str, after: int, most: int) -> Sequence[Row]:
    """Lines of a bank's ledger after a position."""
    wanted = "SELECT * FROM booked WHERE bank = ? AND seq > ? ORDER BY seq LIMIT ?"
    return book.rows(wanted, bank, after, most)


def totals(book: Book) -> Row:
    """Where all money is; `balances` is what came less what went, to the won."""
    moved = {row["why"]: row["krw"] for row in book.rows("SELECT why, sum(amount) AS krw FROM movements GROUP BY why")}
    balances = book.rows("SELECT coalesce(sum(balance), 0) AS krw FROM accounts")[0]["krw"]
    lines = {row["kind"]: row["krw"] for row in book.rows("SELECT kind, sum(amount) AS krw FROM booked GROUP BY kind")}
    held = book.rows(
        "SELECT coalesce(sum(held), 0) AS krw FROM holds WHERE authority = ? AND state = 'effective'", OURS
    )
    over = book.rows(
        """SELECT count(*) AS n FROM accounts a WHERE balance < (SELECT coalesce(sum(held), 0) FROM holds h
           WHERE h.bank = a.bank AND h.account = a.account AND h.state = 'effective')"""
    )
    return {
        "balances": balances,
        "moved": moved,
        "booked": lines,
        "held": held[0]["krw"],
        "overheld": over[0]["n"],
    }

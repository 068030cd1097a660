"""Banks by files: requests laid into a folder, answers and ledgers read from another, each file whole or not at all.

The records are our own example (docs/desk/arrears-banks.md): a city puts its bank's layout into `_records.py`.
"""

import asyncio
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Literal
from uuid import UUID

from pydantic import Field

from core.clock import SEOUL
from core.contracts.banks import Account, BankAnswer, BankFailed, BankRequest, Booked, Found, Gateway, Kind, Status
from core.section import Section
from integrations.banks._folder import MissingNumber, add, refuse, waiting
from integrations.banks._records import Refused, Type, read, write

STATUSES: dict[str, Status] = {"done": "done", "partly": "partly", "refused": "refused", "pending": "pending"}
KINDS: dict[str, Kind] = {
    "lookup": "lookup",
    "seize": "seize",
    "join": "join",
    "collect": "collect",
    "release": "release",
}
ACCOUNTS: dict[str, Account] = {
    "deposit": "deposit",
    "savings": "savings",
    "welfare": "welfare",
    "living": "living",
    "joint": "joint",
    "other": "other",
}
Rows = list[tuple[str, dict[str, str]]]


class Settings(Section):
    """`folder`: holds out/<bank>/<day>/ for what we ask and in/<bank>/ for what the bank brings, by whatever carries
    files between the two (SFTP, a leased line's program). `form`: fixed (전문) or csv. `missing_minutes`: so long may a
    number be missing before staff hear of it."""

    folder: str
    form: Literal["fixed", "csv"] = "fixed"
    most: int = Field(default=5_000, ge=1, le=100_000)
    missing_minutes: int = Field(default=15, ge=1)
    is_practice: bool = False


class Exchange:
    """The gateway. Everything asked is pending until a file answers it; asked again, it stands in another file and the
    bank answers it as before."""

    def __init__(self, name: str, settings: Settings, now: Callable[[], datetime]) -> None:
        self.name = name
        self.most = settings.most
        self.is_practice = settings.is_practice
        self._form = settings.form
        self._missing_minutes = settings.missing_minutes
        self._folder = Path(settings.folder)
        self._now = now

    async def ask(self, bank: str, requests: Sequence[BankRequest]) -> Sequence[BankAnswer]:
        try:
            await asyncio.to_thread(self._write, bank, requests)
        except OSError as error:
            raise _away(error) from None
        except ValueError:
            raise BankFailed("금액이 전문의 칸보다 큽니다.", "An amount does not fit its field.", retry=False) from None
        return [BankAnswer(one.request_id, "pending") for one in requests]

    async def answers(self, bank: str, after: str) -> tuple[Sequence[BankAnswer], str]:
        rows, position = await self._next("ANS", bank, after)
        return _answers(rows), position

    async def ledger(self, bank: str, after: str) -> tuple[Sequence[Booked], str]:
        rows, position = await self._next("LED", bank, after)
        return [_booked(bank, values) for _, values in rows], position

    async def aclose(self) -> None:
        """Nothing is held open."""

    def _write(self, bank: str, requests: Sequence[BankRequest]) -> None:
        now = self._now().astimezone(SEOUL)
        day: date = now.date()
        out = self._folder / "out" / bank
        records = [("D", _asked(one)) for one in requests]
        add(
            out,
            out / f"{day:%Y%m%d}",
            "ASK",
            bank,
            day,
            self._form,
            lambda name: write(name, f"{now:%Y%m%d%H%M%S}", records),
        )

    async def _next(self, kind: Type, bank: str, after: str) -> tuple[Rows, str]:
        try:
            return await asyncio.to_thread(self._read, kind, bank, int(after or 0))
        except Refused as refused:
            why = " ".join(refused.reasons_ko)
            raise BankFailed(
                f"파일을 통째로 거부했습니다: {why}", f"A file was refused as a whole: {refused}", retry=False
            ) from None
        except MissingNumber as missing:
            raise self._missing(missing) from None
        except OSError as error:
            raise _away(error) from None

    def _missing(self, missing: MissingNumber) -> BankFailed:
        """Files may overtake each other for a moment; what is missing longer is for staff to ask the bank for."""
        number, minutes = missing.number, self._missing_minutes
        if missing.is_refused:
            ko = f"거부한 {number}번 파일을 은행이 다시 보내 주기를 기다립니다."
            return BankFailed(ko, f"File {number} was refused; a right one from the bank is awaited.")
        if missing.since is None or self._now().timestamp() - missing.since < minutes * 60:
            ko = f"{number}번 파일이 오지 않아 다음 파일이 기다립니다."
            return BankFailed(ko, f"File {number} is missing; later ones wait for it.")
        ko = f"{number}번 파일이 오지 않아 다음 파일이 {minutes}분 넘게 기다립니다. 은행에 다시 요청해 주세요."
        en = f"File {number} is missing; later ones have waited for over {minutes} minutes. Ask the bank for it."
        return BankFailed(ko, en, retry=False)

    def _read(self, kind: Type, bank: str, after: int) -> tuple[Rows, str]:
        found = waiting(self._folder / "in" / bank, kind, bank, after)
        if found is None:
            return [], str(after) if after else ""
        path, name = found
        try:
            rows = read(name, path.read_bytes())
            _answers(rows) if kind == "ANS" else [_booked(bank, values) for _, values in rows]
        except Refused as refused:
            refuse(path, list(refused.reasons_ko))
            raise Refused([f"{path.name}:", *refused.reasons_ko]) from None
        return rows, str(name.number)


def build(name: str, settings: Settings) -> Gateway:
    return Exchange(name, settings, lambda: datetime.now(UTC))


def _away(error: OSError) -> BankFailed:
    kind = type(error).__name__
    said = (f"파일을 주고받는 폴더를 쓸 수 없습니다({kind}).", f"The folder cannot be used ({kind}).")
    return BankFailed(*said, is_away=True)


def _asked(one: BankRequest) -> dict[str, str | int]:
    return {
        "request_id": one.request_id.hex,
        "kind": one.kind,
        "tax_no": one.person.tax_no,
        "is_company": "Y" if one.person.is_company else "N",
        "name": one.person.name,
        "account": one.account,
        "amount_krw": one.amount_krw,
        "document": one.document,
    }


def _answers(rows: Rows) -> list[BankAnswer]:
    """Answers with the accounts that follow each. Raises Refused where a field holds what it may not."""
    answers: list[BankAnswer] = []
    found: dict[UUID, list[Found]] = {}
    told: dict[UUID, int] = {}
    for line, (record, values) in enumerate(rows, 2):
        try:
            request_id = UUID(values["request_id"])
            if record == "A":
                found.setdefault(request_id, []).append(_account(values))
                continue
            answers.append(
                BankAnswer(
                    request_id,
                    STATUSES[values["status"]],
                    int(values["amount_krw"]),
                    (),
                    values["reason"],
                    datetime.fromisoformat(values["at"]) if values["at"] else None,
                )
            )
            told[request_id] = int(values["accounts"])
        except (KeyError, ValueError):
            raise Refused([f"{line}번째 줄의 값을 읽을 수 없습니다."]) from None
    if any(len(found.get(key, ())) != count for key, count in told.items()) or found.keys() - told.keys():
        raise Refused(["조회 답의 계좌 수가 계좌 기록과 다릅니다."])
    return [
        BankAnswer(one.request_id, one.status, one.amount_krw, tuple(found.get(one.request_id, ())), one.reason, one.at)
        for one in answers
    ]


def _account(values: dict[str, str]) -> Found:
    balance, held = int(values["balance_krw"]), int(values["held_krw"])
    return Found(values["account"], ACCOUNTS[values["kind"]], balance, held, values["holder"])


def _booked(bank: str, values: dict[str, str]) -> Booked:
    try:
        request_id, kind = UUID(values["request_id"]), KINDS[values["kind"]]
        at = datetime.fromisoformat(values["at"])
    except (KeyError, ValueError):
        raise Refused([f"장부 {values['line']}번째 기록의 값을 읽을 수 없습니다."]) from None
    return Booked(request_id, kind, bank, values["account"], int(values["amount_krw"]), at)

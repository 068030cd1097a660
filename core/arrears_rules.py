"""The `arrears:` section of config.yml: whose ledger it is, how it is read, told, collected and watched."""

from typing import Annotated, Literal

from pydantic import Field

from core.arrears_desk_rules import Asking, Oversight
from core.arrears_notice_rules import Notices, Runs
from core.arrears_seizure_rules import Banks, Seizure
from core.section import Section


class Ledger(Section):
    """How files of debtors, bills and payments are read (docs/desk/arrears-ledger.md).

    `debtors`, `bills`, `payments`: our field to the headers that a source may give it. `is_whole`: one refused row
    refuses the whole file. `needs_control`: kinds that come with control totals or not at all. `total_words`: how the
    row of totals at the end begins. `most_bytes` of a CSV, `most_sheet_bytes` of an XLSX, which is read in memory.
    `tax_no`: form of a taxpayer's number. `years_back`: how old a bill may be. `most_rejects`: rows named one by one.
    """

    debtors: dict[str, list[str]] = {}
    bills: dict[str, list[str]] = {}
    payments: dict[str, list[str]] = {}
    is_whole: bool = True
    needs_control: list[Literal["debtors", "bills", "payments"]] = []
    total_words: list[str] = ["합계"]
    most_bytes: Annotated[int, Field(ge=1_000)] = 1_000_000_000
    most_sheet_bytes: Annotated[int, Field(ge=1_000)] = 40_000_000
    tax_no: str = r"[0-9A-Za-z-]{4,20}"
    years_back: Annotated[int, Field(ge=1, le=100)] = 40
    most_rejects: Annotated[int, Field(ge=1)] = 10_000
    keep_days: Annotated[int, Field(ge=1)] = 1_826


class Money(Section):
    """How paid money is set against bills (docs/desk/arrears-money.md).

    `order`: after a bill that the payer named: seized (already seized first), provincial (delegated 도세 first,
    지방세징수법 §4②), prescribes (earliest prescription), due (earliest deadline). `provincial`: items of tax that
    count as such, by how they begin. `account_days`: how long a virtual account may be paid into once given;
    `account_rest_days`: how long it rests before somebody else gets it. `second_person_krw`: a reduction of so much or
    more needs another member of staff. `expiring_months`: how far the list of expiring claims looks.
    """

    order: tuple[Literal["seized", "provincial", "prescribes", "due"], ...] = ("seized", "provincial", "due")
    order_source: str = ""
    provincial: tuple[str, ...] = ("취득세", "등록면허세", "레저세", "지방소비세", "지방교육세", "지역자원시설세")
    account_days: int = Field(default=30, ge=1, le=365)
    account_rest_days: int = Field(default=30, ge=0, le=3650)
    second_person_krw: int = Field(default=0, ge=0)
    key_per_minute: int = Field(default=600, ge=1)
    expiring_months: int = Field(default=6, ge=1, le=60)


class Arrears(Section):
    """`department`: whose members alone see tax data (지방세기본법 §86); empty: every role that the table allows."""

    department: str = ""
    ledger: Ledger = Ledger()
    money: Money = Money()
    notices: Notices = Notices()
    runs: Runs = Runs()
    asking: Asking = Asking()
    seizure: Seizure = Seizure()
    banks: Banks = Banks()
    oversight: Oversight = Oversight()

"""The `arrears:` section of config.yml: whose ledger it is, how it is read, told, collected and watched."""

from core.arrears_desk_rules import Asking, Oversight
from core.arrears_notice_rules import Notices, Runs
from core.arrears_seizure_rules import Banks, Seizure
from core.section import Section


class Ledger(Section):
    """How files of debtors, bills and payments are read (docs/desk/arrears-ledger.md)."""


class Money(Section):
    """How paid money is set against bills (docs/desk/arrears-money.md)."""


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

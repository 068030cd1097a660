"""A debtor and a bill as a source tells them, and the value by which two tellings of the same thing are compared."""

import hashlib
import unicodedata
from dataclasses import dataclass
from datetime import date

from civic.people.service import normalise_phone
from core.vault import Vault

TOLD = 16


@dataclass(frozen=True, slots=True)
class NewDebtor:
    """`tax_no`: 납세번호 (never a resident registration number). `phone` in any spelling, "" where unknown.
    `birth`: YYMMDD or "". `lang`: in which he is written to.
    """

    tax_no: str
    name: str
    phone: str = ""
    address: str = ""
    postcode: str = ""
    birth: str = ""
    is_company: bool = False
    lang: str = "ko"


@dataclass(frozen=True, slots=True)
class NewBill:
    """`bill_no`: 과세번호. `pay_no`: 전자납부번호. `detail`: what was taxed (a plate, an address).

    `dunned_on`, `dun_due_on`: 독촉장 and its deadline, where the source has sent one.
    """

    tax_no: str
    bill_no: str
    tax_item: str
    tax_year: int
    principal_krw: int
    notified_on: date
    due_on: date
    pay_no: str = ""
    period: str = ""
    detail: str = ""
    dunned_on: date | None = None
    dun_due_on: date | None = None


@dataclass(frozen=True, slots=True)
class PaymentRow:
    """A payment as its source tells it; `way` as in `arrears_payments`."""

    payment_no: str
    amount_krw: int
    paid_on: date
    way: str
    bill_no: str = ""
    pay_no: str = ""
    tax_no: str = ""


def plain_tax_no(text: str) -> str:
    """One spelling of a taxpayer's number for finding it: NFKC, no blanks and hyphens, capitals."""
    if text.isascii():
        return text.replace("-", "").replace(" ", "").upper()
    return unicodedata.normalize("NFKC", text).replace("-", "").replace(" ", "").upper()


def tax_no_index(vault: Vault, tax_no: str) -> bytes:
    """The keyed hash in `arrears_debtors.tax_no_index`."""
    return vault.index("arrears.tax_no", plain_tax_no(tax_no))


def person_of(new: NewDebtor) -> dict[str, str]:
    """What is sealed of a debtor. Raises BadInput for a number that no telephone can have."""
    return {
        "tax_no": new.tax_no,
        "name": new.name,
        "phone": normalise_phone(new.phone) if new.phone else "",
        "address": new.address,
        "postcode": new.postcode,
        "birth": new.birth,
    }


def telling_key(vault: Vault) -> bytes:
    """The key of `told`: without it nobody finds out what a row holds by trying plates and numbers."""
    return vault.index("arrears.told", "key of the tellings")


def told(key: bytes, values: tuple[object, ...]) -> bytes:
    """16 bytes, equal where a source tells the same again."""
    return hashlib.blake2b(repr(values).encode("utf-8", "surrogatepass"), key=key, digest_size=TOLD).digest()

"""Made-up customers of made-up banks: who banks where, with what, follows from a taxpayer number and a seed."""

import hashlib
import random
from dataclasses import dataclass

CODES = tuple(f"{900 + number}" for number in range(1, 21))
NAMES = {code: f"예: 가상은행 {int(code) - 900:02}" for code in CODES}
KNOWN, KNOWN_COMPANY = 0.12, 0.2
"""How likely one bank of twenty knows somebody: most banks know nobody of those they are asked about."""
KINDS = ("deposit", "savings", "welfare", "living", "joint", "other")
SHARES = (62, 20, 6, 4, 5, 3)
EMPTY, PRIOR = 0.1, 0.08
MEDIAN_LN, SPREAD, MOST_KRW = 12.6, 2.0, 5_000_000_000
"""Balances have a long tail: half below about 300,000 won, one in a hundred above thirty million."""


@dataclass(frozen=True, slots=True)
class Opened:
    """One account. `prior_krw`: what another authority has seized of it before."""

    account: str
    kind: str
    balance_krw: int
    prior_krw: int


def accounts(seed: int, bank: str, tax_no: str, *, is_company: bool) -> list[Opened]:
    """What this person has at this bank; nothing at most of them."""
    digest = hashlib.sha256(f"{seed}|{bank}|{tax_no}".encode()).digest()
    if int.from_bytes(digest[:4]) / 2**32 >= (KNOWN_COMPANY if is_company else KNOWN):
        return []
    dice = random.Random(digest)  # noqa: S311 - made-up people, no secret
    root = int.from_bytes(digest[4:12]) % 10**10
    return [
        _opened(dice, f"{bank}-{root:010}-{number}", is_company=is_company) for number in range(1, _count(dice) + 1)
    ]


def _count(dice: random.Random) -> int:
    return dice.choices((1, 2, 3, 4), (60, 25, 10, 5))[0]


def _opened(dice: random.Random, account: str, *, is_company: bool) -> Opened:
    kind = (
        dice.choices(("deposit", "savings", "other"), (80, 15, 5))[0] if is_company else dice.choices(KINDS, SHARES)[0]
    )
    balance = 0 if dice.random() < EMPTY else min(int(dice.lognormvariate(MEDIAN_LN, SPREAD)), MOST_KRW)
    is_prior = kind in ("deposit", "savings", "other") and dice.random() < PRIOR
    prior = min(balance, int(balance * dice.choice((0.3, 0.6, 1, 1)))) if is_prior else 0
    return Opened(account, kind, balance, prior)

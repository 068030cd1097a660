"""What is seized where: so much as is owed and no more, from as few accounts as do, with the floor left untouched."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from core.arrears_seizure_rules import Seizure as Rules

NEVER = {"welfare": "welfare_account", "living": "living_account", "joint": "joint_account"}
"""Kinds of accounts that are never seized, with the code that says why."""


@dataclass(frozen=True, slots=True)
class Account:
    """As a lookup told it. `held_krw` of the balance others have seized before. `is_others`: the holder that the bank
    names is not the debtor."""

    id: UUID
    bank: str
    kind: str
    balance_krw: int
    held_krw: int = 0
    is_others: bool = False


@dataclass(frozen=True, slots=True)
class Share:
    """`amount_krw` to be seized there, in it `cost_krw` for this very seizure."""

    account: Account
    kind: Literal["seize", "join"]
    amount_krw: int
    cost_krw: int


@dataclass(frozen=True, slots=True)
class Spread:
    """`why_not`: code of each account that is left alone."""

    shares: tuple[Share, ...]
    why_not: Mapping[UUID, str]


def spread(demand_krw: int, accounts: Sequence[Account], floor_krw: int, rules: Rules) -> Spread:
    """`demand_krw`: arrears with the costs so far; each seizure adds its own. `floor_krw` 0 for a company.

    Deposits protected by their kind are no part of the reckoning (지방세징수법 §40), nor does the sum pass what is owed
    (§43). Where others were first it is a 참가압류 (§67), and only for what free accounts do not give.
    """
    why_not = {one.id: NEVER[one.kind] for one in accounts if one.kind in NEVER}
    why_not |= {one.id: "name_differs" for one in accounts if one.is_others and one.id not in why_not}
    open_ones = [one for one in accounts if one.id not in why_not]
    why_not |= {one.id: "empty" for one in open_ones if one.balance_krw <= 0}
    free = [one for one in open_ones if one.balance_krw > 0 and not one.held_krw]
    held = [one for one in open_ones if one.balance_krw > 0 and one.held_krw]
    sums = sum(one.balance_krw for one in free) + sum(max(0, one.balance_krw - one.held_krw) for one in held)
    pool = sums - floor_krw if rules.floor.reading == "all" else sums
    shares: list[Share] = []
    rest = demand_krw
    for one in _ordered(free, floor_krw, rules):
        taken = _taken(one.balance_krw, rest, pool, floor_krw, rules)
        if taken is None:
            why_not[one.id] = "not_needed" if rest <= 0 else "below_floor"
            continue
        shares.append(Share(one, "seize", taken, rules.cost_krw))
        rest, pool = rest - (taken - rules.cost_krw), pool - taken
    # What a 참가압류 may come to is known only when the first authority lets go: the floor is kept out of it now.
    pool += sum(min(one.balance_krw, one.held_krw) for one in held)
    for one in _ordered(held, floor_krw, rules):
        taken = _taken(one.balance_krw, rest, pool, floor_krw, rules) if rules.joins else None
        if taken is None:
            why_not[one.id] = "not_needed" if rest <= 0 else "prior_seizure" if not rules.joins else "below_floor"
            continue
        shares.append(Share(one, "join", taken, rules.cost_krw))
        rest, pool = rest - (taken - rules.cost_krw), pool - taken
    return Spread(tuple(shares), why_not)


def _taken(balance: int, rest: int, pool: int, floor: int, rules: Rules) -> int | None:
    """None: nothing is left to seize for, or what could be seized would only pay for its own costs."""
    if rest <= 0:
        return None
    usable = min(balance, pool) if rules.floor.reading == "all" else balance - floor
    taken = min(rest + rules.cost_krw, usable)
    return taken if taken > rules.cost_krw else None


def _ordered(accounts: Sequence[Account], floor: int, rules: Rules) -> list[Account]:
    places = {bank: place for place, bank in enumerate(rules.banks)}
    if rules.order == "listed":
        return sorted(accounts, key=lambda one: (places.get(one.bank, len(places)), one.bank, -one.balance_krw, one.id))
    return sorted(accounts, key=lambda one: (-one.balance_krw, one.bank, one.id))


def floor_left(balances: Mapping[UUID, int], held: Mapping[UUID, int], floor_krw: int, rules: Rules) -> dict[UUID, int]:
    """By seizure or account: how much of what is held lies below the floor, and must be let go.

    `balances`: what is known to lie there now, `held`: how much of it we hold. A bank that held less than it was asked
    has shown that the balance had fallen.
    """
    if rules.floor.reading == "each":
        return {key: min(amount, max(0, floor_krw - (balances[key] - amount))) for key, amount in held.items()}
    short = min(sum(held.values()), max(0, floor_krw - (sum(balances.values()) - sum(held.values()))))
    found: dict[UUID, int] = {}
    for key in sorted(held, key=lambda one: (held[one], one)):
        found[key] = min(short, held[key])
        short -= found[key]
    return found

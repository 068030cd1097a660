"""자리 나면 알려주기: the button under a full lot that leads to waiting for a place there."""

from collections.abc import Sequence

from actions.parking import showing
from actions.parking.counter import Counter
from actions.parking.wishing import Wish
from civic.parking.search import Found
from core.contracts.dialogue import Choice

LITTLE, ENOUGH = 2, 5
"""So few free places are likely gone on arrival; whoever waits there is told when there are `ENOUGH`."""


def choices(found: Sequence[Found], wanted: Wish, counter: Counter) -> list[Choice]:
    """At most one: for the first that is full, else for the first with hardly a place.

    None where a later moment is asked for, where no word could be sent, or where no lot sends numbers to be believed.
    """
    if not wanted.is_now or not counter.wait_minutes:
        return []
    known = [(one, showing.space(one, is_now=True)) for one in found if not one.lot.is_members_only]
    for one, space in known:
        if space["kind"] in {"full", "aged_full"}:
            return [Choice(f"do:parking_watch:{one.lot.id}", key="parking.button.wait")]
    for one, space in known:
        is_little = space["kind"] in {"fresh", "aged"} and 0 < space["free"] <= LITTLE and space["capacity"] > ENOUGH
        if is_little:
            payload = f"do:parking_watch:{one.lot.id}~{counter.wait_minutes}~{ENOUGH}"
            return [Choice(payload, key="parking.button.wait_more")]
    return []

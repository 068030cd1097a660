"""The chain inside a proof: each event hangs on the one before, so that none can be taken out or moved.

Read by the court's side too, without a store: pure.
"""

from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Any

from civic.arrears.oversight.signed_file import Broken, canonical


def chained(start: Mapping[str, Any], events: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Events with their number, the hash before and their own."""
    before, found = sha256(canonical(start)).hexdigest(), []
    for number, event in enumerate(events, 1):
        line: dict[str, Any] = {**event, "number": number, "before": before}
        before = sha256(canonical(line)).hexdigest()
        found.append({**line, "hash": before})
    return found


def check(document: Mapping[str, Any]) -> int:
    """How many events hang together. Raises Broken at the first that does not."""
    try:
        events = [dict(one) for one in document["events"]]
        before = sha256(canonical(document["start"])).hexdigest()
        count, last = document["count"], document["last"]
        for number, event in enumerate(events, 1):
            told = event.pop("hash")
            if event["number"] != number or event["before"] != before:
                raise _at(number)
            before = sha256(canonical(event)).hexdigest()
            if told != before:
                raise _at(number)
    except (KeyError, TypeError, ValueError, AttributeError):
        raise Broken("사건의 사슬을 읽을 수 없습니다.", "The chain of events cannot be read.") from None
    if count != len(events) or last != before:
        raise _at(len(events) + 1)
    return len(events)


def _at(number: int) -> Broken:
    return Broken(
        f"{number}번째 사건이 앞뒤와 이어지지 않습니다: 빠졌거나 바뀌었습니다.",
        f"Event {number} does not hang together with the others: one is missing or changed.",
        place=number,
    )

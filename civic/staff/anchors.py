"""Anchors of the audit chain: once a day its head is signed into a file outside the database, and into the log.

Whoever sets the whole database back to an older state, or makes the chain anew, contradicts an anchor.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson
import structlog

from civic.staff.chain import Head
from core.secret import Secret

FILE = "audit/anchors.jsonl"
PURPOSE = "audit anchor"
log = structlog.get_logger(__name__)


def anchor(var: Path, secret: bytes, city_id: str, head: Head, now: datetime) -> bool:
    """Append the head, unless it is anchored already. False then, and for a chain that has not begun."""
    file = var / FILE
    if head.seq == 0 or any(one["seq"] == head.seq and one["city"] == city_id for one in _lines(file)):
        return False
    plain: dict[str, Any] = {"at": now.isoformat(), "city": city_id, "seq": head.seq, "hash": head.hash.hex()}
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("ab") as out:
        out.write(orjson.dumps({**plain, "signature": _signature(secret, plain)}) + b"\n")
    log.info("audit_anchor", **plain)
    return True


def read_anchors(var: Path, secrets: Sequence[bytes], city_id: str) -> tuple[list[Mapping[str, Any]], list[int]]:
    """The city's anchors whose signature holds, and the line numbers of those that were changed."""
    good: list[Mapping[str, Any]] = []
    bad: list[int] = []
    for number, line in enumerate(_lines(var / FILE), 1):
        plain = {key: value for key, value in line.items() if key != "signature"}
        signed = str(line.get("signature", ""))
        if not any(Secret(key).verify(PURPOSE, _bytes(plain), signed) for key in secrets):
            bad.append(number)
        elif line["city"] == city_id:
            good.append(line)
    return good, bad


def _signature(secret: bytes, plain: Mapping[str, Any]) -> str:
    return Secret(secret).sign(PURPOSE, _bytes(plain))


def _bytes(plain: Mapping[str, Any]) -> str:
    return orjson.dumps(plain, option=orjson.OPT_SORT_KEYS).decode()


def _lines(file: Path) -> list[dict[str, Any]]:
    if not file.exists():
        return []
    return [_line(line) for line in file.read_bytes().splitlines() if line.strip()]


def _line(line: bytes) -> dict[str, Any]:
    """A line that is no JSON object counts as one whose signature fails."""
    try:
        read = orjson.loads(line)
    except orjson.JSONDecodeError:
        return {"seq": 0, "city": ""}
    return read if isinstance(read, dict) else {"seq": 0, "city": ""}

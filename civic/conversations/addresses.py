"""Addresses that are telephone numbers: the store finds them by a keyed hash and holds the number only sealed.

Intake and whoever opens a conversation hash and seal on the way in; whoever sends opens on the way out. ADR 0021.
"""

import base64
import re
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from core.vault import Vault

WHERE = "conversations.address"
_WRITING = re.compile(r"[^\d+]")


def key(vault: Vault, address: str, *, is_phone: bool) -> str:
    """What `conversations.address` holds: the address itself, or for a number 43 characters that only this
    installation can make, the same however the number is written and on whichever channel.
    """
    if not is_phone:
        return address
    return base64.urlsafe_b64encode(vault.index(WHERE, _WRITING.sub("", address))).decode().rstrip("=")


def sealed(vault: Vault, conversation_id: UUID, address: str, *, is_phone: bool) -> str | None:
    """What `conversations.address_sealed` holds: the number, bound to its row; nothing on other channels."""
    return vault.seal_text(address, f"{WHERE}:{conversation_id}") if is_phone else None


def of(vault: Vault, row: Mapping[str, Any]) -> str:
    """Where to send: of a row with `id`, `address` and `address_sealed` as they are stored."""
    if stored := row.get("address_sealed"):
        return vault.open_text(stored, f"{WHERE}:{row['id']}")
    return str(row["address"])

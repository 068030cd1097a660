"""Stored words as they were said: for tests that read the tables of a house from outside."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from core import secret
from core.db import Database
from core.vault import Vault, open_vault


async def vault_of_tests(url: str) -> Vault:
    """The vault of a store of this run; every process of the tests has the secret of tests/conftest.py."""
    database = Database(url, pool_size=1)
    try:
        return await open_vault(database, secret.load(Path()), datetime.now(UTC))
    finally:
        await database.close()


def body(vault: Vault, message_id: object, stored: dict[str, Any]) -> dict[str, Any]:
    """An outbound row's `body`."""
    return vault.open_json(stored, f"outbound.body:{message_id}")


def said(vault: Vault, row: dict[str, Any]) -> dict[str, Any]:
    """An inbound row (with its id), `text` and `content` opened where it has them."""
    opened = dict(row)
    if "text" in row:
        opened["text"] = vault.open_text(row["text"], f"inbound.text:{row['id']}")
    if "content" in row:
        opened["content"] = vault.open_json(row["content"], f"inbound.content:{row['id']}")
    return opened

"""The vault: what it seals opens only where it lay, with its key; keys outlive secrets and processes."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import select, text

from core.db import Database
from core.errors import ConfigError
from core.vault import MARK, Kek, KeyLost, SealBroken, Vault, add_key, data_keys, old_secrets, open_vault, vault_of
from tests.conftest import SECRET

NOW = datetime(2026, 11, 23, tzinfo=UTC)
PHONE = "010-1234-5678"
HERE, THERE = "citizens.phone:0190", "citizens.phone:0191"


@pytest.fixture
def vault(database: Database) -> Vault:
    assert database.vault is not None
    return database.vault


@pytest.fixture
async def other_process(database_url: str) -> AsyncIterator[Database]:
    made = Database(database_url, pool_size=1)
    yield made
    await made.close()


def test_it_opens_what_it_sealed_and_shows_nothing_of_it(vault: Vault) -> None:
    sealed = vault.seal(PHONE, HERE)
    assert vault.open(sealed, HERE) == PHONE
    assert PHONE.encode() not in sealed
    assert vault.seal(PHONE, HERE) != sealed


@pytest.mark.parametrize("context", [THERE, "citizens.name:0190", "citizens.phone:019", ""])
def test_a_value_moved_to_another_row_or_column_fails(vault: Vault, context: str) -> None:
    with pytest.raises(SealBroken):
        vault.open(vault.seal(PHONE, HERE), context)


def test_a_value_changed_in_any_byte_fails(vault: Vault) -> None:
    sealed = vault.seal(PHONE, HERE)
    for at in (0, *range(3, len(sealed))):
        changed = sealed[:at] + bytes([sealed[at] ^ 1]) + sealed[at + 1 :]
        with pytest.raises(SealBroken):
            vault.open(changed, HERE)


@pytest.mark.parametrize("stored", [b"", b"\x01", b"\x01\x00\x02", b"plain words of somebody"])
def test_what_is_no_seal_fails_clearly(vault: Vault, stored: bytes) -> None:
    with pytest.raises((SealBroken, KeyLost)) as caught:
        vault.open(stored, HERE)
    assert "citizens" in str(caught.value) or "does not exist" in str(caught.value)


def test_the_error_quotes_neither_value_nor_row(vault: Vault) -> None:
    with pytest.raises(SealBroken) as caught:
        vault.open(vault.seal(PHONE, HERE), THERE)
    assert PHONE not in str(caught.value) and "0191" not in str(caught.value)


def test_text_and_json_columns_hold_sealed_forms_and_old_plain_rows_stay_readable(vault: Vault) -> None:
    said = vault.seal_text("제 번호는 010-1234-5678", HERE)
    assert said.startswith(MARK) and vault.open_text(said, HERE) == "제 번호는 010-1234-5678"
    kept = vault.seal_json({"text": "홍길동", "n": 1}, HERE)
    assert set(kept) == {"sealed"} and vault.open_json(kept, HERE) == {"text": "홍길동", "n": 1}
    assert (vault.seal_text("", HERE), vault.seal_json({}, HERE)) == ("", {})
    assert (vault.open_text("안녕", HERE), vault.open_json({"text": "안녕"}, HERE)) == ("안녕", {"text": "안녕"})
    for broken in ({"sealed": "no base64!"}, {"sealed": "AQAB"}):
        with pytest.raises(SealBroken):
            vault.open_json(broken, HERE)


async def test_another_process_opens_and_finds_the_same(vault: Vault, other_process: Database) -> None:
    other = await open_vault(other_process, SECRET, NOW)
    assert other.open(vault.seal(PHONE, HERE), HERE) == PHONE
    assert other.index("citizens.phone", PHONE) == vault.index("citizens.phone", PHONE)


def test_the_index_ignores_width_case_and_blanks_and_keeps_purposes_apart(vault: Vault) -> None:
    assert vault.index("name", "Gildong  Hong") == vault.index("name", " ＧＩＬＤＯＮＧ hong")
    assert vault.index("name", PHONE) != vault.index("phone", PHONE)
    assert vault.index("na", "me") != vault.index("n", "ame")


async def test_a_process_that_has_not_heard_of_a_new_key_learns_it_from_the_first_value(
    vault: Vault, database: Database, other_process: Database
) -> None:
    other = await open_vault(other_process, SECRET, NOW)
    async with database.transaction() as tx:
        made = await add_key(tx, vault.keks[0], "seal", NOW)
        await vault.refresh(tx)
    assert (vault.active, other.active) == (made, made - 1)
    assert other.open(vault.seal(PHONE, HERE), HERE) == PHONE
    assert other.active == made


async def test_a_wrong_secret_is_a_clear_start_error(other_process: Database) -> None:
    with pytest.raises(KeyLost) as caught:
        await open_vault(other_process, b"another secret altogether 0123456", NOW)
    assert "SINMUNGO_SECRET" in caught.value.reason_ko and "SINMUNGO_OLD_SECRETS" in caught.value.reason_en
    assert other_process.vault is None


async def test_an_earlier_secret_still_opens(vault: Vault, other_process: Database) -> None:
    new = b"a new secret of the city 0123456789ab"
    opened = await open_vault(other_process, new, NOW, older=[b"unrelated", SECRET])
    assert opened.open(vault.seal(PHONE, HERE), HERE) == PHONE


async def test_a_key_row_whose_purpose_or_bytes_were_changed_is_refused(database: Database, vault: Vault) -> None:
    async with database.transaction() as tx:
        row = (await tx.execute(select(data_keys).where(data_keys.c.purpose == "index"))).one()
    with pytest.raises(KeyLost):
        vault.keks[0].unwrap(row.wrapped, row.id, "seal")
    with pytest.raises(KeyLost):
        vault.keks[0].unwrap(row.wrapped[:-1] + b"\x00", row.id + 1, "index")


async def test_nothing_is_stored_plain_where_no_vault_was_opened(other_process: Database, database: Database) -> None:
    async with other_process.transaction() as tx:
        await tx.execute(text("SELECT 1"))
        with pytest.raises(ConfigError):
            vault_of(tx)
    async with database.transaction() as tx, database.direct() as direct:
        assert vault_of(tx) is vault_of(direct) is database.vault


def test_old_secrets_are_words_or_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "old.key").write_bytes(b"k" * 32)
    monkeypatch.setenv("SINMUNGO_OLD_SECRETS", f"an-earlier-secret-of-the-city-123 file:{tmp_path}/old.key")
    words, file = old_secrets()
    assert file == b"k" * 32 and len(words) == 32
    assert Kek(words).fingerprint != Kek(file).fingerprint
    monkeypatch.setenv("SINMUNGO_OLD_SECRETS", "file:/nowhere/old.key")
    with pytest.raises(ConfigError):
        old_secrets()

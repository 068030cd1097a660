"""Rooms are found by name: every table is registered, and a room that is not there is said so."""

import pytest

from core import loading
from core.db import metadata


def test_channels_are_files_and_private_files_are_none() -> None:
    found = loading.files("integrations.channels")
    assert {"kakao", "partner", "telegram", "web"} <= set(found)
    assert not [name for name in found if name.startswith("_")]
    assert found == sorted(found)


def test_services_are_folders_with_the_wanted_file() -> None:
    names = [module.__name__ for module in loading.folders("actions", "handlers")]
    assert "actions.parking.handlers" in names
    assert names == sorted(names)


def test_an_unknown_file_is_a_key_error() -> None:
    with pytest.raises(KeyError):
        loading.file("integrations.channels", "pigeon")
    with pytest.raises(KeyError):
        loading.file("integrations.channels", "../bot")


def test_every_nouns_tables_are_registered() -> None:
    loading.load_tables()
    assert {"conversations", "inbound", "outbound", "cases", "citizens", "staff", "parking_lots"} <= set(
        metadata.tables
    )

"""The installation's key: made once, private, the same for all; signatures bound to their purpose."""

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import ConfigError
from core.secret import Secret, load


@pytest.fixture(autouse=True)
def no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SINMUNGO_SECRET", raising=False)


def test_it_is_made_once_and_private(tmp_path: Path) -> None:
    key = load(tmp_path / "var")
    assert len(key) == 32
    assert load(tmp_path / "var") == key
    assert stat.S_IMODE((tmp_path / "var/secret.key").stat().st_mode) == 0o600
    assert [path.name for path in (tmp_path / "var").iterdir()] == ["secret.key"]


def test_many_at_once_get_the_same(tmp_path: Path) -> None:
    with ThreadPoolExecutor(16) as pool:
        assert len(set(pool.map(lambda _: load(tmp_path / "new"), range(64)))) == 1


def test_the_environment_wins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SINMUNGO_SECRET", "s" * 32)
    assert len(load(tmp_path)) == 32
    assert list(tmp_path.iterdir()) == []


def test_a_short_or_damaged_one_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "secret.key").write_bytes(b"half")
    with pytest.raises(ConfigError, match=r"secret\.key"):
        load(tmp_path)
    monkeypatch.setenv("SINMUNGO_SECRET", "short")
    with pytest.raises(ConfigError, match="SINMUNGO_SECRET"):
        load(tmp_path)


@given(st.text(), st.text(), st.text(), st.text())
def test_a_signature_holds_for_its_purpose_and_value_only(a: str, b: str, x: str, y: str) -> None:
    secret = Secret(b"k" * 32)
    signature = secret.sign(a, x)
    assert secret.verify(a, x, signature)
    assert secret.verify(b, y, signature) == ((a, x) == (b, y))
    assert not Secret(b"j" * 32).verify(a, x, signature)


@given(st.text())
def test_rubbish_is_no_signature(rubbish: str) -> None:
    assert not Secret(b"k" * 32).verify("a", "b", rubbish)


def test_a_keyed_hash_needs_the_key() -> None:
    assert Secret(b"k" * 32).keyed_hash("01012345678") == Secret(b"k" * 32).keyed_hash("01012345678")
    assert Secret(b"k" * 32).keyed_hash("01012345678") != Secret(b"j" * 32).keyed_hash("01012345678")
    assert len(Secret(b"k" * 32).keyed_hash("")) == 64

"""The Korean sources as config.yml switches them on: a key in the environment is all that is missing."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.sources.opening import open_sources
from core import loading
from core.errors import ConfigError
from core.loading import ROOT
from core.settings import Settings, read
from tests.integrations.parking.portal import KEY

OURS = {"kr_standard": "kr_standard_api", "seoul": "seoul", "kotsa": "kotsa", "airports": "airports"}


def sections(**changes: Any) -> dict[str, dict[str, Any]]:
    written = yaml.safe_load((ROOT / "config.yml").read_text("utf-8"))["parking"]["sources"]
    return {name: {**written[name], "enabled": True, "key": KEY, **changes} for name in OURS}


def with_sources(settings: Settings, sources: dict[str, dict[str, Any]]) -> Settings:
    return settings.model_copy(update={"parking": settings.parking.model_copy(update={"sources": sources})})


@pytest.fixture
def plain() -> Settings:
    return read(ROOT / "config.yml")


def test_each_is_off_until_somebody_has_a_key() -> None:
    written = yaml.safe_load((ROOT / "config.yml").read_text("utf-8"))["parking"]["sources"]
    for name, vendor in OURS.items():
        assert (written[name]["vendor"], written[name]["enabled"]) == (vendor, False)
        assert written[name]["key"].startswith("${"), "keys come from the environment"


def test_switched_on_with_a_key_they_open(plain: Settings) -> None:
    opened = open_sources(with_sources(plain, sections()))
    assert set(opened) == set(OURS)
    for name, source in opened.items():
        assert source.name == name
        assert source.terms.attribution and source.terms.licence
    assert opened["kr_standard"].terms.interval_s == 0, "the national standard has no numbers of now"


@pytest.mark.parametrize("wrong", [{"key": ""}, {"unheard_of": 1}])
def test_a_missing_key_or_a_misspelt_setting_is_told_at_the_start(plain: Settings, wrong: dict[str, Any]) -> None:
    for name, section in sections(**wrong).items():
        with pytest.raises(ConfigError, match=name):
            open_sources(with_sources(plain, {name: section}))


def test_no_settings_show_their_key(plain: Settings) -> None:
    for source in open_sources(with_sources(plain, sections())).values():
        assert KEY not in repr(vars(source))


@pytest.mark.parametrize("vendor", sorted(set(OURS.values())))
def test_every_setting_is_on_the_vendors_page(vendor: str) -> None:
    page = Path(ROOT / f"docs/sources/{vendor}.md").read_text("utf-8")
    fields = loading.file("integrations.parking", vendor).Settings.model_fields
    assert [name for name in fields if f"`{name}`" not in page] == []

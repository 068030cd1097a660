"""The sections of config.yml for hubs are whole: a city switches one on and fills in its address."""

from typing import Any

import pytest
import yaml

from bot.sources.opening import open_sources
from core.loading import ROOT
from core.settings import read

SECTIONS: dict[str, dict[str, Any]] = {
    name: section
    for name, section in yaml.safe_load((ROOT / "config.yml").read_text("utf-8"))["parking"]["sources"].items()
    if section["vendor"] in ("datex2", "fiware", "geojson")
}


@pytest.mark.parametrize("name", ["datex2_city", "fiware_hub", "geojson_city"])
def test_a_section_only_waits_to_be_switched_on(name: str) -> None:
    assert SECTIONS[name]["enabled"] is False
    given = read()
    sources = {name: {**SECTIONS[name], "enabled": True}}
    parking = given.parking.model_copy(update={"sources": sources})
    (opened,) = open_sources(given.model_copy(update={"parking": parking})).values()
    assert (opened.name, opened.terms.attribution) == (name, SECTIONS[name]["attribution"])

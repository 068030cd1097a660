"""Extra pass over the collected files, where they lie beside the checkout: Seoul's rows find their lots in the national
file."""

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from civic.parking.federation.blocks import Blocks
from civic.parking.federation.likeness import Sketch
from core import loading
from core.ids import new_id
from core.loading import ROOT
from core.parking_rules import Matching

FILES = ROOT.parent / "shared/data/parking"
NATIONAL, SEOUL = FILES / "kr_standard_2022-12_part.csv", FILES / "seoul_realtime_2026-03-19_1610.csv"
FOUND = [(NATIONAL, SEOUL)] if NATIONAL.exists() and SEOUL.exists() else []


def sketches(vendor: str, path: Path) -> list[Sketch]:
    records: Any = loading.file("integrations.parking", vendor).read(path).records
    return [
        Sketch(
            id=new_id(),
            source=vendor,
            name=one.name,
            addresses=tuple(text for text in (one.address, one.road_address) if text),
            lat=one.lat,
            lon=one.lon,
            capacity=one.capacity,
            type=one.type,
            external_ids=one.external_ids,
        )
        for one in records
    ]


@pytest.mark.parametrize(("national", "seoul"), FOUND)
def test_seouls_rows_without_a_point_find_their_lots(national: Path, seoul: Path) -> None:
    """By lot number or cleaned name 132 of 180 codes were found by hand; the rule joins only what is surely one."""
    theirs, ours = sketches("kr_standard", national), sketches("seoul", seoul)
    blocks = Blocks(Matching())
    for lot in (*theirs, *ours):
        blocks.put(lot)
    pairs = blocks.pairs([lot.id for lot in ours])
    mine = {lot.id for lot in ours}
    found = {one for pair in pairs for one in pair if one in mine}
    sure = [pair for pair, how in pairs.items() if how.is_unplaced]
    count = Counter(one for pair in sure for one in pair)
    decided = [pair for pair in sure if count[pair[0]] == count[pair[1]] == 1]
    assert len(found) >= 120
    assert len(decided) >= 40

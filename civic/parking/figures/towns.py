"""The 읍·면·동 of an address, as far as the address names one."""

import re

_TOWN = re.compile(r"(?:^|[\s(,])([가-힣]{1,8}\d{0,2}(?:\.\d)?(?:읍|면|동))(?=$|[\s),])")
_FLOOR = re.compile(r"(?:지하|지상|공)동$")


def town_of(address: str, road_address: str = "") -> str:
    """From the lot address, else from the one in brackets of the road address; "" where neither names one.

    It is the 법정동, which need not be the 행정동 of a report's place.
    """
    for text in (address, road_address):
        found: list[str] = [town for town in _TOWN.findall(text) if not _FLOOR.search(town)]
        if found:
            return found[0]
    return ""

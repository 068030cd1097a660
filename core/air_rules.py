"""The `air:` section of config.yml: where air data come from, whose zone is whose, who is told, who acts."""

from typing import Annotated, Any

from pydantic import Field

from core.parking_rules import Asking
from core.section import Bilingual, Section

Latitude = Annotated[float, Field(ge=32, le=39.5)]
Longitude = Annotated[float, Field(ge=123, le=133)]


class Zone(Section):
    """A zone of alerts (권역). `stations`: names of official stations of the `urban` network whose mean is the zone's
    dust; ozone is any one of them. `official_zone`: as the publisher of alerts calls it, "" where nobody relays any.
    """

    name: Bilingual
    stations: list[str] = []
    official_zone: str = ""


class Stack(Section):
    """One stack or yard of a company. `height_m` above ground; `emits`: words of smells (civic/air/smell) and codes of
    pollutants that it may give off.
    """

    id: str
    lat: Latitude
    lon: Longitude
    height_m: Annotated[float, Field(ge=0, le=300)] = 0
    emits: list[str] = []


class Contact(Section):
    """Who of a company is told, in this order. `phone`: of the person on duty, kept in this file by the city."""

    name: str
    phone: str = ""


class Company(Section):
    """A company by its name in the section: what it is called, where it lets air out, who hears of it."""

    name: Bilingual
    stacks: list[Stack] = []
    contacts: list[Contact] = []


class Air(Section):
    """`sources`: name to its settings; `vendor` names the file integrations/air/<vendor>.py, `enabled` switches it on.
    `asking`: as for parking. `near_km`: a station farther than this is told with its distance and never as "here".
    `department`: whose heads hear of sources, sensors and matters; empty: the admins.
    """

    sources: dict[str, dict[str, Any]] = {}
    asking: Asking = Asking()
    zones: dict[str, Zone] = {}
    companies: dict[str, Company] = {}
    near_km: Annotated[float, Field(gt=0, le=100)] = 10
    department: str = ""

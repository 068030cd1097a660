"""In whose name the air is published: every row names who measured, and what may be said of how sure it is."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from core.contracts.air import UNITS, Quality, Terms
from core.settings import Settings

UNIT_CODES: Mapping[str, str] = {"µg/m³": "GQ", "mg/m³": "GP", "ppm": "59", "ppb": "61"}
"""UN/CEFACT Recommendation 20, as NGSI-LD wants units said (§4.5.2)."""
QUALITIES_EN: Mapping[Quality, str] = {
    "OK": "measured",
    "COMM": "communication failure",
    "CALIBRATION": "check or calibration",
    "MAINTENANCE": "maintenance",
    "SUSPECT": "data suspect",
    "MISSING": "no value",
}
PROPERTIES: Mapping[str, str] = {
    "SO2": "http://dd.eionet.europa.eu/vocabulary/aq/pollutant/1",
    "PM10": "http://dd.eionet.europa.eu/vocabulary/aq/pollutant/5",
    "O3": "http://dd.eionet.europa.eu/vocabulary/aq/pollutant/7",
    "NO2": "http://dd.eionet.europa.eu/vocabulary/aq/pollutant/8",
    "CO": "http://dd.eionet.europa.eu/vocabulary/aq/pollutant/10",
    "PM25": "http://dd.eionet.europa.eu/vocabulary/aq/pollutant/6001",
}
"""What each pollutant is, in the vocabulary of the European Environment Agency."""


@dataclass(frozen=True, slots=True)
class Publisher:
    """The city and what its sources ask to be called. `url`: of the house, without a slash at its end. `licences`: of
    each source, as it declares itself.
    """

    city_id: str
    name: str
    url: str = ""
    licence: str = ""
    licence_url: str = ""
    attributions: Mapping[str, str] = field(default_factory=dict)
    licences: Mapping[str, str] = field(default_factory=dict)

    def attribution(self, source: str) -> str:
        return self.attributions.get(source) or self.name

    def terms(self) -> dict[str, str]:
        return {"publisher": self.name, "licence": self.licence, "licence_url": self.licence_url}


def publisher(settings: Settings, terms: Mapping[str, Terms]) -> Publisher:
    """In whose name: the city's, with what its sources ask to be called."""
    city, rules = settings.city, settings.air.public
    declared = {name: one.attribution for name, one in terms.items()}
    return Publisher(
        city.id,
        rules.attribution or city.name.ko,
        url=settings.web.public_url.rstrip("/"),
        licence=rules.licence,
        licence_url=rules.licence_url,
        attributions={**declared, **rules.attributions},
        licences={name: one.licence for name, one in terms.items()},
    )


def unit_of(pollutant: str, told: str = "") -> str:
    """The unit as told with the value, else the one of the six."""
    return told or UNITS.get(pollutant, "")

"""What a source of lots says of itself in config.yml where its format does not: whose they are, what may be shown."""

from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, field_validator

from core.contracts.parking import Ownership, Purpose, Terms
from core.section import Section
from integrations.parking._parkapi_values import Bounds


class Declared(Section):
    """`attribution`, `licence`: as the provider asks to be named. `owner`: whose lots they are where rows do not say.

    `purposes`: lots for what are taken; citizens ask for cars. `zone`: local time of dates without a zone. `bounds`:
    points outside are not believed. Seconds: how long a number is normally true, and the pauses between pulls of
    numbers and of the lots themselves.
    """

    attribution: Annotated[str, Field(min_length=1)]
    licence: str = ""
    licence_url: str = ""
    owner: str = ""
    ownership: Ownership = "unknown"
    purposes: Annotated[tuple[Purpose, ...], Field(min_length=1)] = ("CAR",)
    zone: str = "Asia/Seoul"
    bounds: Bounds = Bounds()
    freshness_s: Annotated[int, Field(ge=60)] = 1_800
    interval_s: Annotated[int, Field(ge=0)] = 300
    static_interval_s: Annotated[int, Field(ge=60)] = 86_400
    daily_calls: Annotated[int, Field(ge=1)] | None = None
    max_mb: Annotated[int, Field(ge=1, le=64)] = 16

    @field_validator("zone")
    @classmethod
    def _is_known(cls, zone: str) -> str:
        try:
            ZoneInfo(zone)
        except (ZoneInfoNotFoundError, ValueError):
            raise ValueError("a name of the time zone database, such as Asia/Seoul") from None
        return zone

    def terms(self) -> Terms:
        return Terms(
            attribution=self.attribution,
            licence=self.licence,
            licence_url=self.licence_url,
            owner=self.owner,
            freshness_s=self.freshness_s,
            interval_s=self.interval_s,
            static_interval_s=self.static_interval_s,
            daily_calls=self.daily_calls,
        )

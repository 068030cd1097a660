"""What of the `air:` section of config.yml is about hours that were missed."""

from typing import Annotated

from pydantic import Field

from core.section import Section


class Gaps(Section):
    """Hours that a source told while we were away are asked for again (docs/desk/air-sources.md). `days`: how far back,
    for stations of a zone; others from the first hour that we have of them, as far as `km` from the nearest of a zone.
    `settled_minutes`: after its end an hour that is not there counts as missed. `a_round`: stations asked at once.
    `again_hours`: later, what nobody had told is asked for again, and a zone's last day too, for late corrections.
    """

    enabled: bool = True
    days: Annotated[int, Field(ge=1, le=88)] = 30
    km: Annotated[float, Field(ge=0, le=1000)] = 60
    settled_minutes: Annotated[int, Field(ge=60, le=1440)] = 115
    a_round: Annotated[int, Field(ge=1, le=200)] = 20
    again_hours: Annotated[int, Field(ge=1, le=720)] = 24

"""The `parking:` section of config.yml: where lots come from, which numbers are believed, what citizens may ask for."""

from typing import Annotated, Any

from pydantic import Field

from core.section import Section


class Numbers(Section):
    """Which realtime numbers are told. Older than `marked_minutes`: with their age and a warning; older than
    `withdrawn_minutes`: not at all. A lot whose number has not moved for `frozen_hours` counts as frozen.
    """

    marked_minutes: Annotated[int, Field(ge=1, le=240)] = 30
    withdrawn_minutes: Annotated[int, Field(ge=2, le=1440)] = 120
    frozen_hours: Annotated[int, Field(ge=1, le=168)] = 24


class Parking(Section):
    """`sources`: name to its settings; `vendor` names the file integrations/parking/<vendor>.py, `enabled` switches
    it on, the rest is that file's own `Settings`.
    """

    sources: dict[str, dict[str, Any]] = {}
    numbers: Numbers = Numbers()

"""How sources are asked, whatever they tell of: the `asking` of a section in config.yml."""

from typing import Annotated

from pydantic import Field

from core.section import Section


class Asking(Section):
    """How sources are asked. `parallel` at once in a process, each for at most `deadline_s`; pauses vary by the share
    `jitter`. Failures wait `backoff_first_s`, twice as long each time, at most `backoff_most_s`; staff are told after
    `failing_after` in a row or `failing_minutes`. A source that pushes is missed after `silent_minutes`.
    """

    parallel: Annotated[int, Field(ge=1, le=32)] = 4
    deadline_s: Annotated[int, Field(ge=1, le=3600)] = 120
    jitter: Annotated[float, Field(ge=0, le=0.5)] = 0.1
    backoff_first_s: Annotated[int, Field(ge=1, le=3600)] = 30
    backoff_most_s: Annotated[int, Field(ge=1, le=86_400)] = 3600
    failing_after: Annotated[int, Field(ge=1, le=100)] = 10
    failing_minutes: Annotated[int, Field(ge=1, le=1440)] = 30
    silent_minutes: Annotated[int, Field(ge=5, le=10_080)] = 120

"""What of the `arrears:` section of config.yml is about notices: levels, waits, ways, runs."""

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Literal

from pydantic import Field, model_validator

from core.section import Bilingual, Section

Level = Literal["bill", "dun", "reminder", "warning"]
"""고지 안내, 독촉, 체납 안내, 압류 예고: the rungs of the ladder, in their order."""
Stop = Literal[
    "deferral", "instalment", "dispute", "died", "bankrupt", "rehabilitation", "welfare", "suspended", "other"
]
_Days = Annotated[int, Field(ge=0, le=3650)]


class Rung(Section):
    """One level. `after`: the day from which a bill's wait counts: notified (고지일; only until it is due), due (납부
    기한; only bills without 독촉), dun_due (독촉 기한). `follows`: this level must have been told before, and the wait
    counts from it, too. `every_days`: the least between two of this level to one person; `most`: how often in the same
    arrears. `letter`: the kind of written document that the level is (it stays one, whatever a message says).
    `stops`: what bids this level wait. `basis`: statute or practice, as it is shown.
    """

    title: Bilingual
    after: Literal["notified", "due", "dun_due"]
    wait_days: _Days = 0
    follows: Level | None = None
    every_days: Annotated[int, Field(ge=1, le=3650)] = 30
    most: Annotated[int, Field(ge=1, le=1000)] = 1
    minimum_krw: Annotated[int, Field(ge=0)] = 0
    letter: Literal["", "dun", "warning", "info"] = ""
    stops: list[Stop] = []
    basis: Bilingual
    source: str = ""


class Preview(Section):
    """`chars`: how much of a message a locked telephone shows. `alimtalk_chars`: the longest 알림톡."""

    chars: Annotated[int, Field(ge=10, le=200)] = 40
    alimtalk_chars: Annotated[int, Field(ge=100, le=2000)] = 1000
    source: str = ""


class Sender(Section):
    """Whose name and address stand on a document. `document_prefix`: what document numbers begin with (징수과)."""

    document_prefix: Annotated[str, Field(min_length=1, max_length=30)] = "체납징수"
    office: Bilingual = Bilingual(ko="", en="")
    head: Bilingual = Bilingual(ko="", en="")
    """Who signs, e.g. 김포시장; empty: "<city>장"."""
    address: str = ""
    postcode: str = ""
    phone: str = ""
    """Empty: the city's."""
    is_practice: bool = False
    """Printed on every document: it is an exercise and has no effect."""


class Notices(Section):
    """The dunning ladder and its documents (docs/desk/arrears-notices.md). `dun_days`: how long a 독촉장 gives, at most
    what the dated row of its day allows. `post_within_days`: a printed letter that was not posted by then is printed
    anew, with new dates.
    """

    levels: Mapping[Level, Rung] = {}
    dun_days: Annotated[int, Field(ge=1, le=60)] = 15
    post_within_days: Annotated[int, Field(ge=0, le=30)] = 3
    sender: Sender = Sender()
    preview: Preview = Preview()

    @model_validator(mode="after")
    def _ladder(self) -> "Notices":
        for name, rung in self.levels.items():
            if rung.follows is not None and rung.follows not in self.levels:
                raise ValueError(f"arrears.notices.levels.{name}.follows: {rung.follows} is not a level")
        return self


MessageWay = Literal["alimtalk", "sms", "lms"]


class Price(Section):
    """What one piece of a way costs from a day on, in whole won. `certainty`: L, O, P, K or ?, as in the facts."""

    way: Literal["alimtalk", "sms", "lms", "letter"]
    valid_from: date
    krw: Annotated[int, Field(ge=0)]
    source: Annotated[str, Field(min_length=1)]
    certainty: Literal["L", "O", "P", "K", "?"]


class Runs(Section):
    """Sending one level to many people (docs/desk/arrears-runs.md). `ways`: which are tried by telephone, in this
    order; lms stands for a text message of either length. `after_unknown`: whether a message of which nobody knows if
    it arrived is followed by a letter (never by a second message). `written`: levels whose document goes by post to
    everybody, whatever a message says. `pay_by_days`: until when a notice of what is overdue asks for payment.
    `a_day`: messages to one person a day, over all runs. `prepared_hours`: what was reckoned longer ago is reckoned
    anew before it is approved. `follow_hours`: how long after its queuing a failure is followed by the next way.
    `chunk`: people of one transaction.
    """

    ways: list[Literal["alimtalk", "lms"]] = ["alimtalk", "lms"]
    after_unknown: Literal["letter", "nothing"] = "letter"
    written: list[Level] = ["dun"]
    pay_by_days: Annotated[int, Field(ge=1, le=60)] = 14
    a_day: Annotated[int, Field(ge=1, le=10)] = 1
    prepared_hours: Annotated[int, Field(ge=1, le=240)] = 72
    follow_hours: Annotated[int, Field(ge=1, le=720)] = 168
    chunk: Annotated[int, Field(ge=1, le=20_000)] = 5_000
    prices: list[Price] = []

"""What the language engine says about one text: intents, confidence, entities.

The shapes that `nlu` produces, `bot` decides on and `actions` read, so that neither imports the other.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol

Band = Literal["act", "ask", "refuse"]
Lang = Literal["ko", "en"]


@dataclass(frozen=True, slots=True)
class Entity:
    """A span of the text, offsets in code points of `Understanding.text`.

    `type` as in docs/nlu-labels.md: place, date, category, plate, complaint_no, amount, phone; besides them ordinal,
    duration, and whatever types other training data marks. `value` is normalised: ISO 8601 with zone for `date`,
    whole won for `amount`, minutes for `duration`, digits for `phone`, the gazetteer's or synonym's canonical name for
    `place` and `category`. `role` says which list a `category` is of (pollutant, vehicle, tax, shop, event …) and which
    edge a `date` is (from, until). `detail` carries what normalising found besides (grain, kind of place, lat, lon).
    """

    type: str
    start: int
    end: int
    text: str
    value: str
    confidence: float = 1.0
    role: str | None = None
    detail: Mapping[str, str | float | int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class IntentScore:
    """One intent and its calibrated probability (0 to 1)."""

    name: str
    confidence: float


@dataclass(frozen=True, slots=True)
class Understanding:
    """The engine's whole answer for one text.

    `text` is the NFC, masked text. `ranking` holds in-scope intents, best first. `band` says whether the
    best may be acted on, must be asked back (`candidates()` gives the two or three to offer), or refused.
    `parts` is filled when the text asks for several things: one Understanding a clause, in the order said.
    """

    text: str
    lang: Lang
    band: Band
    ranking: tuple[IntentScore, ...]
    entities: tuple[Entity, ...] = ()
    parts: tuple["Understanding", ...] = ()

    @property
    def intent(self) -> str:
        return self.ranking[0].name if self.ranking else "out_of_scope"

    @property
    def confidence(self) -> float:
        return self.ranking[0].confidence if self.ranking else 0.0

    def candidates(self, most: int = 3) -> tuple[str, ...]:
        """The nearest intents worth offering back, best first; never an empty choice when one was scored."""
        best = self.confidence
        near = [score.name for score in self.ranking[:most] if score.confidence >= 0.25 * best]
        return tuple(near or [score.name for score in self.ranking[:1]])

    def first(self, kind: str, role: str | None = None) -> Entity | None:
        """The first entity of a type, and of a role when one is named; None when the text has none."""
        return next(iter(self.all(kind, role)), None)

    def all(self, kind: str, role: str | None = None) -> tuple[Entity, ...]:
        """Every entity of a type, and of a role when one is named, in the order of the text."""
        return tuple(one for one in self.entities if one.type == kind and role in (None, one.role))


@dataclass(frozen=True, slots=True)
class NamedPlace:
    """A gazetteer entry of the city: what citizens may call it and where it is (WGS 84 degrees)."""

    name: str
    kind: str
    lat: float
    lon: float
    aliases: tuple[str, ...] = ()


class LanguageEngine(Protocol):
    """Pure: no input or output, the same text and moment give the same answer."""

    def understand(self, text: str, *, now_iso: str) -> Understanding:
        """Read one text. `now_iso`: aware ISO 8601 moment that relative dates are resolved against.

        Never raises for any text: what cannot be read comes back with band "refuse" and low confidence.
        """
        ...

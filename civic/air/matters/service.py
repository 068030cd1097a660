"""What other rooms may use of the room of matters."""

from civic.air.matters.opening import MatterDraft, Opened, open_matter
from civic.air.matters.public import PublicMatter, public_matters
from civic.air.matters.record import Matter

__all__ = [
    "Matter",
    "MatterDraft",
    "Opened",
    "PublicMatter",
    "open_matter",
    "public_matters",
]

"""What other rooms may use of the room of smells."""

from civic.air.smell.kinds import OTHER, is_smell, kind, kind_told, kinds, strength_told, strengths
from civic.air.smell.reports import Told, record
from civic.air.smell.upwind import Possible, Traced, candidates

__all__ = [
    "OTHER",
    "Possible",
    "Told",
    "Traced",
    "candidates",
    "is_smell",
    "kind",
    "kind_told",
    "kinds",
    "record",
    "strength_told",
    "strengths",
]

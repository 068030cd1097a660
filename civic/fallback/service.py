"""What other rooms may use of the room of next ways."""

from civic.fallback.chain import fall_back

__all__ = ["fall_back"]

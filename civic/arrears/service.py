"""What other nouns may use of the arrears."""

from civic.arrears.oversight.keeping import held_of, unlink

__all__ = ["held_of", "unlink"]

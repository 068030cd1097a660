"""What other rooms may use of presence: who writes on a case, and the check before anything is said to the citizen."""

from civic.presence.writing import LEASE, Writer, begin, end, forget_over, must_be_free, take_over, writer_of

__all__ = ["LEASE", "Writer", "begin", "end", "forget_over", "must_be_free", "take_over", "writer_of"]

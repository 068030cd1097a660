"""What other rooms may use of the keys: claim, mark, settle, release, purge."""

from civic.idempotency.keys import Answer, Asked, claim, mark, purge, release, settle

__all__ = ["Answer", "Asked", "claim", "mark", "purge", "release", "settle"]

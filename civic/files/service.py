"""What other rooms may use of the picture store."""

from civic.files.attach import attach, link_to_case, of_case
from civic.files.picture import MAX_BYTES
from civic.files.retention import forget_pictures, remove
from civic.files.store import StoredFile, load, store

__all__ = ["MAX_BYTES", "StoredFile", "attach", "forget_pictures", "link_to_case", "load", "of_case", "remove", "store"]

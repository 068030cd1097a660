"""What other rooms may use of the file room."""

from civic.files.attach import Attachment, attach, link_to_case, of_case, read, release, scanned, waiting
from civic.files.disk import DiskFiles
from civic.files.keep import Files, Kept, StoredFile
from civic.files.paper import ENDINGS
from civic.files.redact import Box, redacted, suspects
from civic.files.retention import forget_files, forget_unfiled, leave_orphans, take_orphans, unneeded

__all__ = [
    "ENDINGS",
    "Attachment",
    "Box",
    "DiskFiles",
    "Files",
    "Kept",
    "StoredFile",
    "attach",
    "forget_files",
    "forget_unfiled",
    "leave_orphans",
    "link_to_case",
    "of_case",
    "read",
    "redacted",
    "release",
    "scanned",
    "suspects",
    "take_orphans",
    "unneeded",
    "waiting",
]

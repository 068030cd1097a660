"""What other rooms may use of exports."""

from civic.exports.columns import COLUMNS, CONTACT, USUAL, Cell, Column, Names, Row
from civic.exports.files import MEDIA_TYPES, Format, ListFile, fingerprint, open_file
from civic.exports.record import Export, list_exports, names_of, note

__all__ = [
    "COLUMNS",
    "CONTACT",
    "MEDIA_TYPES",
    "USUAL",
    "Cell",
    "Column",
    "Export",
    "Format",
    "ListFile",
    "Names",
    "Row",
    "fingerprint",
    "list_exports",
    "names_of",
    "note",
    "open_file",
]

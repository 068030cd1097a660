"""What other rooms may use of the people's room."""

from civic.people.citizens import (
    contact_of,
    find_by_name,
    find_by_phone,
    has_consented,
    name_citizen,
    opened_name,
    opened_phone,
    record_consent,
)
from civic.people.name import clean_name
from civic.people.phone import masked_phone, normalise_phone
from civic.people.retention import forget_citizen, forget_citizens, note_run
from civic.people.sealing import seal_plain

__all__ = [
    "clean_name",
    "contact_of",
    "find_by_name",
    "find_by_phone",
    "forget_citizen",
    "forget_citizens",
    "has_consented",
    "masked_phone",
    "name_citizen",
    "normalise_phone",
    "note_run",
    "opened_name",
    "opened_phone",
    "record_consent",
    "seal_plain",
]

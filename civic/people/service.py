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
from civic.people.codes import Judged, tidy
from civic.people.desk import Kept, PeopleService
from civic.people.links import Member, absorbed, history, members, now_called, proven_number
from civic.people.name import clean_name
from civic.people.notices import chosen_by, notice_conversation, one_each
from civic.people.phone import international, masked_phone, mobile_phone, normalise_phone
from civic.people.retention import forget_citizen, forget_citizens, forget_proofs, note_run
from civic.people.sealing import seal_plain
from civic.people.unlinking import undo_link, unlink

__all__ = [
    "Judged",
    "Kept",
    "Member",
    "PeopleService",
    "absorbed",
    "chosen_by",
    "clean_name",
    "contact_of",
    "find_by_name",
    "find_by_phone",
    "forget_citizen",
    "forget_citizens",
    "forget_proofs",
    "has_consented",
    "history",
    "international",
    "masked_phone",
    "members",
    "mobile_phone",
    "name_citizen",
    "normalise_phone",
    "note_run",
    "notice_conversation",
    "now_called",
    "one_each",
    "opened_name",
    "opened_phone",
    "proven_number",
    "record_consent",
    "seal_plain",
    "tidy",
    "undo_link",
    "unlink",
]

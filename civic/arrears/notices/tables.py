"""Words that two officers stood for, written documents with their service, and how often whom was told what."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from core.db import Id, Json, Moment, metadata
from core.sealed import SealedJson

arrears_templates = Table(
    "arrears_templates",
    metadata,
    Column("id", Id, primary_key=True),
    Column("city_id", Text, nullable=False),
    Column("level", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("lang", Text, nullable=False),
    Column("number", Integer, nullable=False),
    Column("subject", Text, nullable=False, server_default=""),
    Column("body", Text, nullable=False),
    Column("alimtalk_key", Text, nullable=False, server_default=""),
    Column("state", Text, nullable=False, server_default="draft"),
    Column("written_by", Id, ForeignKey("staff.id"), nullable=False),
    Column("written_at", Moment, nullable=False),
    Column("decided_by", Id, ForeignKey("staff.id")),
    Column("decided_at", Moment),
    Column("reason", Text),
    Column("version", Integer, nullable=False, server_default="1"),
    UniqueConstraint("city_id", "level", "kind", "lang", "number"),
    CheckConstraint("kind IN ('alimtalk', 'sms', 'lms', 'letter')", name="kind"),
    CheckConstraint("state IN ('draft', 'approved', 'rejected', 'retired')", name="state"),
    CheckConstraint("decided_by IS NULL OR decided_by <> written_by", name="two_people"),
    CheckConstraint("state NOT IN ('approved', 'retired') OR decided_by IS NOT NULL", name="approved"),
    Index(
        "ix_arrears_templates_approved",
        "city_id",
        "level",
        "kind",
        "lang",
        unique=True,
        postgresql_where=text("state = 'approved'"),
    ),
)
"""`number`: which edition of these words; an approved one is never changed, the next retires it. `alimtalk_key`: the
house's name of the 알림톡 template; each channel's own settings turn it into the code that Kakao approved."""

arrears_steps = Table(
    "arrears_steps",
    metadata,
    Column("debtor_id", Id, ForeignKey("arrears_debtors.id"), primary_key=True),
    Column("level", Text, primary_key=True),
    Column("city_id", Text, nullable=False),
    Column("times", Integer, nullable=False),
    Column("last_on", Date, nullable=False),
    Column("before_on", Date),
    Column("updated_at", Moment, nullable=False),
)
"""Where somebody stands on the ladder. `before_on`: the last but one, for a notice that was taken back."""

arrears_letters = Table(
    "arrears_letters",
    metadata,
    Column("id", Id, primary_key=True),
    Column("city_id", Text, nullable=False),
    Column("debtor_id", Id, ForeignKey("arrears_debtors.id"), nullable=False),
    Column("kind", Text, nullable=False),
    Column("year", SmallInteger, nullable=False),
    Column("number", Integer, nullable=False),
    Column("document_no", Text, nullable=False),
    Column("recipient", SealedJson("arrears_letters.recipient"), nullable=False),
    Column("facts", SealedJson("arrears_letters.facts"), nullable=False),
    Column("total_krw", BigInteger, nullable=False),
    Column("is_addressed", Boolean, nullable=False),
    Column("state", Text, nullable=False, server_default="listed"),
    Column("issued_on", Date),
    Column("due_on", Date),
    Column("tracking_no", Text),
    Column("sent_on", Date),
    Column("served_on", Date),
    Column("served_how", Text),
    Column("returned_on", Date),
    Column("reason", Text),
    Column("dedupe_key", Text, nullable=False),
    Column("staff_id", Id, ForeignKey("staff.id")),
    Column("version", Integer, nullable=False, server_default="1"),
    Column("created_at", Moment, nullable=False),
    Column("updated_at", Moment, nullable=False),
    UniqueConstraint("city_id", "year", "number"),
    UniqueConstraint("city_id", "dedupe_key"),
    CheckConstraint(
        "kind IN ('dun', 'seizure_debtor', 'seizure_bank', 'record', 'join', 'release', 'warning', 'info', 'plan')",
        name="kind",
    ),
    CheckConstraint(
        "state IN ('listed', 'printed', 'sent', 'served', 'returned', 'published', 'cancelled')", name="state"
    ),
    CheckConstraint(
        "served_how IS NULL OR served_how IN ('registered', 'direct', 'electronic', 'publication')", name="served_how"
    ),
    CheckConstraint("state <> 'served' OR served_on IS NOT NULL", name="served"),
    Index("ix_arrears_letters_list", "city_id", "created_at", "id"),
    Index("ix_arrears_letters_debtor", "debtor_id", "created_at"),
    Index(
        "ix_arrears_letters_open",
        "city_id",
        "state",
        postgresql_where=text("state IN ('listed', 'printed', 'sent', 'returned')"),
    ),
)
"""`recipient`, sealed: {name, address, postcode}. `facts`, sealed: what its sheet says beside the bills. `issued_on`:
시행일, the day it was printed. `due_on`: the deadline it names. `served_on`: the day of 송달, which alone the law
counts; a message on a telephone is none. A number is kept by a cancelled letter: the register has no gaps."""

arrears_letter_bills = Table(
    "arrears_letter_bills",
    metadata,
    Column("letter_id", Id, ForeignKey("arrears_letters.id"), primary_key=True),
    Column("bill_id", Id, ForeignKey("arrears_bills.id"), primary_key=True),
    Column("costs_krw", BigInteger, nullable=False),
    Column("tax_krw", BigInteger, nullable=False),
    Column("surcharge_krw", BigInteger, nullable=False),
    Index("ix_arrears_letter_bills_bill", "bill_id"),
)
"""The amounts of each bill as the document names them."""

arrears_letter_numbers = Table(
    "arrears_letter_numbers",
    metadata,
    Column("city_id", Text, primary_key=True),
    Column("year", SmallInteger, primary_key=True),
    Column("last", Integer, nullable=False),
)
"""The last document number of a year; its row is locked until the letters that took numbers are committed."""

arrears_letter_events = Table(
    "arrears_letter_events",
    metadata,
    Column("id", Id, primary_key=True),
    Column("city_id", Text, nullable=False),
    Column("letter_id", Id, ForeignKey("arrears_letters.id"), nullable=False),
    Column("what", Text, nullable=False),
    Column("happened_on", Date, nullable=False),
    Column("detail", Json, nullable=False, server_default="{}"),
    Column("staff_id", Id),
    Column("at", Moment, nullable=False),
    Index("ix_arrears_letter_events_letter", "letter_id", "at"),
)
"""What became of a document, only added to: listed, addressed, printed, sent, served, returned, published …"""

"""Files that were read into the ledger, what of them was refused, and what a later file changed."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    Table,
    Text,
    UniqueConstraint,
)

from core.db import Id, Json, Moment, metadata
from core.sealed import SealedBytes

arrears_imports = Table(
    "arrears_imports",
    metadata,
    Column("id", Id, primary_key=True),
    Column("city_id", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("is_dry_run", Boolean, nullable=False),
    Column("is_whole", Boolean, nullable=False),
    Column("filename", Text, nullable=False),
    Column("source", Text, nullable=False, server_default=""),
    Column("digest", Text, nullable=False, server_default=""),
    Column("form", Text, nullable=False, server_default=""),
    Column("bytes", BigInteger, nullable=False, server_default="0"),
    Column("control", Json, nullable=False, server_default="{}"),
    Column("read_rows", Integer, nullable=False, server_default="0"),
    Column("new_rows", Integer, nullable=False, server_default="0"),
    Column("changed_rows", Integer, nullable=False, server_default="0"),
    Column("same_rows", Integer, nullable=False, server_default="0"),
    Column("refused_rows", Integer, nullable=False, server_default="0"),
    Column("total_krw", BigInteger, nullable=False, server_default="0"),
    Column("refused_krw", BigInteger, nullable=False, server_default="0"),
    Column("totals", Json, nullable=False, server_default="{}"),
    Column("reason", Text, nullable=False, server_default=""),
    Column("reason_ko", Text, nullable=False, server_default=""),
    Column("staff_id", Id),
    Column("created_at", Moment, nullable=False),
    Column("started_at", Moment),
    Column("ended_at", Moment),
    CheckConstraint("kind IN ('debtors', 'bills', 'payments')", name="kind"),
    CheckConstraint("state IN ('receiving', 'waiting', 'running', 'done', 'refused', 'failed')", name="state"),
    Index("ix_arrears_imports_created", "city_id", "created_at"),
)
"""`is_whole`: one refused row refuses all. `digest`: SHA-256 of the file. `form`: utf-8-sig, cp949 or xlsx.
`control`: {"": {"rows", "krw"}, tax item: {…}} as it was told; `totals`: the same as found in the file. `total_krw`: of
all rows read, `refused_krw` of those refused. `reason`: code why the whole was refused."""

arrears_import_pieces = Table(
    "arrears_import_pieces",
    metadata,
    Column("id", Id, primary_key=True),
    Column("import_id", Id, ForeignKey("arrears_imports.id", ondelete="CASCADE"), nullable=False),
    Column("no", Integer, nullable=False),
    Column("piece", SealedBytes("arrears_import_pieces.piece"), nullable=False),
    UniqueConstraint("import_id", "no"),
)
"""The file itself, base64 in sealed pieces, from its arrival until the import has ended: any worker may take it up."""

arrears_import_rejects = Table(
    "arrears_import_rejects",
    metadata,
    Column("id", Id, primary_key=True),
    Column("import_id", Id, ForeignKey("arrears_imports.id", ondelete="CASCADE"), nullable=False),
    Column("line", Integer, nullable=False),
    Column("field", Text, nullable=False, server_default=""),
    Column("code", Text, nullable=False),
    Column("key", Text, nullable=False, server_default=""),
    Index("ix_arrears_import_rejects_line", "import_id", "line"),
)
"""`key`: number of the bill or payment; "" for a debtor, who is found by the line in the sender's own file."""

arrears_changes = Table(
    "arrears_changes",
    metadata,
    Column("id", Id, primary_key=True),
    Column("city_id", Text, nullable=False),
    Column("import_id", Id, ForeignKey("arrears_imports.id", ondelete="SET NULL")),
    Column("debtor_id", Id, ForeignKey("arrears_debtors.id"), nullable=False),
    Column("bill_id", Id, ForeignKey("arrears_bills.id")),
    Column("version", Integer, nullable=False),
    Column("before", Json, nullable=False),
    Column("at", Moment, nullable=False),
    Index("ix_arrears_changes_debtor", "debtor_id", "at"),
)
"""What a later telling changed of a bill, as it was before (amounts and dates); of a person only that he changed."""

"""Who is writing on which case right now: one row a case, worth nothing once its time is over."""

from sqlalchemy import Column, ForeignKey, Table, Text

from core.db import Id, Moment, metadata

case_writers = Table(
    "case_writers",
    metadata,
    Column("case_id", Id, ForeignKey("cases.id", ondelete="CASCADE"), primary_key=True),
    Column("city_id", Text, nullable=False),
    Column("staff_id", Id, ForeignKey("staff.id"), nullable=False),
    Column("since_at", Moment, nullable=False),
    Column("until_at", Moment, nullable=False),
)

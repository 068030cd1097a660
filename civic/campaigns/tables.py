"""One message to everybody who agreed to advertising, and who got it."""

from sqlalchemy import Boolean, CheckConstraint, Column, ForeignKey, Index, Integer, Table, Text

from core.db import Id, Moment, metadata

campaigns = Table(
    "campaigns",
    metadata,
    Column("id", Id, primary_key=True),
    Column("city_id", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("text_en", Text, nullable=False, server_default=""),
    Column("is_advertising", Boolean, nullable=False, server_default="true"),
    Column("basis", Text, nullable=False, server_default=""),
    Column("status", Text, nullable=False, server_default="draft"),
    Column("version", Integer, nullable=False, server_default="1"),
    Column("staff_id", Id, nullable=False),
    Column("started_by", Id),
    Column("last_id", Id),
    Column("created_at", Moment, nullable=False),
    Column("updated_at", Moment, nullable=False),
    Column("started_at", Moment),
    Column("ended_at", Moment),
    CheckConstraint("status IN ('draft', 'running', 'filled', 'cancelled')", name="status"),
    Index("ix_campaigns_list", "city_id", "created_at", "id"),
)
"""`basis`: why a message that is not marked as advertising is none. `last_id`: the conversation that the filling came
to; `filled`: everybody's message is queued."""

campaign_recipients = Table(
    "campaign_recipients",
    metadata,
    Column("campaign_id", Id, ForeignKey("campaigns.id"), primary_key=True),
    Column("person_id", Id, primary_key=True),
    Column("city_id", Text, nullable=False),
    Column("conversation_id", Id, ForeignKey("conversations.id"), nullable=False),
    Column("outbound_id", Id, nullable=False),
    Column("at", Moment, nullable=False),
    Index("ix_campaign_recipients_outbound", "outbound_id"),
)
"""`person_id`: the citizen, or the conversation of somebody unnamed: nobody gets one campaign twice."""

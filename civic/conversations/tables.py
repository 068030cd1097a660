"""The thread with one citizen on one channel: what came in, what goes out, who holds it."""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    Sequence,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from core.db import Id, Moment, metadata
from core.sealed import SealedJson, SealedText

message_seq = Sequence("message_seq", metadata=metadata)
"""One order for both directions: within a conversation the order of commits, as every writer locks its row first."""

conversations = Table(
    "conversations",
    metadata,
    Column("id", Id, primary_key=True),
    Column("city_id", Text, nullable=False),
    Column("channel", Text, nullable=False),
    Column("address", Text, nullable=False),
    Column("address_sealed", SealedText("conversations.address")),
    Column("citizen_id", Id, ForeignKey("citizens.id")),
    Column("lang", Text, nullable=False, server_default="ko"),
    Column("owner", Text, nullable=False, server_default="bot"),
    Column("staff_id", Id),
    Column("secrecy", Text),
    Column("state", SealedJson("conversations.state"), nullable=False, server_default=text("'{}'::jsonb")),
    Column("version", Integer, nullable=False, server_default="0"),
    Column("turns", Integer, nullable=False, server_default="0"),
    Column("lease_owner", Text),
    Column("lease_until", Moment),
    Column("idle_at", Moment),
    Column("stopped_at", Moment),
    Column("unreachable_at", Moment),
    Column("introduced_at", Moment),
    Column("last_inbound_at", Moment, nullable=False),
    Column("created_at", Moment, nullable=False),
    UniqueConstraint("city_id", "channel", "address"),
    CheckConstraint("owner IN ('bot', 'staff')", name="owner"),
    Index("ix_conversations_list", "city_id", "last_inbound_at", "id"),
    Index("ix_conversations_idle", "idle_at", postgresql_where=text("idle_at IS NOT NULL")),
    # The row is rewritten every turn: room on its page keeps the rewrite off the indexes (HOT).
    postgresql_with={"fillfactor": 70},
)
"""`state` is sealed. `address`: where to answer; of a channel whose addresses are telephone numbers their keyed hash,
and the number is in `address_sealed` (civic.conversations.addresses). `idle_at`: when an open form counts as forgotten.
`stopped_at`: the citizen said 수신거부; only replies go out. `unreachable_at`: the channel said that he blocked or left
us. `secrecy`: handed to staff in a matter whose door alone may hold it ("tax"), until the bot has it back."""

inbound = Table(
    "inbound",
    metadata,
    Column("id", Id, primary_key=True),
    Column("city_id", Text, nullable=False),
    Column("conversation_id", Id, ForeignKey("conversations.id"), nullable=False),
    Column("channel", Text, nullable=False),
    Column("external_id", Text, nullable=False),
    Column("seq", BigInteger, message_seq, server_default=message_seq.next_value(), nullable=False),
    Column("kind", Text, nullable=False),
    Column("text", SealedText("inbound.text"), nullable=False),
    Column("content", SealedJson("inbound.content"), nullable=False),
    Column("received_at", Moment, nullable=False),
    Column("attempts", SmallInteger, nullable=False, server_default="0"),
    Column("processed_at", Moment),
    Column("turn_no", Integer),
    Column("outcome", Text),
    Column("intent", Text),
    Column("confidence", Float),
    Column("secrecy", Text),
    UniqueConstraint("city_id", "channel", "external_id"),
    UniqueConstraint("conversation_id", "turn_no"),
    Index(
        "ix_inbound_waiting",
        "conversation_id",
        "seq",
        postgresql_where=text("processed_at IS NULL"),
    ),
    Index("ix_inbound_thread", "conversation_id", "seq"),
)
"""`text` and `content` are sealed. `content`: button payload, place, media, language hint, reply token. `outcome`:
answered, held_by_staff, failed. `secrecy`: whose door alone shows it to staff ("tax"); none: whoever may read."""

outbound = Table(
    "outbound",
    metadata,
    Column("id", Id, primary_key=True),
    Column("city_id", Text, nullable=False),
    Column("conversation_id", Id, ForeignKey("conversations.id"), nullable=False),
    Column("channel", Text, nullable=False),
    Column("seq", BigInteger, message_seq, server_default=message_seq.next_value(), nullable=False),
    Column("inbound_id", Id, ForeignKey("inbound.id")),
    Column("case_id", Id),
    Column("staff_id", Id),
    Column("purpose", Text, nullable=False),
    Column("priority", SmallInteger, nullable=False),
    Column("body", SealedJson("outbound.body"), nullable=False),
    Column("status", Text, nullable=False),
    Column("attempts", SmallInteger, nullable=False, server_default="0"),
    Column("next_attempt_at", Moment, nullable=False),
    Column("claimed_until", Moment),
    Column("valid_until", Moment, nullable=False),
    Column("provider_id", Text),
    Column("reason", Text),
    Column("cause", Text),
    Column("dedupe_key", Text),
    Column("notice", Text),
    Column("way", Text),
    Column("follows_id", Id, ForeignKey("outbound.id")),
    Column("created_at", Moment, nullable=False),
    Column("sent_at", Moment),
    Column("delivered_at", Moment),
    Column("read_at", Moment),
    Column("ended_at", Moment),
    Column("fell_at", Moment),
    Column("fell_to", Text),
    Column("fell_why", Text),
    Column("secrecy", Text),
    UniqueConstraint("city_id", "dedupe_key"),
    CheckConstraint(
        "status IN ('queued', 'sending', 'sent', 'delivered', 'read', 'failed', 'expired', 'unknown', 'cancelled')",
        name="status",
    ),
    Index(
        "ix_outbound_due",
        "channel",
        "priority",
        "next_attempt_at",
        postgresql_where=text("status IN ('queued', 'sending')"),
    ),
    Index("ix_outbound_thread", "conversation_id", "seq"),
    Index("ix_outbound_unsent", "conversation_id", postgresql_where=text("status IN ('queued', 'sending')")),
    Index(
        "ix_outbound_undelivered",
        "city_id",
        "created_at",
        "id",
        postgresql_where=text("status IN ('failed', 'unknown', 'expired', 'cancelled')"),
    ),
    Index(
        "ix_outbound_fallen",
        "city_id",
        "purpose",
        "created_at",
        postgresql_where=text("status IN ('failed', 'unknown', 'expired', 'cancelled') AND fell_at IS NULL"),
    ),
    Index("ix_outbound_follows", "follows_id", postgresql_where=text("follows_id IS NOT NULL")),
    Index(
        "ix_outbound_provider",
        "channel",
        "provider_id",
        postgresql_where=text("provider_id IS NOT NULL"),
    ),
    postgresql_with={"fillfactor": 80},
)
"""`body`, sealed: see `delivery.outgoing`. `reason`: why it failed, expired or is unknown, for staff; `cause` the same
in a word where it decides what comes next: opted_out, unreachable, channel_down. `notice`: the kind of a case's notice.
`way`: by which step of `messaging.fallback` it came, after `follows_id`. `ended_at`: when it failed or was given up.
`fell_*`: when it was decided what comes instead, what (a way, task, nothing), and why (civic/fallback). `secrecy`: as
of inbound."""

throttles = Table(
    "channel_throttles",
    metadata,
    Column("city_id", Text, primary_key=True),
    Column("channel", Text, primary_key=True),
    Column("next_at", Moment, nullable=False),
    Column("paused_until", Moment),
)
"""The rate of a channel, shared by every process (civic.conversations.throttle); `paused_until` holds a provider's
Retry-After."""

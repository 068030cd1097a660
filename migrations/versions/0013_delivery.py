"""Delivery: the next way of a message that did not arrive, letters, incidents of channels."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

_MOMENT = sa.TIMESTAMP(timezone=True)
_ENDED = "status IN ('failed', 'unknown', 'expired', 'cancelled')"


def upgrade() -> None:
    _throttles()
    _outbound()
    _channels()
    _letters()


def _throttles() -> None:
    """Buckets are refilled in seconds, so none is carried over; a provider's pause is."""
    op.add_column("channel_throttles", sa.Column("next_at", _MOMENT, nullable=True))
    op.execute("UPDATE channel_throttles SET next_at = clock_timestamp()")
    op.alter_column("channel_throttles", "next_at", nullable=False)
    op.drop_column("channel_throttles", "tokens")
    op.drop_column("channel_throttles", "refilled_at")


def _outbound() -> None:
    for name in ("cause", "notice", "way", "fell_to", "fell_why"):
        op.add_column("outbound", sa.Column(name, sa.Text(), nullable=True))
    for name in ("delivered_at", "read_at", "ended_at", "fell_at"):
        op.add_column("outbound", sa.Column(name, _MOMENT, nullable=True))
    op.add_column("outbound", sa.Column("follows_id", sa.Uuid(), nullable=True))
    op.create_foreign_key(op.f("fk_outbound_follows_id_outbound"), "outbound", "outbound", ["follows_id"], ["id"])
    # What failed before there was a next way has been dealt with by people.
    op.execute(f"UPDATE outbound SET fell_at = created_at WHERE {_ENDED}")  # noqa: S608 - our own words
    op.create_index(
        "ix_outbound_fallen",
        "outbound",
        ["city_id", "purpose", "created_at"],
        unique=False,
        postgresql_where=sa.text(f"{_ENDED} AND fell_at IS NULL"),
    )
    op.create_index(
        "ix_outbound_follows",
        "outbound",
        ["follows_id"],
        unique=False,
        postgresql_where=sa.text("follows_id IS NOT NULL"),
    )


def _channels() -> None:
    op.create_table(
        "channel_health",
        sa.Column("city_id", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("in_a_row", sa.Integer(), server_default="0", nullable=False),
        sa.Column("window_at", _MOMENT, nullable=False),
        sa.Column("good", sa.Integer(), server_default="0", nullable=False),
        sa.Column("bad", sa.Integer(), server_default="0", nullable=False),
        sa.Column("last_sent_at", _MOMENT, nullable=True),
        sa.Column("last_failed_at", _MOMENT, nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("city_id", "channel", name=op.f("pk_channel_health")),
    )
    op.create_table(
        "channel_incidents",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("city_id", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("began_at", _MOMENT, nullable=False),
        sa.Column("ended_at", _MOMENT, nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("probes", sa.SmallInteger(), server_default="0", nullable=False),
        sa.Column("next_probe_at", _MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_channel_incidents")),
    )
    op.create_index(
        "uq_channel_incidents_open",
        "channel_incidents",
        ["city_id", "channel"],
        unique=True,
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_index("ix_channel_incidents_began", "channel_incidents", ["city_id", "channel", "began_at"], unique=False)


def _letters() -> None:
    op.create_table(
        "letters",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("city_id", sa.Text(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("citizen_id", sa.Uuid(), nullable=False),
        sa.Column("follows_id", sa.Uuid(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("recipient", JSONB(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), server_default="waiting", nullable=False),
        sa.Column("tracking_no", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("staff_id", sa.Uuid(), nullable=True),
        sa.Column("dedupe_key", sa.Text(), nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("printed_at", _MOMENT, nullable=True),
        sa.Column("sent_at", _MOMENT, nullable=True),
        sa.Column("cancelled_at", _MOMENT, nullable=True),
        sa.CheckConstraint("state IN ('waiting', 'printed', 'sent', 'cancelled')", name=op.f("ck_letters_state")),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_letters_case_id_cases")),
        sa.ForeignKeyConstraint(["citizen_id"], ["citizens.id"], name=op.f("fk_letters_citizen_id_citizens")),
        sa.ForeignKeyConstraint(["follows_id"], ["outbound.id"], name=op.f("fk_letters_follows_id_outbound")),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_letters_staff_id_staff")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_letters")),
        sa.UniqueConstraint("city_id", "dedupe_key", name=op.f("uq_letters_city_id_dedupe_key")),
    )
    op.create_index("ix_letters_list", "letters", ["city_id", "created_at", "id"], unique=False)
    op.create_index("ix_letters_case", "letters", ["case_id"], unique=False)
    op.create_index(
        "ix_letters_open",
        "letters",
        ["city_id", "state"],
        unique=False,
        postgresql_where=sa.text("state IN ('waiting', 'printed')"),
    )
    op.create_index(
        "ix_letters_follows",
        "letters",
        ["follows_id"],
        unique=False,
        postgresql_where=sa.text("follows_id IS NOT NULL"),
    )

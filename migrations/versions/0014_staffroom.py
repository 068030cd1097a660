"""Staff in their own messenger: who is who there, and what is posted."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    moment = sa.TIMESTAMP(timezone=True)
    op.create_table(
        "staff_events",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("city_id", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("external_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("content", postgresql.JSONB(none_as_null=True), nullable=True),
        sa.Column("received_at", moment, nullable=False),
        sa.Column("claimed_until", moment, nullable=False),
        sa.Column("attempts", sa.SmallInteger(), server_default="1", nullable=False),
        sa.Column("done_at", moment, nullable=True),
        sa.Column("outcome", sa.Text(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff_events")),
        sa.UniqueConstraint(
            "city_id", "channel", "external_id", name=op.f("uq_staff_events_city_id_channel_external_id")
        ),
    )
    op.create_index("ix_staff_events_received", "staff_events", ["city_id", "received_at"], unique=False)
    op.create_index(
        "ix_staff_events_waiting",
        "staff_events",
        ["city_id", "claimed_until"],
        unique=False,
        postgresql_where=sa.text("done_at IS NULL"),
    )
    op.create_table(
        "staff_link_tries",
        sa.Column("city_id", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("member", sa.Text(), nullable=False),
        sa.Column("failures", sa.SmallInteger(), nullable=False),
        sa.Column("locked_until", moment, nullable=True),
        sa.Column("updated_at", moment, nullable=False),
        sa.PrimaryKeyConstraint("city_id", "channel", "member", name=op.f("pk_staff_link_tries")),
    )
    op.create_table(
        "staff_rooms",
        sa.Column("city_id", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("room", sa.Text(), nullable=False),
        sa.Column("next_at", moment, nullable=True),
        sa.Column("resting_until", moment, nullable=True),
        sa.Column("down_since", moment, nullable=True),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("place", sa.Text(), nullable=True),
        sa.Column("claimed_by", sa.Text(), nullable=True),
        sa.Column("claimed_until", moment, nullable=True),
        sa.Column("updated_at", moment, nullable=False),
        sa.PrimaryKeyConstraint("city_id", "channel", "room", name=op.f("pk_staff_rooms")),
    )
    op.create_table(
        "staff_link_codes",
        sa.Column("staff_id", sa.Uuid(), nullable=False),
        sa.Column("city_id", sa.Text(), nullable=False),
        sa.Column("code_hash", sa.Text(), nullable=False),
        sa.Column("created_at", moment, nullable=False),
        sa.Column("expires_at", moment, nullable=False),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_staff_link_codes_staff_id")),
        sa.PrimaryKeyConstraint("staff_id", name=op.f("pk_staff_link_codes")),
        sa.UniqueConstraint("code_hash", name=op.f("uq_staff_link_codes_code_hash")),
    )
    op.create_table(
        "staff_links",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("city_id", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("member", sa.Text(), nullable=False),
        sa.Column("staff_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", moment, nullable=False),
        sa.Column("until_at", moment, nullable=False),
        sa.Column("ended_at", moment, nullable=True),
        sa.Column("ended_reason", sa.Text(), server_default="", nullable=False),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_staff_links_staff_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff_links")),
    )
    op.create_index(
        "uq_staff_links_member",
        "staff_links",
        ["city_id", "channel", "member"],
        unique=True,
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_index(
        "uq_staff_links_staff",
        "staff_links",
        ["city_id", "channel", "staff_id"],
        unique=True,
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_table(
        "staff_posts",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("city_id", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("room", sa.Text(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("message_id", sa.Text(), nullable=True),
        sa.Column("changes", sa.Integer(), server_default="1", nullable=False),
        sa.Column("shown", sa.Integer(), server_default="0", nullable=False),
        sa.Column("digest", sa.Text(), server_default="", nullable=False),
        sa.Column("status", sa.Text(), server_default="open", nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("attempted_at", moment, nullable=True),
        sa.Column("next_attempt_at", moment, nullable=False),
        sa.Column("created_at", moment, nullable=False),
        sa.Column("posted_at", moment, nullable=True),
        sa.Column("heard_at", moment, nullable=True),
        sa.CheckConstraint("status IN ('open', 'failed')", name=op.f("ck_staff_posts_status")),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_staff_posts_case_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff_posts")),
        sa.UniqueConstraint(
            "city_id", "channel", "room", "case_id", name=op.f("uq_staff_posts_city_id_channel_room_case_id")
        ),
    )
    op.create_index("ix_staff_posts_case", "staff_posts", ["case_id"], unique=False)
    op.create_index(
        "ix_staff_posts_due",
        "staff_posts",
        ["city_id", "channel", "room", "created_at"],
        unique=False,
        postgresql_where=sa.text("status = 'open' AND shown < changes"),
    )
    op.create_index("ix_staff_posts_message", "staff_posts", ["city_id", "channel", "room", "message_id"], unique=False)
    op.create_index(
        "ix_staff_posts_talk",
        "staff_posts",
        ["city_id", "channel"],
        unique=False,
        postgresql_where=sa.text("heard_at IS NOT NULL"),
    )
    op.create_table(
        "staff_lines",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("city_id", sa.Text(), nullable=False),
        sa.Column("post_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), server_default="event", nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.Text(), server_default="queued", nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("attempted_at", moment, nullable=True),
        sa.Column("next_attempt_at", moment, nullable=False),
        sa.Column("created_at", moment, nullable=False),
        sa.CheckConstraint("status IN ('queued', 'sent', 'failed')", name=op.f("ck_staff_lines_status")),
        sa.ForeignKeyConstraint(["post_id"], ["staff_posts.id"], name=op.f("fk_staff_lines_post_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff_lines")),
        sa.UniqueConstraint("post_id", "kind", "seq", name=op.f("uq_staff_lines_post_id_kind_seq")),
        sa.CheckConstraint("kind IN ('event', 'heard')", name=op.f("ck_staff_lines_kind")),
    )
    op.create_index("ix_staff_lines_created", "staff_lines", ["city_id", "created_at"], unique=False)
    op.create_index(
        "ix_staff_lines_due",
        "staff_lines",
        ["city_id", "created_at", "seq"],
        unique=False,
        postgresql_where=sa.text("status = 'queued'"),
    )

"""Air: what is watched hour by hour, changes of level, who wants to be told, what was told."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

_MOMENT = sa.TIMESTAMP(timezone=True)
_JSON = postgresql.JSONB(none_as_null=True)


def upgrade() -> None:
    _watches()
    _changes()
    _wishes()
    _tellings()


def downgrade() -> None:
    for table in ("air_told", "air_tellings", "air_wishes", "air_watch_changes", "air_watch_hours", "air_watches"):
        op.drop_table(table)


def _watches() -> None:
    op.create_table(
        "air_watches",
        sa.Column("id", sa.Integer(), sa.Identity(), primary_key=True),
        sa.Column("city_id", sa.Text(), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("zone", sa.Text(), nullable=False),
        sa.Column("site_id", sa.Integer()),
        sa.Column("pollutant", sa.Text(), nullable=False),
        sa.Column("last_at", _MOMENT),
        sa.UniqueConstraint(
            "city_id",
            "rule",
            "zone",
            "site_id",
            "pollutant",
            name="uq_air_watches_city_id_rule_zone_site_id_pollutant",
            postgresql_nulls_not_distinct=True,
        ),
        sa.CheckConstraint("rule IN ('criteria', 'grade')", name=op.f("ck_air_watches_rule")),
    )
    op.create_table(
        "air_watch_hours",
        sa.Column("watch_id", sa.Integer(), sa.ForeignKey("air_watches.id"), primary_key=True),
        sa.Column("at", _MOMENT, primary_key=True),
        sa.Column("value", sa.Numeric()),
        sa.Column("sites", sa.SmallInteger(), nullable=False),
        sa.Column("site_id", sa.Integer()),
        sa.Column("state", _JSON, nullable=False),
        sa.Column("taken_at", _MOMENT, nullable=False),
    )


def _changes() -> None:
    op.create_table(
        "air_watch_changes",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("city_id", sa.Text(), nullable=False),
        sa.Column("watch_id", sa.Integer(), sa.ForeignKey("air_watches.id"), nullable=False),
        sa.Column("at", _MOMENT, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("level", sa.Text()),
        sa.Column("before", sa.Text()),
        sa.Column("value", sa.Numeric(), nullable=False),
        sa.Column("site_id", sa.Integer()),
        sa.Column("began_at", _MOMENT, nullable=False),
        sa.Column("noted_at", _MOMENT, nullable=False),
        sa.Column("is_late", sa.Boolean(), nullable=False, server_default=sa.text("false")),
        sa.Column("first_value", sa.Numeric()),
        sa.Column("corrected_at", _MOMENT),
        sa.Column("withdrawn_at", _MOMENT),
        sa.Column("told_at", _MOMENT),
        sa.CheckConstraint("kind IN ('reached', 'stepped_down', 'lifted')", name=op.f("ck_air_watch_changes_kind")),
    )
    op.create_index(
        "uq_air_watch_changes_live",
        "air_watch_changes",
        ["watch_id", "at"],
        unique=True,
        postgresql_where=sa.text("withdrawn_at IS NULL"),
    )
    op.create_index("ix_air_watch_changes_city", "air_watch_changes", ["city_id", "at"])


def _wishes() -> None:
    no = sa.text("false")
    op.create_table(
        "air_wishes",
        sa.Column(
            "subscription_id", sa.Uuid(), sa.ForeignKey("subscriptions.id", ondelete="CASCADE"), primary_key=True
        ),
        sa.Column("zone", sa.Text()),
        sa.Column("site_id", sa.Integer()),
        sa.Column("pollutants", postgresql.ARRAY(sa.Text())),
        sa.Column("line", sa.SmallInteger(), nullable=False, server_default="3"),
        sa.Column("from_minute", sa.SmallInteger()),
        sa.Column("until_minute", sa.SmallInteger()),
        sa.Column("is_sensitive", sa.Boolean(), nullable=False, server_default=no),
        sa.Column("wants_nights", sa.Boolean(), nullable=False, server_default=no),
        sa.Column("wants_evenings", sa.Boolean(), nullable=False, server_default=no),
        sa.CheckConstraint("line BETWEEN 1 AND 5", name=op.f("ck_air_wishes_line")),
    )


def _tellings() -> None:
    op.create_table(
        "air_tellings",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("city_id", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("series", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("zone", sa.Text(), nullable=False),
        sa.Column("site_id", sa.Integer()),
        sa.Column("pollutant", sa.Text(), nullable=False),
        sa.Column("rank", sa.SmallInteger(), nullable=False),
        sa.Column("is_fall", sa.Boolean(), nullable=False),
        sa.Column("episode", sa.Text(), nullable=False),
        sa.Column("began_at", _MOMENT, nullable=False),
        sa.Column("facts", _JSON, nullable=False),
        sa.Column("valid_until", _MOMENT, nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("last_id", sa.Uuid()),
        sa.Column("looked", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("queued", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("ended_at", _MOMENT),
        sa.Column("staff_id", sa.Uuid()),
        sa.UniqueConstraint("city_id", "key", name="uq_air_tellings_city_id_key"),
        sa.CheckConstraint(
            "kind IN ('change', 'correction', 'official', 'forecast', 'notice')", name=op.f("ck_air_tellings_kind")
        ),
        sa.CheckConstraint("rule IN ('criteria', 'grade', 'forecast', 'notice')", name=op.f("ck_air_tellings_rule")),
        sa.CheckConstraint(
            "status IN ('open', 'filled', 'superseded', 'expired')", name=op.f("ck_air_tellings_status")
        ),
    )
    is_open = sa.text("status = 'open'")
    op.create_index("ix_air_tellings_open", "air_tellings", ["city_id", "created_at"], postgresql_where=is_open)
    op.create_index("ix_air_tellings_series", "air_tellings", ["city_id", "series", "created_at"])
    op.create_table(
        "air_told",
        sa.Column("telling_id", sa.Uuid(), primary_key=True),
        sa.Column("conversation_id", sa.Uuid(), primary_key=True),
        sa.Column("part", sa.SmallInteger(), primary_key=True),
        sa.Column("outbound_id", sa.Uuid(), nullable=False),
        sa.Column("episode", sa.Text(), nullable=False),
        sa.Column("is_counted", sa.Boolean(), nullable=False),
        sa.Column("at", _MOMENT, nullable=False),
    )
    op.create_index("ix_air_told_conversation", "air_told", ["conversation_id", "at"])

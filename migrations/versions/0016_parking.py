"""Parking: what lots are, what stands free now and stood free before, and where all of it comes from."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

_TEXTS = [
    "provider",
    "provider_name",
    "owner",
    "attribution",
    "group_uid",
    "road_address",
    "zone_grade",
    "rotation",
    "fee_description",
    "public_url",
    "photo_url",
]
_NUMBERS = [
    "capacity_disabled",
    "capacity_charging",
    "capacity_family",
    "capacity_woman",
    "capacity_compact",
    "capacity_senior",
    "capacity_truck",
    "capacity_bus",
    "capacity_motorcycle",
    "capacity_carsharing",
    "max_height_cm",
    "max_width_cm",
    "max_stay_minutes",
]
_FLAGS = ["park_and_ride", "has_lighting", "is_covered"]


def upgrade() -> None:
    """What was published of a lot before has none of the new facts; its publisher's code stands before the colon."""
    _lots()
    _versions()
    _numbers()
    _models()
    _sources()
    _quarantine()
    _reviews()
    _partners()
    _peers()
    _citizens()
    _places()


_TOUCH = """
CREATE FUNCTION touch_lots() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO parking_touched VALUES (pg_current_xact_id()::text::bigint) ON CONFLICT DO NOTHING;
    RETURN NULL;
END $$
"""
_RAISE = """
CREATE FUNCTION raise_lots_version() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE parking_versions SET version = version + 1;
    DELETE FROM parking_touched WHERE xid = NEW.xid;
    RETURN NULL;
END $$
"""


def _versions() -> None:
    """Raised at the commit and not before, so that writers wait for one another no longer than that."""
    op.create_table(
        "parking_versions",
        sa.Column("id", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_parking_versions")),
    )
    op.create_table(
        "parking_touched",
        sa.Column("xid", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("xid", name=op.f("pk_parking_touched")),
    )
    op.execute("INSERT INTO parking_versions VALUES (1, 0)")
    op.execute(_TOUCH)
    op.execute(_RAISE)
    op.execute(
        "CREATE TRIGGER touch AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON parking_lots "
        "FOR EACH STATEMENT EXECUTE FUNCTION touch_lots()"
    )
    op.execute(
        "CREATE CONSTRAINT TRIGGER raise AFTER INSERT ON parking_touched DEFERRABLE INITIALLY DEFERRED "
        "FOR EACH ROW EXECUTE FUNCTION raise_lots_version()"
    )


def _lots() -> None:
    moment = sa.TIMESTAMP(timezone=True)
    for name in _TEXTS:
        op.add_column("parking_lots", sa.Column(name, sa.Text(), server_default="", nullable=False))
    for name in _NUMBERS:
        op.add_column("parking_lots", sa.Column(name, sa.Integer(), nullable=True))
    for name in _FLAGS:
        op.add_column("parking_lots", sa.Column(name, sa.Boolean(), nullable=True))
    for column in (
        sa.Column("purpose", sa.Text(), server_default="CAR", nullable=False),
        sa.Column("supervision", sa.Text(), server_default="UNKNOWN", nullable=False),
        sa.Column("has_realtime", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("static_data_updated_at", moment, nullable=True),
        sa.Column("gone_at", moment, nullable=True),
        sa.Column("same_as", sa.Uuid(), nullable=True),
    ):
        op.add_column("parking_lots", column)
    op.execute("UPDATE parking_lots SET provider = split_part(uid, ':', 1)")
    op.create_index("ix_parking_lots_changed", "parking_lots", ["city_id", "updated_at", "id"], unique=False)
    op.create_index(
        "ix_parking_lots_same_as",
        "parking_lots",
        ["same_as"],
        unique=False,
        postgresql_where=sa.text("same_as IS NOT NULL"),
    )
    op.create_foreign_key(
        op.f("fk_parking_lots_same_as"), "parking_lots", "parking_lots", ["same_as"], ["id"], ondelete="SET NULL"
    )


def _numbers() -> None:
    moment = sa.TIMESTAMP(timezone=True)
    op.create_table(
        "parking_realtime",
        sa.Column("lot_id", sa.Uuid(), nullable=False),
        sa.Column("city_id", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("free", sa.Integer(), nullable=True),
        sa.Column("capacity", sa.Integer(), nullable=True),
        sa.Column("opening_status", sa.Text(), server_default="UNKNOWN", nullable=False),
        sa.Column("is_linked", sa.Boolean(), server_default="true", nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("free_by", postgresql.JSONB(none_as_null=True), nullable=True),
        sa.Column("capacity_by", postgresql.JSONB(none_as_null=True), nullable=True),
        sa.Column("updated_at", moment, nullable=False),
        sa.Column("fetched_at", moment, nullable=False),
        sa.Column("changed_at", moment, nullable=False),
        sa.CheckConstraint(
            "opening_status IN ('OPEN', 'CLOSED', 'UNKNOWN')", name=op.f("ck_parking_realtime_opening_status")
        ),
        sa.ForeignKeyConstraint(
            ["lot_id"], ["parking_lots.id"], name=op.f("fk_parking_realtime_lot_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("lot_id", name=op.f("pk_parking_realtime")),
        postgresql_with={"fillfactor": 70},
    )
    op.create_table(
        "parking_history",
        sa.Column("lot_id", sa.Uuid(), nullable=False),
        sa.Column("at", moment, nullable=False),
        sa.Column("city_id", sa.Text(), nullable=False),
        sa.Column("free", sa.Integer(), nullable=True),
        sa.Column("capacity", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("lot_id", "at", name=op.f("pk_parking_history")),
    )
    op.create_index("ix_parking_history_at", "parking_history", ["at"], unique=False, postgresql_using="brin")
    op.create_table(
        "parking_days",
        sa.Column("lot_id", sa.Uuid(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("city_id", sa.Text(), nullable=False),
        sa.Column("capacity", sa.Integer(), nullable=True),
        sa.Column("free", sa.ARRAY(sa.Integer()), nullable=False),
        sa.PrimaryKeyConstraint("lot_id", "day", name=op.f("pk_parking_days")),
    )
    op.create_index("ix_parking_days_day", "parking_days", ["city_id", "day"], unique=False)


def _models() -> None:
    moment = sa.TIMESTAMP(timezone=True)
    op.create_table(
        "parking_models",
        sa.Column("lot_id", sa.Uuid(), nullable=False),
        sa.Column("city_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("model", postgresql.JSONB(none_as_null=True), nullable=False),
        sa.Column("days", sa.SmallInteger(), nullable=False),
        sa.Column("fitted_at", moment, nullable=False),
        sa.ForeignKeyConstraint(
            ["lot_id"], ["parking_lots.id"], name=op.f("fk_parking_models_lot_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("lot_id", name=op.f("pk_parking_models")),
    )


def _sources() -> None:
    moment = sa.TIMESTAMP(timezone=True)
    op.create_table(
        "parking_sources",
        sa.Column("city_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("vendor", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), server_default="active", nullable=False),
        sa.Column("next_at", moment, nullable=True),
        sa.Column("static_next_at", moment, nullable=True),
        sa.Column("last_try_at", moment, nullable=True),
        sa.Column("last_ok_at", moment, nullable=True),
        sa.Column("last_static_at", moment, nullable=True),
        sa.Column("failing_since", moment, nullable=True),
        sa.Column("failures", sa.Integer(), server_default="0", nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("alarmed_at", moment, nullable=True),
        sa.Column("calls_day", sa.Date(), nullable=True),
        sa.Column("calls", sa.Integer(), server_default="0", nullable=False),
        sa.Column("etag", sa.Text(), server_default="", nullable=False),
        sa.Column("last_modified", sa.Text(), server_default="", nullable=False),
        sa.Column("cursor", sa.Text(), server_default="", nullable=False),
        sa.Column("report", postgresql.JSONB(none_as_null=True), nullable=True),
        sa.Column("realtime_report", postgresql.JSONB(none_as_null=True), nullable=True),
        sa.Column("claimed_by", sa.Text(), nullable=True),
        sa.Column("claimed_until", moment, nullable=True),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("updated_at", moment, nullable=False),
        sa.CheckConstraint(
            "state IN ('active', 'backing_off', 'failing', 'off')", name=op.f("ck_parking_sources_state")
        ),
        sa.PrimaryKeyConstraint("city_id", "name", name=op.f("pk_parking_sources")),
    )


def _quarantine() -> None:
    moment = sa.TIMESTAMP(timezone=True)
    op.create_table(
        "parking_quarantine",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("city_id", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("uid", sa.Text(), server_default="", nullable=False),
        sa.Column("lot_id", sa.Uuid(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("value", postgresql.JSONB(none_as_null=True), nullable=True),
        sa.Column("count", sa.Integer(), server_default="1", nullable=False),
        sa.Column("since_at", moment, nullable=False),
        sa.Column("last_at", moment, nullable=False),
        sa.Column("alarmed_at", moment, nullable=True),
        sa.Column("lifted_at", moment, nullable=True),
        sa.Column("lifted_by", sa.Uuid(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_parking_quarantine")),
    )
    op.create_index("ix_parking_quarantine_list", "parking_quarantine", ["city_id", "since_at", "id"], unique=False)
    op.create_index(
        "uq_parking_quarantine_live",
        "parking_quarantine",
        ["city_id", "source", "uid", "reason"],
        unique=True,
        postgresql_where=sa.text("lifted_at IS NULL"),
    )


def _reviews() -> None:
    moment = sa.TIMESTAMP(timezone=True)
    op.create_table(
        "parking_same",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("city_id", sa.Text(), nullable=False),
        sa.Column("one_id", sa.Uuid(), nullable=False),
        sa.Column("other_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.Text(), server_default="proposed", nullable=False),
        sa.Column("score", sa.Float(), nullable=False),
        sa.Column("distance_m", sa.Float(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), server_default="", nullable=False),
        sa.Column("decided_by", sa.Uuid(), nullable=True),
        sa.Column("decided_at", moment, nullable=True),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", moment, nullable=False),
        sa.CheckConstraint("state IN ('proposed', 'same', 'different')", name=op.f("ck_parking_same_state")),
        sa.CheckConstraint("one_id < other_id", name=op.f("ck_parking_same_order")),
        sa.ForeignKeyConstraint(
            ["one_id"], ["parking_lots.id"], name=op.f("fk_parking_same_one_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["other_id"], ["parking_lots.id"], name=op.f("fk_parking_same_other_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_parking_same")),
        sa.UniqueConstraint("one_id", "other_id", name=op.f("uq_parking_same_one_id_other_id")),
    )
    op.create_index("ix_parking_same_list", "parking_same", ["city_id", "state", "created_at", "id"], unique=False)
    op.create_index("ix_parking_same_other", "parking_same", ["other_id"], unique=False)


def _partners() -> None:
    moment = sa.TIMESTAMP(timezone=True)
    op.create_table(
        "parking_keys",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("city_id", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("operator", sa.Text(), nullable=False),
        sa.Column("key_hash", sa.Text(), nullable=False),
        sa.Column("hint", sa.Text(), nullable=False),
        sa.Column("per_minute", sa.Integer(), nullable=False),
        sa.Column("minute_at", moment, nullable=True),
        sa.Column("used", sa.Integer(), server_default="0", nullable=False),
        sa.Column("last_used_at", moment, nullable=True),
        sa.Column("created_at", moment, nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=False),
        sa.Column("revoked_at", moment, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_parking_keys")),
        sa.UniqueConstraint("key_hash", name=op.f("uq_parking_keys_key_hash")),
    )
    op.create_index("ix_parking_keys_city", "parking_keys", ["city_id", "created_at"], unique=False)
    op.create_table(
        "parking_pushes",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("city_id", sa.Text(), nullable=False),
        sa.Column("key_id", sa.Uuid(), nullable=False),
        sa.Column("push_key", sa.Text(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("report", postgresql.JSONB(none_as_null=True), nullable=False),
        sa.Column("at", moment, nullable=False),
        sa.ForeignKeyConstraint(["key_id"], ["parking_keys.id"], name=op.f("fk_parking_pushes_key_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_parking_pushes")),
        sa.UniqueConstraint("key_id", "push_key", name=op.f("uq_parking_pushes_key_id_push_key")),
    )
    op.create_index("ix_parking_pushes_at", "parking_pushes", ["at"], unique=False, postgresql_using="brin")


def _peers() -> None:
    moment = sa.TIMESTAMP(timezone=True)
    op.create_table(
        "parking_peers",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("city_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("public_key", sa.Text(), nullable=False),
        sa.Column("is_active", sa.Boolean(), server_default="true", nullable=False),
        sa.Column("last_sequence", sa.Text(), server_default="", nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", moment, nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=True),
        sa.Column("updated_at", moment, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_parking_peers")),
        sa.UniqueConstraint("city_id", "name", name=op.f("uq_parking_peers_city_id_name")),
    )
    op.create_table(
        "parking_feed_keys",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("city_id", sa.Text(), nullable=False),
        sa.Column("public_key", sa.Text(), nullable=False),
        sa.Column("private_key", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", moment, nullable=False),
        sa.Column("retired_at", moment, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_parking_feed_keys")),
    )


def _citizens() -> None:
    moment = sa.TIMESTAMP(timezone=True)
    op.create_table(
        "parking_watches",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("city_id", sa.Text(), nullable=False),
        sa.Column("conversation_id", sa.Uuid(), nullable=False),
        sa.Column("lot_id", sa.Uuid(), nullable=False),
        sa.Column("min_free", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", moment, nullable=False),
        sa.Column("ends_at", moment, nullable=False),
        sa.Column("told_at", moment, nullable=True),
        sa.Column("outbound_id", sa.Uuid(), nullable=True),
        sa.Column("ended_at", moment, nullable=True),
        sa.Column("ended_reason", sa.Text(), server_default="", nullable=False),
        sa.ForeignKeyConstraint(
            ["conversation_id"], ["conversations.id"], name=op.f("fk_parking_watches_conversation_id")
        ),
        sa.ForeignKeyConstraint(
            ["lot_id"], ["parking_lots.id"], name=op.f("fk_parking_watches_lot_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_parking_watches")),
    )
    op.create_index(
        "ix_parking_watches_ends",
        "parking_watches",
        ["city_id", "ends_at"],
        unique=False,
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_index(
        "ix_parking_watches_lot",
        "parking_watches",
        ["lot_id"],
        unique=False,
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_index(
        "uq_parking_watches_live",
        "parking_watches",
        ["conversation_id", "lot_id"],
        unique=True,
        postgresql_where=sa.text("ended_at IS NULL"),
    )


def _places() -> None:
    moment = sa.TIMESTAMP(timezone=True)
    op.create_table(
        "parking_places",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("city_id", sa.Text(), nullable=False),
        sa.Column("conversation_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("place", postgresql.JSONB(none_as_null=True), nullable=False),
        sa.Column("created_at", moment, nullable=False),
        sa.Column("updated_at", moment, nullable=False),
        sa.CheckConstraint("kind IN ('home', 'work')", name=op.f("ck_parking_places_kind")),
        sa.ForeignKeyConstraint(
            ["conversation_id"], ["conversations.id"], name=op.f("fk_parking_places_conversation_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_parking_places")),
        sa.UniqueConstraint("conversation_id", "kind", name=op.f("uq_parking_places_conversation_id_kind")),
    )
    op.create_table(
        "parking_reports",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("city_id", sa.Text(), nullable=False),
        sa.Column("conversation_id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), server_default="open", nullable=False),
        sa.Column("area", sa.Text(), server_default="", nullable=False),
        sa.Column("plate", sa.Text(), nullable=True),
        sa.Column("place", postgresql.JSONB(none_as_null=True), nullable=True),
        sa.Column("photos", sa.ARRAY(sa.Uuid()), server_default="{}", nullable=False),
        sa.Column("photo_times", sa.ARRAY(moment), server_default="{}", nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("created_at", moment, nullable=False),
        sa.Column("updated_at", moment, nullable=False),
        sa.Column("closed_at", moment, nullable=True),
        sa.CheckConstraint("state IN ('open', 'taken', 'guided', 'dropped')", name=op.f("ck_parking_reports_state")),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_parking_reports_case_id")),
        sa.ForeignKeyConstraint(
            ["conversation_id"], ["conversations.id"], name=op.f("fk_parking_reports_conversation_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_parking_reports")),
    )
    op.create_index(
        "ix_parking_reports_case",
        "parking_reports",
        ["case_id"],
        unique=False,
        postgresql_where=sa.text("case_id IS NOT NULL"),
    )
    op.create_index(
        "ix_parking_reports_conversation", "parking_reports", ["conversation_id", "created_at"], unique=False
    )
    op.create_index("ix_parking_reports_month", "parking_reports", ["city_id", "created_at", "id"], unique=False)

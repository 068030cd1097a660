"""Devices of the air: sensors and stack monitors, their keys, findings and grades, and limits passed."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _devices()
    _keys()
    _periods()
    _found()
    _grades()
    _exceedances()


def _devices() -> None:
    op.create_table(
        "air_devices",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("city_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("site_id", sa.Integer(), nullable=False),
        sa.Column("company", sa.Text(), server_default="", nullable=False),
        sa.Column("stack", sa.Text(), server_default="", nullable=False),
        sa.Column("model", sa.Text(), server_default="", nullable=False),
        sa.Column("address", sa.Text(), server_default="", nullable=False),
        sa.Column("lat", sa.Float(), nullable=False),
        sa.Column("lon", sa.Float(), nullable=False),
        sa.Column("height_m", sa.Float(), nullable=True),
        sa.Column("pollutants", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("period_s", sa.Integer(), nullable=False),
        sa.Column("certified", sa.Text(), server_default="", nullable=False),
        sa.Column("certified_source", sa.Text(), server_default="", nullable=False),
        sa.Column("is_on", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("off_reason", sa.Text(), server_default="", nullable=False),
        sa.Column("broker", sa.Text(), server_default="none", nullable=False),
        sa.Column("grade", sa.Text(), server_default="U", nullable=False),
        sa.Column("grade_reason_ko", sa.Text(), server_default="", nullable=False),
        sa.Column("grade_reason_en", sa.Text(), server_default="", nullable=False),
        sa.Column("graded_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(["site_id"], ["air_stations.id"], name=op.f("fk_air_devices_site_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_air_devices")),
        sa.UniqueConstraint("city_id", "name", name=op.f("uq_air_devices_city_id_name")),
        sa.UniqueConstraint("site_id", name=op.f("uq_air_devices_site_id")),
    )


def _keys() -> None:
    op.create_table(
        "air_device_keys",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("city_id", sa.Text(), nullable=False),
        sa.Column("device_id", sa.Uuid(), nullable=False),
        sa.Column("key_hash", sa.Text(), nullable=False),
        sa.Column("hint", sa.Text(), nullable=False),
        sa.Column("per_minute", sa.Integer(), nullable=False),
        sa.Column("minute_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("used", sa.Integer(), server_default="0", nullable=False),
        sa.Column("last_used_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("created_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=True),
        sa.Column("revoked_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["device_id"], ["air_devices.id"], name=op.f("fk_air_device_keys_device_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_air_device_keys")),
        sa.UniqueConstraint("key_hash", name=op.f("uq_air_device_keys_key_hash")),
    )
    op.create_index("ix_air_device_keys_device_id", "air_device_keys", ["device_id"], unique=False)
    op.create_table(
        "air_device_seen",
        sa.Column("device_id", sa.Uuid(), nullable=False),
        sa.Column("city_id", sa.Text(), nullable=False),
        sa.Column("last_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("newest_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("last_seq", sa.BigInteger(), nullable=True),
        sa.Column("skew_s", sa.Integer(), nullable=True),
        sa.Column("messages", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("refused", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("refused_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("refused_reason", sa.Text(), server_default="", nullable=False),
        sa.Column("ahead_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["device_id"], ["air_devices.id"], name=op.f("fk_air_device_seen_device_id")),
        sa.PrimaryKeyConstraint("device_id", name=op.f("pk_air_device_seen")),
    )


def _periods() -> None:
    op.create_table(
        "air_periods",
        sa.Column("city_id", sa.Text(), nullable=False),
        sa.Column("site_id", sa.Integer(), nullable=False),
        sa.Column("pollutant", sa.Text(), nullable=False),
        sa.Column("period_s", sa.Integer(), nullable=False),
        sa.Column("at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("value", sa.Numeric(), nullable=True),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("quality", sa.Text(), nullable=False),
        sa.Column("flag", sa.Text(), server_default="", nullable=False),
        sa.Column("received_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("earlier", postgresql.JSONB(none_as_null=True), nullable=True),
        sa.ForeignKeyConstraint(["site_id"], ["air_stations.id"], name=op.f("fk_air_periods_site_id")),
        sa.PrimaryKeyConstraint("site_id", "at", "pollutant", "period_s", name=op.f("pk_air_periods")),
    )
    op.create_table(
        "air_hours_due",
        sa.Column("city_id", sa.Text(), nullable=False),
        sa.Column("site_id", sa.Integer(), nullable=False),
        sa.Column("hour", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["site_id"], ["air_stations.id"], name=op.f("fk_air_hours_due_site_id")),
        sa.PrimaryKeyConstraint("site_id", "hour", name=op.f("pk_air_hours_due")),
    )


def _found() -> None:
    op.create_table(
        "air_device_findings",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("city_id", sa.Text(), nullable=False),
        sa.Column("device_id", sa.Uuid(), nullable=False),
        sa.Column("pollutant", sa.Text(), server_default="", nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("reason_ko", sa.Text(), nullable=False),
        sa.Column("reason_en", sa.Text(), nullable=False),
        sa.Column("facts", postgresql.JSONB(none_as_null=True), server_default="{}", nullable=False),
        sa.Column("began_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("seen_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("ended_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["device_id"], ["air_devices.id"], name=op.f("fk_air_device_findings_device_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_air_device_findings")),
    )
    op.create_index(
        "ix_air_device_findings_open",
        "air_device_findings",
        ["device_id", "pollutant", "kind"],
        unique=True,
        postgresql_where=sa.text("ended_at IS NULL"),
    )


def _grades() -> None:
    op.create_table(
        "air_device_grades",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("city_id", sa.Text(), nullable=False),
        sa.Column("device_id", sa.Uuid(), nullable=False),
        sa.Column("grade", sa.Text(), nullable=False),
        sa.Column("reason_ko", sa.Text(), nullable=False),
        sa.Column("reason_en", sa.Text(), nullable=False),
        sa.Column("facts", postgresql.JSONB(none_as_null=True), server_default="{}", nullable=False),
        sa.Column("at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["device_id"], ["air_devices.id"], name=op.f("fk_air_device_grades_device_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_air_device_grades")),
    )
    op.create_index("ix_air_device_grades_device", "air_device_grades", ["device_id", "at"], unique=False)


def _exceedances() -> None:
    op.create_table(
        "air_exceedances",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("city_id", sa.Text(), nullable=False),
        sa.Column("limit_name", sa.Text(), nullable=False),
        sa.Column("pollutant", sa.Text(), nullable=False),
        sa.Column("company", sa.Text(), server_default="", nullable=False),
        sa.Column("lead_id", sa.Integer(), nullable=False),
        sa.Column("site_ids", sa.ARRAY(sa.Integer()), nullable=False),
        sa.Column("value", sa.Numeric(), nullable=False),
        sa.Column("peak", sa.Numeric(), nullable=False),
        sa.Column("is_confirmed", sa.Boolean(), nullable=False),
        sa.Column("reason_ko", sa.Text(), nullable=False),
        sa.Column("reason_en", sa.Text(), nullable=False),
        sa.Column("began_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("seen_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("ended_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["lead_id"], ["air_stations.id"], name=op.f("fk_air_exceedances_lead_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_air_exceedances")),
    )
    op.create_index(
        "ix_air_exceedances_open",
        "air_exceedances",
        ["city_id", "limit_name"],
        unique=False,
        postgresql_where=sa.text("ended_at IS NULL"),
    )


def downgrade() -> None:
    op.drop_table("air_hours_due")
    op.drop_table("air_periods")
    op.drop_table("air_exceedances")
    op.drop_table("air_device_grades")
    op.drop_table("air_device_findings")
    op.drop_table("air_device_seen")
    op.drop_table("air_device_keys")
    op.drop_table("air_devices")

"""The air: stations, hours packed by day, replaced words, indices, wind, alerts, forecasts, and sensors' seconds."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

JSON = JSONB(none_as_null=True, astext_type=sa.Text())


def upgrade() -> None:
    _stations()
    _hours()
    _told()
    _raw()


def _stations() -> None:
    op.create_table(
        "air_stations",
        sa.Column("id", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column("city_id", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("uid", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("network", sa.Text(), server_default="unknown", nullable=False),
        sa.Column("region", sa.Text(), server_default="", nullable=False),
        sa.Column("address", sa.Text(), server_default="", nullable=False),
        sa.Column("lat", sa.Float(), nullable=True),
        sa.Column("lon", sa.Float(), nullable=True),
        sa.Column("measures", sa.ARRAY(sa.Text()), server_default="{}", nullable=False),
        sa.Column("since_year", sa.SmallInteger(), nullable=True),
        sa.Column("company", sa.Text(), server_default="", nullable=False),
        sa.Column("grade", sa.Text(), server_default="", nullable=False),
        sa.Column("names", JSON, server_default="{}", nullable=False),
        sa.Column("told", JSON, server_default="{}", nullable=False),
        sa.Column("told_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("same_as", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["same_as"], ["air_stations.id"], name=op.f("fk_air_stations_same_as")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_air_stations")),
        sa.UniqueConstraint("city_id", "source", "uid", name=op.f("uq_air_stations_city_id_source_uid")),
    )
    op.create_index(
        "ix_air_stations_same_as",
        "air_stations",
        ["same_as"],
        unique=False,
        postgresql_where=sa.text("same_as IS NOT NULL"),
    )
    op.create_table(
        "air_station_uids",
        sa.Column("city_id", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("uid", sa.Text(), nullable=False),
        sa.Column("station_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["station_id"], ["air_stations.id"], name=op.f("fk_air_station_uids_station_id")),
        sa.PrimaryKeyConstraint("city_id", "source", "uid", name=op.f("pk_air_station_uids")),
    )
    op.create_index("ix_air_station_uids_station_id", "air_station_uids", ["station_id"], unique=False)


def _hours() -> None:
    op.create_table(
        "air_days",
        sa.Column("site_id", sa.Integer(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("confirmed", sa.Boolean(), nullable=False),
        sa.Column("pollutants", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("values", sa.ARRAY(sa.Integer()), nullable=False),
        sa.Column("qualities", sa.LargeBinary(), nullable=False),
        sa.Column("first_told", sa.ARRAY(sa.BigInteger()), nullable=False),
        sa.Column("last_told", sa.ARRAY(sa.BigInteger()), nullable=True),
        sa.Column("flags", JSON, nullable=True),
        sa.ForeignKeyConstraint(["site_id"], ["air_stations.id"], name=op.f("fk_air_days_site_id")),
        sa.PrimaryKeyConstraint("site_id", "day", "confirmed", name=op.f("pk_air_days")),
    )
    op.create_table(
        "air_versions",
        sa.Column("site_id", sa.Integer(), nullable=False),
        sa.Column("at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("pollutant", sa.Text(), nullable=False),
        sa.Column("confirmed", sa.Boolean(), nullable=False),
        sa.Column("value", sa.Integer(), nullable=True),
        sa.Column("quality", sa.SmallInteger(), nullable=False),
        sa.Column("flag", sa.Text(), nullable=False),
        sa.Column("first_told", sa.BigInteger(), nullable=False),
        sa.Column("last_told", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["site_id"], ["air_stations.id"], name=op.f("fk_air_versions_site_id")),
    )
    op.create_index("ix_air_versions_hour", "air_versions", ["site_id", "at"], unique=False)
    op.create_table(
        "air_indices",
        sa.Column("site_id", sa.Integer(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("indices", sa.ARRAY(sa.SmallInteger()), nullable=False),
        sa.Column("grades", sa.LargeBinary(), nullable=False),
        sa.Column("bases", sa.LargeBinary(), nullable=False),
        sa.Column("means", sa.ARRAY(sa.Integer()), nullable=False),
        sa.Column("told", sa.ARRAY(sa.BigInteger()), nullable=True),
        sa.ForeignKeyConstraint(["site_id"], ["air_stations.id"], name=op.f("fk_air_indices_site_id")),
        sa.PrimaryKeyConstraint("site_id", "day", name=op.f("pk_air_indices")),
    )


def _told() -> None:
    op.create_table(
        "air_winds",
        sa.Column("city_id", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("received_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("from_degrees", sa.Numeric(), nullable=True),
        sa.Column("speed", sa.Numeric(), nullable=True),
        sa.Column("u", sa.Numeric(), nullable=True),
        sa.Column("v", sa.Numeric(), nullable=True),
        sa.Column("temperature", sa.Numeric(), nullable=True),
        sa.Column("humidity", sa.Numeric(), nullable=True),
        sa.Column("rain", sa.Numeric(), nullable=True),
        sa.PrimaryKeyConstraint("city_id", "at", "source", "place", name=op.f("pk_air_winds")),
    )
    op.create_table(
        "air_official_alerts",
        sa.Column("city_id", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("uid", sa.Text(), nullable=False),
        sa.Column("region", sa.Text(), nullable=False),
        sa.Column("zone", sa.Text(), nullable=False),
        sa.Column("pollutant", sa.Text(), nullable=False),
        sa.Column("level", sa.Text(), nullable=False),
        sa.Column("issued_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("lifted_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("received_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("issued_value", sa.Numeric(), nullable=True),
        sa.Column("lifted_value", sa.Numeric(), nullable=True),
        sa.PrimaryKeyConstraint("city_id", "source", "uid", name=op.f("pk_air_official_alerts")),
    )
    op.create_index("ix_air_official_alerts_issued", "air_official_alerts", ["city_id", "issued_at"], unique=False)
    op.create_table(
        "air_forecasts",
        sa.Column("city_id", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("uid", sa.Text(), nullable=False),
        sa.Column("pollutant", sa.Text(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("issued_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("received_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("grades", JSON, nullable=False),
        sa.Column("overall", sa.Text(), nullable=False),
        sa.Column("cause", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("city_id", "day", "source", "uid", "issued_at", name=op.f("pk_air_forecasts")),
    )


def _raw() -> None:
    op.create_table(
        "air_raw",
        sa.Column("at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("site_id", sa.Integer(), nullable=False),
        sa.Column("value", sa.Integer(), nullable=True),
        sa.Column("quality", sa.SmallInteger(), nullable=False),
        sa.Column("pollutant", sa.Text(), nullable=False),
        postgresql_partition_by="RANGE (at)",
    )
    op.create_index(
        "uq_air_raw_word",
        "air_raw",
        ["site_id", "at", "value", "quality", "pollutant"],
        unique=True,
        postgresql_nulls_not_distinct=True,
    )
    op.create_table(
        "air_running",
        sa.Column("site_id", sa.Integer(), nullable=False),
        sa.Column("pollutant", sa.Text(), nullable=False),
        sa.Column("hour", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("valid", sa.Integer(), nullable=False),
        sa.Column("flagged", sa.Integer(), nullable=False),
        sa.Column("total", sa.BigInteger(), nullable=False),
        sa.Column("parts", sa.SmallInteger(), nullable=False),
        sa.Column("newest_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("is_open", sa.Boolean(), server_default="true", nullable=False),
        sa.Column("rolled", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["site_id"], ["air_stations.id"], name=op.f("fk_air_running_site_id")),
        sa.PrimaryKeyConstraint("hour", "site_id", "pollutant", name=op.f("pk_air_running")),
        postgresql_with={"fillfactor": 50},
    )
    op.create_index("ix_air_running_open", "air_running", ["hour"], unique=False, postgresql_where=sa.text("is_open"))
    op.create_table(
        "air_current",
        sa.Column("site_id", sa.Integer(), nullable=False),
        sa.Column("at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("index", sa.SmallInteger(), nullable=True),
        sa.Column("grade", sa.SmallInteger(), nullable=True),
        sa.Column("dominant", sa.Text(), nullable=False),
        sa.Column("values", JSON, nullable=False),
        sa.Column("parts", JSON, nullable=False),
        sa.Column("before", JSON, nullable=True),
        sa.Column("before_hour", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("reckoned_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["site_id"], ["air_stations.id"], name=op.f("fk_air_current_site_id")),
        sa.PrimaryKeyConstraint("site_id", name=op.f("pk_air_current")),
        postgresql_with={"fillfactor": 50},
    )
    op.execute("CREATE TABLE air_raw_other PARTITION OF air_raw DEFAULT")


def downgrade() -> None:
    for table in (
        "air_current",
        "air_running",
        "air_raw",
        "air_forecasts",
        "air_official_alerts",
        "air_winds",
        "air_indices",
        "air_versions",
        "air_days",
        "air_station_uids",
        "air_stations",
    ):
        op.drop_table(table)

"""Complaints of smell and smoke with what a case has no columns for, and the clusters that they make together."""

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from core.db import Id, Json, Moment, metadata

air_smell_clusters = Table(
    "air_smell_clusters",
    metadata,
    Column("id", Id, primary_key=True),
    Column("city_id", Text, nullable=False),
    Column("case_id", Id, ForeignKey("cases.id"), nullable=False),
    Column("matter_id", Id, ForeignKey("air_matters.id")),
    Column("lat", Float, nullable=False),
    Column("lon", Float, nullable=False),
    Column("kind", Text, nullable=False),
    Column("people", Integer, nullable=False),
    Column("reports", Integer, nullable=False),
    Column("strongest", SmallInteger, nullable=False),
    Column("first_at", Moment, nullable=False),
    Column("last_at", Moment, nullable=False),
    Column("formed_at", Moment, nullable=False),
    Column("traced", Json, nullable=False, server_default=text("'{}'::jsonb")),
    Column("updated_at", Moment, nullable=False),
    UniqueConstraint("case_id"),
    CheckConstraint("strongest BETWEEN 0 AND 5", name="strongest"),
    Index("ix_air_smell_clusters_formed", "city_id", "formed_at", "id"),
    Index("ix_air_smell_clusters_last", "city_id", "last_at"),
)
"""`case_id`: the one case into which the others went. `lat`, `lon`: middle of the complaints when it formed. `kind`:
the one told most. `people`: each once. `first_at`, `last_at`: of the complaints' first messages. `traced`: what the
wind told (civic/air/smell/tracing.py)."""

air_smell_reports = Table(
    "air_smell_reports",
    metadata,
    Column("id", Id, primary_key=True),
    Column("city_id", Text, nullable=False),
    Column("case_id", Id, ForeignKey("cases.id")),
    Column("inquiry_id", Id, ForeignKey("inquiries.id")),
    Column("conversation_id", Id, ForeignKey("conversations.id")),
    Column("kind", Text, nullable=False),
    Column("strength", SmallInteger, nullable=False),
    Column("lat", Float),
    Column("lon", Float),
    Column("area", Text, nullable=False, server_default=""),
    Column("told_at", Moment, nullable=False),
    Column("filed_at", Moment, nullable=False),
    Column("is_now", Boolean, nullable=False),
    Column("photos", SmallInteger, nullable=False, server_default="0"),
    Column("cluster_id", Id, ForeignKey("air_smell_clusters.id")),
    Column("noted_at", Moment),
    Column("traced", Json, nullable=False, server_default=text("'{}'::jsonb")),
    CheckConstraint("strength BETWEEN 0 AND 5", name="strength"),
    CheckConstraint("num_nonnulls(case_id, inquiry_id) <= 1", name="one_receipt"),
    Index("ix_air_smell_reports_told", "city_id", "told_at", "id"),
    Index("ix_air_smell_reports_case", "case_id", unique=True, postgresql_where=text("case_id IS NOT NULL")),
    Index("ix_air_smell_reports_conversation", "conversation_id"),
    Index("ix_air_smell_reports_cluster", "cluster_id", postgresql_where=text("cluster_id IS NOT NULL")),
    Index(
        "ix_air_smell_reports_loose",
        "city_id",
        "told_at",
        postgresql_where=text("cluster_id IS NULL AND is_now AND lat IS NOT NULL"),
    ),
    Index("ix_air_smell_reports_unnoted", "city_id", "filed_at", postgresql_where=text("noted_at IS NULL")),
)
"""`case_id`: its 민원, `inquiry_id`: the 제보 of who gave no name. `told_at`: the first message of the complaint, by
which clusters are made; `filed_at`: when it was finished. `is_now`: smelt then, and not on another day. `area`: name
of the 읍·면·동. `noted_at`: when the officer got the wind's word. The point goes coarse with the case's words."""

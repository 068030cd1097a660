"""Privacy: the vault's data keys, sealed names and numbers. What lies there plain is sealed at the next start."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


_GUARD = """
CREATE FUNCTION guard_log() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE stack text;
BEGIN
    GET DIAGNOSTICS stack = PG_CONTEXT;
    IF TG_OP = 'DELETE' AND stack ~ '(?n)^PL/pgSQL function purge_log\\(' THEN
        RETURN OLD;
    END IF;
    IF TG_OP = 'UPDATE' AND TG_TABLE_NAME = 'audit_log' THEN
        IF OLD.seq IS NULL AND NEW.seq IS NOT NULL
            AND to_jsonb(NEW) - '{seq,prev_hash,hash}'::text[] = to_jsonb(OLD) - '{seq,prev_hash,hash}'::text[] THEN
            RETURN NEW;
        END IF;
    END IF;
    RAISE EXCEPTION 'rows of % are written once', TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
END $$
"""
_PURGE = """
CREATE FUNCTION purge_log(log text, city text, before timestamptz, upto bigint) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE gone bigint;
BEGIN
    IF before > now() - interval '365 days' THEN
        RAISE EXCEPTION 'logs are kept a year or more' USING ERRCODE = 'insufficient_privilege';
    END IF;
    IF log = 'access_log' THEN
        DELETE FROM access_log WHERE city_id = city AND at < before;
    ELSE
        DELETE FROM audit_log WHERE city_id = city AND at < before AND seq <= upto;
    END IF;
    GET DIAGNOSTICS gone = ROW_COUNT;
    RETURN gone;
END $$
"""


def upgrade() -> None:
    _keys()
    _people()
    _logs()
    _retention()


def _logs() -> None:
    op.add_column("access_log", sa.Column("citizen_id", sa.Uuid(), nullable=True))
    op.add_column("access_log", sa.Column("why", sa.Text(), server_default="", nullable=False))
    op.create_index(
        "ix_access_log_citizen",
        "access_log",
        ["citizen_id", "at"],
        unique=False,
        postgresql_where=sa.text("citizen_id IS NOT NULL"),
    )
    op.add_column("audit_log", sa.Column("seq", sa.BigInteger(), nullable=True))
    op.add_column("audit_log", sa.Column("prev_hash", sa.LargeBinary(), nullable=True))
    op.add_column("audit_log", sa.Column("hash", sa.LargeBinary(), nullable=True))
    op.create_unique_constraint(op.f("uq_audit_log_city_id_seq"), "audit_log", ["city_id", "seq"])
    op.create_index("ix_audit_log_at", "audit_log", ["city_id", "at", "id"], unique=False)
    op.create_index(
        "ix_audit_log_unchained",
        "audit_log",
        ["city_id", "id"],
        unique=False,
        postgresql_where=sa.text("seq IS NULL"),
    )
    op.create_table(
        "audit_heads",
        sa.Column("city_id", sa.Text(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column("base_seq", sa.BigInteger(), nullable=False),
        sa.Column("base_hash", sa.LargeBinary(), nullable=False),
        sa.Column("mac", sa.LargeBinary(), nullable=False),
        sa.Column("updated_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("city_id", name=op.f("pk_audit_heads")),
    )
    op.execute(_GUARD)
    op.execute(_PURGE)
    for log in ("access_log", "audit_log"):
        op.execute(f"CREATE TRIGGER guard BEFORE UPDATE OR DELETE ON {log} FOR EACH ROW EXECUTE FUNCTION guard_log()")
        op.execute(f"CREATE TRIGGER guard_all BEFORE TRUNCATE ON {log} EXECUTE FUNCTION guard_log()")


def _retention() -> None:
    op.add_column("cases", sa.Column("anonymised_at", sa.TIMESTAMP(timezone=True), nullable=True))
    op.add_column("cases", sa.Column("hold_reason", sa.Text(), nullable=True))
    op.create_index(
        "ix_cases_retention",
        "cases",
        ["city_id", "closed_at"],
        unique=False,
        postgresql_where=sa.text("closed_at IS NOT NULL AND anonymised_at IS NULL"),
    )
    op.create_table(
        "retention_runs",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("city_id", sa.Text(), nullable=False),
        sa.Column("at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("before", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_retention_runs")),
    )
    op.create_index("ix_retention_runs_at", "retention_runs", ["city_id", "at"], unique=False)


def _keys() -> None:
    op.create_table(
        "data_keys",
        sa.Column("id", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("kek", sa.Text(), nullable=False),
        sa.Column("wrapped", sa.LargeBinary(), nullable=True),
        sa.Column("created_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("retired_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("destroyed_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_data_keys")),
    )


def _people() -> None:
    for name in ("name_sealed", "phone_sealed", "name_index", "phone_index"):
        op.add_column("citizens", sa.Column(name, sa.LargeBinary(), nullable=True))
    for name in ("name", "phone"):
        op.create_index(
            f"ix_citizens_{name}",
            "citizens",
            ["city_id", f"{name}_index"],
            unique=False,
            postgresql_where=sa.text(f"{name}_index IS NOT NULL"),
        )

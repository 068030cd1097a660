"""Staff: departments and areas, versions, temporary passwords, second factor, sign-in by address, sessions seen."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_LIST = sa.ARRAY(sa.Text())
_MOMENT = sa.TIMESTAMP(timezone=True)


def upgrade() -> None:
    op.add_column("staff", sa.Column("departments", _LIST, server_default=sa.text("'{}'::text[]"), nullable=False))
    op.add_column("staff", sa.Column("areas", _LIST, server_default=sa.text("'{}'::text[]"), nullable=False))
    op.add_column("staff", sa.Column("sees_all", sa.Boolean(), server_default="false", nullable=False))
    op.add_column("staff", sa.Column("version", sa.Integer(), server_default="1", nullable=False))
    op.add_column("staff", sa.Column("temporary_until", _MOMENT, nullable=True))
    op.add_column("staff", sa.Column("totp_sealed", sa.LargeBinary(), nullable=True))
    op.add_column("staff", sa.Column("totp_confirmed_at", _MOMENT, nullable=True))
    op.add_column("staff", sa.Column("totp_last_step", sa.BigInteger(), nullable=True))
    op.add_column("staff", sa.Column("totp_asked_at", _MOMENT, nullable=True))
    op.add_column("staff_sessions", sa.Column("last_seen_at", _MOMENT, nullable=True))
    op.add_column("staff_sessions", sa.Column("source_ip", sa.Text(), server_default="", nullable=False))
    op.add_column("staff_sessions", sa.Column("user_agent", sa.Text(), server_default="", nullable=False))
    op.create_index("ix_staff_sessions_staff", "staff_sessions", ["staff_id"], unique=False)
    _codes()
    _challenges()
    op.create_table(
        "staff_sign_in_sources",
        sa.Column("city_id", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("began_at", _MOMENT, nullable=False),
        sa.Column("locked_until", _MOMENT, nullable=True),
        sa.PrimaryKeyConstraint("city_id", "source", name=op.f("pk_staff_sign_in_sources")),
    )
    op.create_index("ix_staff_sign_in_sources_began", "staff_sign_in_sources", ["began_at"], unique=False)


def _codes() -> None:
    op.create_table(
        "staff_recovery_codes",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("city_id", sa.Text(), nullable=False),
        sa.Column("staff_id", sa.Uuid(), nullable=False),
        sa.Column("code_hash", sa.Text(), nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("used_at", _MOMENT, nullable=True),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_staff_recovery_codes_staff_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff_recovery_codes")),
        sa.UniqueConstraint("staff_id", "code_hash", name=op.f("uq_staff_recovery_codes_staff_id_code_hash")),
    )


def _challenges() -> None:
    op.create_table(
        "staff_challenges",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("city_id", sa.Text(), nullable=False),
        sa.Column("staff_id", sa.Uuid(), nullable=False),
        sa.Column("token_hash", sa.Text(), nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("expires_at", _MOMENT, nullable=False),
        sa.Column("used_at", _MOMENT, nullable=True),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_staff_challenges_staff_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff_challenges")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_staff_challenges_token_hash")),
    )
    op.create_index("ix_staff_challenges_expires", "staff_challenges", ["expires_at"], unique=False)
    op.create_index("ix_staff_challenges_staff", "staff_challenges", ["staff_id"], unique=False)

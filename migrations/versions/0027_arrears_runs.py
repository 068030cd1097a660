"""Runs of notices to many people: who got what, by which way, at which cost."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

_MOMENT = sa.TIMESTAMP(timezone=True)
_JSON = postgresql.JSONB(none_as_null=True)
_TABLES = ("arrears_runs", "arrears_run_recipients")


def upgrade() -> None:
    _runs()
    _recipients()


def downgrade() -> None:
    for table in reversed(_TABLES):
        op.drop_table(table)


def _runs() -> None:
    op.create_table(
        "arrears_runs",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("city_id", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("level", sa.Text(), nullable=False),
        sa.Column("criteria", _JSON, nullable=False),
        sa.Column("per_second", sa.Float()),
        sa.Column("begins_at", _MOMENT),
        sa.Column("status", sa.Text(), server_default="draft", nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("reckoned_on", sa.Date()),
        sa.Column("last_id", sa.Uuid()),
        sa.Column("looked", sa.Integer(), server_default="0", nullable=False),
        sa.Column("next_at", _MOMENT),
        sa.Column("figures", _JSON, server_default=sa.text("'{}'::jsonb"), nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("staff_id", sa.Uuid(), nullable=False),
        sa.Column("approved_by", sa.Uuid()),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("updated_at", _MOMENT, nullable=False),
        *(
            sa.Column(name, _MOMENT)
            for name in ("prepared_at", "approved_at", "filled_at", "paused_at", "cancelled_at", "ended_at")
        ),
        sa.CheckConstraint(
            "status IN ('draft', 'preparing', 'prepared', 'filling', 'filled', 'cancelled', 'ended')",
            name=op.f("ck_arrears_runs_status"),
        ),
        sa.CheckConstraint("approved_by IS NULL OR approved_by <> staff_id", name=op.f("ck_arrears_runs_two_people")),
        sa.CheckConstraint(
            "status NOT IN ('filling', 'filled', 'ended') OR approved_by IS NOT NULL",
            name=op.f("ck_arrears_runs_approved"),
        ),
        sa.CheckConstraint(
            "(status = 'cancelled') = (cancelled_at IS NOT NULL)", name=op.f("ck_arrears_runs_cancelled")
        ),
        sa.CheckConstraint("per_second IS NULL OR per_second > 0", name=op.f("ck_arrears_runs_per_second")),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_arrears_runs_staff_id_staff")),
        sa.ForeignKeyConstraint(["approved_by"], ["staff.id"], name=op.f("fk_arrears_runs_approved_by_staff")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_arrears_runs")),
    )
    op.create_index("ix_arrears_runs_list", "arrears_runs", ["city_id", "created_at", "id"], unique=False)
    op.create_index(
        "ix_arrears_runs_open",
        "arrears_runs",
        ["city_id", "created_at"],
        unique=False,
        postgresql_where=sa.text("status IN ('preparing', 'filling', 'filled', 'cancelled') AND ended_at IS NULL"),
    )


def _recipients() -> None:
    table = "arrears_run_recipients"
    op.create_table(
        table,
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.Column("city_id", sa.Text(), nullable=False),
        sa.Column("debtor_id", sa.Uuid(), nullable=False),
        sa.Column("bills", _JSON, nullable=False),
        sa.Column("amount_krw", sa.BigInteger(), nullable=False),
        sa.Column("way", sa.Text(), server_default="", nullable=False),
        sa.Column("first_way", sa.Text(), server_default="", nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("lang", sa.Text(), server_default="ko", nullable=False),
        sa.Column("times", sa.SmallInteger(), server_default="0", nullable=False),
        sa.Column("address_key", sa.Text()),
        sa.Column("address", sa.Text()),
        sa.Column("body", _JSON, server_default=sa.text("'{}'::jsonb"), nullable=False),
        sa.Column("message_id", sa.Uuid()),
        sa.Column("anew", sa.SmallInteger(), server_default="0", nullable=False),
        sa.Column("letter_id", sa.Uuid()),
        sa.Column("queued_at", _MOMENT),
        sa.Column("updated_at", _MOMENT, nullable=False),
        sa.CheckConstraint(
            "state IN ('excluded', 'ready', 'queued', 'letter', 'stopped', 'done')", name=op.f(f"ck_{table}_state")
        ),
        sa.CheckConstraint("way IN ('', 'alimtalk', 'sms', 'lms', 'letter')", name=op.f(f"ck_{table}_way")),
        sa.CheckConstraint("anew IN (0, 1)", name=op.f(f"ck_{table}_anew")),
        sa.ForeignKeyConstraint(["run_id"], ["arrears_runs.id"], name=op.f(f"fk_{table}_run_id_arrears_runs")),
        sa.ForeignKeyConstraint(
            ["debtor_id"], ["arrears_debtors.id"], name=op.f(f"fk_{table}_debtor_id_arrears_debtors")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
        sa.UniqueConstraint("run_id", "debtor_id", name=op.f(f"uq_{table}_run_id_debtor_id")),
    )
    op.create_index("ix_arrears_run_recipients_state", table, ["run_id", "state", "id"], unique=False)
    op.create_index(
        "ix_arrears_run_recipients_message",
        table,
        ["message_id"],
        unique=False,
        postgresql_where=sa.text("message_id IS NOT NULL"),
    )
    op.create_index("ix_arrears_run_recipients_debtor", table, ["debtor_id", "queued_at"], unique=False)

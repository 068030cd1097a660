"""One person on many channels: links proven by telephone, merging that can be undone, sealed addresses."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """New columns are empty for whoever was there before: no channel had telephone numbers for addresses yet."""
    op.add_column("conversations", sa.Column("address_sealed", sa.Text(), nullable=True))
    op.add_column("citizens", sa.Column("notice_conversation_id", sa.Uuid(), nullable=True))
    _challenges()
    _proofs()
    _links()
    op.create_table(
        "orphaned_files",
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("sha256", name=op.f("pk_orphaned_files")),
    )


def _challenges() -> None:
    op.create_table(
        "phone_challenges",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("city_id", sa.Text(), nullable=False),
        sa.Column("conversation_id", sa.Uuid(), nullable=False),
        sa.Column("sms_conversation_id", sa.Uuid(), nullable=False),
        sa.Column("outbound_id", sa.Uuid(), nullable=True),
        sa.Column("phone_index", sa.LargeBinary(), nullable=False),
        sa.Column("code_hash", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("expires_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("failures", sa.Integer(), server_default="0", nullable=False),
        sa.Column("failed_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("used_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["conversation_id"], ["conversations.id"], name=op.f("fk_phone_challenges_conversation_id")
        ),
        sa.ForeignKeyConstraint(
            ["sms_conversation_id"], ["conversations.id"], name=op.f("fk_phone_challenges_sms_conversation_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_phone_challenges")),
    )
    op.create_index("ix_phone_challenges_city", "phone_challenges", ["city_id", "created_at"], unique=False)
    op.create_index(
        "ix_phone_challenges_conversation", "phone_challenges", ["conversation_id", "created_at"], unique=False
    )
    op.create_index(
        "ix_phone_challenges_phone", "phone_challenges", ["city_id", "phone_index", "created_at"], unique=False
    )


def _proofs() -> None:
    op.create_table(
        "phone_proofs",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("city_id", sa.Text(), nullable=False),
        sa.Column("conversation_id", sa.Uuid(), nullable=False),
        sa.Column("phone_index", sa.LargeBinary(), nullable=False),
        sa.Column("how", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.CheckConstraint("how IN ('code', 'inbound')", name=op.f("ck_phone_proofs_how")),
        sa.ForeignKeyConstraint(
            ["conversation_id"], ["conversations.id"], name=op.f("fk_phone_proofs_conversation_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_phone_proofs")),
    )
    live: dict[str, Any] = {"unique": False, "postgresql_where": sa.text("revoked_at IS NULL")}
    op.create_index("ix_phone_proofs_conversation", "phone_proofs", ["conversation_id"], **live)
    op.create_index("ix_phone_proofs_phone", "phone_proofs", ["city_id", "phone_index"], **live)


def _links() -> None:
    op.create_table(
        "person_links",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("city_id", sa.Text(), nullable=False),
        sa.Column("act_id", sa.Uuid(), nullable=False),
        sa.Column("conversation_id", sa.Uuid(), nullable=False),
        sa.Column("from_citizen_id", sa.Uuid(), nullable=True),
        sa.Column("to_citizen_id", sa.Uuid(), nullable=False),
        sa.Column("how", sa.Text(), nullable=False),
        sa.Column("at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("undone_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("undone_by", sa.Text(), nullable=True),
        sa.Column("undone_by_id", sa.Uuid(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.CheckConstraint("undone_by IN ('citizen', 'staff')", name=op.f("ck_person_links_undone_by")),
        sa.ForeignKeyConstraint(
            ["conversation_id"], ["conversations.id"], name=op.f("fk_person_links_conversation_id")
        ),
        sa.ForeignKeyConstraint(["from_citizen_id"], ["citizens.id"], name=op.f("fk_person_links_from_citizen_id")),
        sa.ForeignKeyConstraint(["to_citizen_id"], ["citizens.id"], name=op.f("fk_person_links_to_citizen_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_person_links")),
    )
    op.create_index("ix_person_links_conversation", "person_links", ["conversation_id", "at"], unique=False)
    live: dict[str, Any] = {"unique": False, "postgresql_where": sa.text("undone_at IS NULL")}
    op.create_index("ix_person_links_from", "person_links", ["from_citizen_id"], **live)
    op.create_index("ix_person_links_to", "person_links", ["to_citizen_id"], **live)

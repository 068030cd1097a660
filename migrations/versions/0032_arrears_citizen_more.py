"""A debtor tells of his bankruptcy or rehabilitation: one more kind of request."""

from alembic import op

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_constraint(op.f("ck_arrears_requests_kind"), "arrears_requests")
    op.create_check_constraint(
        op.f("ck_arrears_requests_kind"),
        "arrears_requests",
        "kind IN ('instalment', 'release', 'deferral', 'dispute', 'court', 'wrong_number')",
    )


def downgrade() -> None:
    op.execute("DELETE FROM arrears_requests WHERE kind = 'court'")
    op.drop_constraint(op.f("ck_arrears_requests_kind"), "arrears_requests")
    op.create_check_constraint(
        op.f("ck_arrears_requests_kind"),
        "arrears_requests",
        "kind IN ('instalment', 'release', 'deferral', 'dispute', 'wrong_number')",
    )

"""Search: what a case is found by, the words in use, and the indexes that lists and figures need."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_OPEN = sa.text("closed_at IS NULL")


def upgrade() -> None:
    _words()
    _follow()
    op.drop_index("ix_cases_words", "cases")
    _lists()
    # Departments have their own categories and areas their own troubles: without this, the planner takes them for
    # independent and walks the whole list for a pair that never occurs.
    op.execute("CREATE STATISTICS cases_facets (mcv) ON department_id, category, area_id, status FROM cases")
    op.execute("ALTER TABLE case_terms ALTER COLUMN terms SET STATISTICS 500")


def _words() -> None:
    op.create_table(
        "case_terms",
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("city_id", sa.Text(), nullable=False),
        sa.Column("department_id", sa.Text(), nullable=False),
        sa.Column("received_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("terms", postgresql.TSVECTOR(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_case_terms_case_id")),
        sa.PrimaryKeyConstraint("case_id", name=op.f("pk_case_terms")),
    )
    op.create_index("ix_case_terms_list", "case_terms", ["city_id", "received_at", "case_id"])
    op.create_index("ix_case_terms_department", "case_terms", ["city_id", "department_id", "received_at"])
    op.create_index(
        "ix_case_terms_terms", "case_terms", ["terms"], postgresql_using="gin", postgresql_with={"fastupdate": "off"}
    )
    op.create_table(
        "search_terms",
        sa.Column("city_id", sa.Text(), nullable=False),
        sa.Column("term", sa.Text(), nullable=False),
        sa.Column("keys", sa.Text(), nullable=False),
        sa.Column("cases", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("city_id", "term", name=op.f("pk_search_terms")),
    )
    op.create_index(
        "ix_search_terms_keys",
        "search_terms",
        ["keys"],
        postgresql_using="gin",
        postgresql_ops={"keys": "gin_trgm_ops"},
    )


def _follow() -> None:
    """Whoever gives a case to another department: its words go with it."""
    op.execute(
        """CREATE FUNCTION case_terms_follow() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            UPDATE case_terms SET department_id = NEW.department_id WHERE case_id = NEW.id;
            RETURN NULL;
        END $$"""
    )
    op.execute(
        """CREATE TRIGGER case_terms_follow AFTER UPDATE OF department_id ON cases FOR EACH ROW
        WHEN (OLD.department_id IS DISTINCT FROM NEW.department_id) EXECUTE FUNCTION case_terms_follow()"""
    )


def _lists() -> None:
    op.create_index("ix_cases_category", "cases", ["city_id", "category", "received_at", "id"])
    for name in ("area", "staff"):
        column = f"{name}_id"
        op.create_index(
            f"ix_cases_{name}",
            "cases",
            ["city_id", column, "received_at", "id"],
            postgresql_where=sa.text(f"{column} IS NOT NULL"),
        )
    op.create_index("ix_cases_open", "cases", ["city_id", "received_at", "id"], postgresql_where=_OPEN)
    op.create_index("ix_cases_desk", "cases", ["city_id", "department_id", "received_at", "id"], postgresql_where=_OPEN)
    op.create_index("ix_cases_due", "cases", ["city_id", "due_at", "id"], postgresql_where=_OPEN)
    op.create_index(
        "ix_cases_closing", "cases", ["city_id", "closed_at"], postgresql_where=sa.text("closed_at IS NOT NULL")
    )
    op.create_index("ix_cases_updated", "cases", ["city_id", "updated_at", "id"])
    _around()


def _around() -> None:
    """Among which every filing looks for its like: the open cases alone."""
    for name, columns, known in (("around", ["lat", "lon"], "lat IS NOT NULL"), ("place", ["place"], "place <> ''")):
        op.create_index(
            f"ix_cases_{name}",
            "cases",
            ["city_id", "category", *columns],
            postgresql_where=sa.text(f"closed_at IS NULL AND merged_into_id IS NULL AND {known}"),
        )
    op.create_index("ix_cases_mass", "cases", ["city_id", "category"], postgresql_where=sa.text("mass_at IS NOT NULL"))

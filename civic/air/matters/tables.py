"""What is done about bad air: matters, whom they were told to step by step, tasks, actions, and a line for each change.

Nothing here names a person: staff by their id, contacts of companies by a mark of their entry in config.yml.
"""

from sqlalchemy import (
    ARRAY,
    CheckConstraint,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    Numeric,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from core.db import Id, Json, Moment, metadata
from core.sealed import SealedText

air_matters = Table(
    "air_matters",
    metadata,
    Column("id", Id, primary_key=True),
    Column("city_id", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("state", Text, nullable=False, server_default="open"),
    Column("round", Integer, nullable=False, server_default="1"),
    Column("title_ko", Text, nullable=False),
    Column("title_en", Text, nullable=False),
    Column("lat", Float),
    Column("lon", Float),
    Column("pollutant", Text, nullable=False, server_default=""),
    Column("unit", Text, nullable=False, server_default=""),
    Column("value", Numeric),
    Column("peak", Numeric),
    Column("site_ids", ARRAY(Integer), nullable=False, server_default=text("'{}'::integer[]")),
    Column("companies", ARRAY(Text), nullable=False, server_default=text("'{}'::text[]")),
    Column("traced", Json, nullable=False, server_default=text("'{}'::jsonb")),
    Column("department_id", Text, nullable=False, server_default=""),
    Column("staff_id", Id),
    Column("began_at", Moment, nullable=False),
    Column("last_at", Moment, nullable=False),
    Column("first_message_at", Moment, nullable=False),
    Column("opened_at", Moment, nullable=False),
    Column("acknowledged_at", Moment),
    Column("fell_at", Moment),
    Column("first_action_at", Moment),
    Column("verified_at", Moment),
    Column("verified_by", Text),
    Column("closed_at", Moment),
    Column("updated_at", Moment, nullable=False),
    Column("version", Integer, nullable=False, server_default="1"),
    UniqueConstraint("city_id", "key"),
    CheckConstraint("kind IN ('limit', 'episode', 'smell', 'sensor')", name="kind"),
    CheckConstraint("state IN ('open', 'acknowledged', 'acting', 'verified', 'closed')", name="state"),
    CheckConstraint("verified_by IN ('officer', 'values')", name="verified_by"),
    Index("ix_air_matters_began", "city_id", "began_at", "id"),
    Index("ix_air_matters_standing", "city_id", "kind", postgresql_where=text("state <> 'closed'")),
)
"""`key`: what makes two drafts the same matter. `round`: grows when a closed one begins again. `value`: the newest,
`peak`: the highest so far, in `unit`; `last_at`: of the newest. `companies`: codes of config.yml that are told.
`traced`: why these (civic/air/matters/upwind.py). `first_message_at`: of the first citizen's message or the first value
over the limit; `first_action_at`: of the first action that is verified. `fell_at`: since then the values are under
the limit, measured and not merely silent. `version` is the ETag."""

air_matter_events = Table(
    "air_matter_events",
    metadata,
    Column("id", Id, primary_key=True),
    Column("city_id", Text, nullable=False),
    Column("matter_id", Id, ForeignKey("air_matters.id"), nullable=False),
    Column("at", Moment, nullable=False),
    Column("kind", Text, nullable=False),
    Column("actor_kind", Text, nullable=False),
    Column("staff_id", Id),
    Column("company", Text, nullable=False, server_default=""),
    Column("from_state", Text),
    Column("to_state", Text),
    Column("detail", Json, nullable=False, server_default=text("'{}'::jsonb")),
    CheckConstraint("actor_kind IN ('staff', 'company', 'system')", name="actor_kind"),
    Index("ix_air_matter_events_matter", "matter_id", "at", "id"),
)
"""The timeline: who, when, what. `detail` holds numbers and codes, never a name, a telephone number or a text."""

air_matter_lanes = Table(
    "air_matter_lanes",
    metadata,
    Column("matter_id", Id, ForeignKey("air_matters.id"), primary_key=True),
    Column("round", Integer, primary_key=True),
    Column("lane", Text, primary_key=True),
    Column("city_id", Text, nullable=False),
    Column("next_step", Integer, nullable=False, server_default="1"),
    Column("next_at", Moment),
    Column("ended", Text),
    Column("ended_at", Moment),
    CheckConstraint("ended IN ('acknowledged', 'nobody', 'closed')", name="ended"),
    CheckConstraint("(next_at IS NULL) = (ended IS NOT NULL)", name="open"),
    Index("ix_air_matter_lanes_due", "city_id", "next_at", postgresql_where=text("next_at IS NOT NULL")),
)
"""A chain of people, one hearing after the other's silence: "duty", or a company's code. `next_at`: when `next_step` is
taken unless somebody acknowledges; null: the chain is over, and `ended` says why ("nobody": no one is left)."""

air_matter_steps = Table(
    "air_matter_steps",
    metadata,
    Column("id", Id, primary_key=True),
    Column("city_id", Text, nullable=False),
    Column("matter_id", Id, ForeignKey("air_matters.id"), nullable=False),
    Column("round", Integer, nullable=False),
    Column("lane", Text, nullable=False),
    Column("step", Integer, nullable=False),
    Column("person", Text, nullable=False),
    Column("staff_id", Id),
    Column("state", Text, nullable=False, server_default="told"),
    Column("ways", ARRAY(Text), nullable=False, server_default=text("'{}'::text[]")),
    Column("outbound_ids", ARRAY(Id), nullable=False, server_default=text("'{}'::uuid[]")),
    Column("token_hash", Text),
    Column("token_until", Moment),
    Column("told_at", Moment, nullable=False),
    Column("ended_at", Moment),
    UniqueConstraint("matter_id", "round", "lane", "step"),
    CheckConstraint("state IN ('told', 'acknowledged', 'silent', 'failed', 'over')", name="state"),
    Index("ix_air_matter_steps_token", "token_hash", unique=True, postgresql_where=text("token_hash IS NOT NULL")),
)
"""Who was told when. `person`: "staff:<id>", "role:<role>", or "contact:<mark>" (civic/air/matters/people.py). `ways`:
notice, sms, messenger. `token_hash`: SHA-256 of the link's token; the token itself is in the message alone. `failed`:
no message reached its reader, which counts as silence."""

air_matter_tasks = Table(
    "air_matter_tasks",
    metadata,
    Column("id", Id, primary_key=True),
    Column("city_id", Text, nullable=False),
    Column("matter_id", Id, ForeignKey("air_matters.id"), nullable=False),
    Column("lane", Text, nullable=False),
    Column("staff_id", Id),
    Column("what", Text, nullable=False),
    Column("due_at", Moment, nullable=False),
    Column("set_by", Id, nullable=False),
    Column("set_at", Moment, nullable=False),
    Column("told_at", Moment),
    Column("done_at", Moment),
    Column("warned_at", Moment),
    Index("ix_air_matter_tasks_matter", "matter_id", "set_at"),
    Index(
        "ix_air_matter_tasks_due",
        "city_id",
        "due_at",
        postgresql_where=text("done_at IS NULL AND warned_at IS NULL"),
    ),
    Index("ix_air_matter_tasks_untold", "city_id", postgresql_where=text("told_at IS NULL AND done_at IS NULL")),
)
"""Who (`lane`: "duty" with `staff_id`, or a company's code) does `what` by when. `told_at`: he was told of it.
`warned_at`: overdue, said once."""

air_matter_actions = Table(
    "air_matter_actions",
    metadata,
    Column("id", Id, primary_key=True),
    Column("city_id", Text, nullable=False),
    Column("matter_id", Id, ForeignKey("air_matters.id"), nullable=False),
    Column("task_id", Id, ForeignKey("air_matter_tasks.id")),
    Column("kind", Text, nullable=False),
    Column("origin", Text, nullable=False),
    Column("company", Text, nullable=False, server_default=""),
    Column("staff_id", Id),
    Column("text", SealedText("air_matter_actions.text"), nullable=False),
    Column("dedupe_key", Text),
    Column("done_at", Moment, nullable=False),
    Column("told_at", Moment, nullable=False),
    Column("photo_sha256", Text),
    Column("photo_type", Text),
    Column("photo_scan", Text),
    Column("state", Text, nullable=False, server_default="told"),
    Column("verified_at", Moment),
    Column("verified_by", Text),
    Column("verified_staff_id", Id),
    Column("reason", Text, nullable=False, server_default=""),
    UniqueConstraint("matter_id", "dedupe_key"),
    CheckConstraint("kind IN ('action', 'statement')", name="kind"),
    CheckConstraint("origin IN ('staff', 'company')", name="origin"),
    CheckConstraint("state IN ('told', 'verified', 'refused')", name="state"),
    CheckConstraint("verified_by IN ('officer', 'values')", name="verified_by"),
    Index("ix_air_matter_actions_matter", "matter_id", "told_at"),
)
"""What was done (`action`) or what a company says of itself (`statement`), by its origin. `text` is sealed: whoever has
a link may write anything. `done_at`: as told. `verified_by`: an officer saw to it, or values fell under the limit."""

air_contact_codes = Table(
    "air_contact_codes",
    metadata,
    Column("id", Id, primary_key=True),
    Column("city_id", Text, nullable=False),
    Column("company", Text, nullable=False),
    Column("mark", Text, nullable=False),
    Column("code_hash", Text, nullable=False, unique=True),
    Column("made_by", Id, nullable=False),
    Column("made_at", Moment, nullable=False),
    Column("expires_at", Moment, nullable=False),
    Column("used_at", Moment),
)
"""Codes that the city hands to a company, each good once: it ties a conversation to one contact of config.yml."""

air_contact_links = Table(
    "air_contact_links",
    metadata,
    Column("city_id", Text, primary_key=True),
    Column("company", Text, primary_key=True),
    Column("mark", Text, primary_key=True),
    Column("conversation_id", Id, nullable=False),
    Column("linked_at", Moment, nullable=False),
    Index("ix_air_contact_links_conversation", "conversation_id"),
)
"""The conversation in which a contact is told. `mark` is made of his entry in config.yml, so that a changed entry
needs a new code."""

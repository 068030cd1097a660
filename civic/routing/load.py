"""The city's first rules come from its data folder (rules.yml); what staff change at the desk stays theirs."""

import hashlib
from datetime import datetime
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError
from sqlalchemy import delete, insert, select, text
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.routing.rule import RuleDraft
from civic.routing.rules import check_rule, row_of
from civic.routing.tables import routing_loads, routing_rules
from core.errors import BadInput, ConfigError
from core.ids import new_id

FILE = "rules.yml"
_LOCK = 0x52554C45  # "RULE": processes that start together load one after the other


async def load_rules(tx: AsyncConnection, city_id: str, folder: Path, now: datetime) -> int | None:
    """Replace the folder's rules when the file changed; how many there are, or None when nothing was to be done.

    A rule of the same name that was written or changed at the desk is left alone. Raises ConfigError naming the rule.
    """
    path = folder / FILE
    if not path.exists():
        return None
    raw = path.read_bytes()
    digest = hashlib.sha256(raw).hexdigest()
    await tx.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
    if await tx.scalar(select(routing_loads.c.digest).where(routing_loads.c.city_id == city_id)) == digest:
        return None
    drafts = read_rules(raw)
    of_city = routing_rules.c.city_id == city_id
    await tx.execute(delete(routing_rules).where(of_city, routing_rules.c.source == "folder"))
    own = set((await tx.execute(select(routing_rules.c.name).where(of_city))).scalars())
    for number, draft in enumerate(drafts, 1):
        try:
            await check_rule(tx, city_id, draft)
        except BadInput as error:
            raise _refused(number, draft.name, error.reason_ko, error.reason_en) from None
        if draft.name not in own:
            await tx.execute(insert(routing_rules).values(id=new_id(), **row_of(city_id, draft, "folder", now)))
    kept = upsert(routing_loads).values(city_id=city_id, digest=digest)
    await tx.execute(kept.on_conflict_do_update(index_elements=["city_id"], set_={"digest": digest}))
    return len(drafts)


def read_rules(raw: bytes) -> list[RuleDraft]:
    """The file's rules, in order. Raises ConfigError."""
    try:
        document = yaml.safe_load(raw.decode("utf-8"))
    except (UnicodeDecodeError, yaml.YAMLError) as error:
        raise ConfigError(f"{FILE}을 YAML로 읽을 수 없습니다: {error}", f"{FILE}: not YAML: {error}") from None
    if not isinstance(document, list):
        raise ConfigError(f"{FILE}은 '- name: …' 목록이어야 합니다", f"{FILE}: expected a list of rules")
    drafts = [_draft(number, entry) for number, entry in enumerate(document, 1)]
    names = [draft.name for draft in drafts]
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise ConfigError(f"{FILE}: 규칙 이름이 되풀이됩니다: {twice}", f"{FILE}: the name is repeated: {twice}")
    return drafts


def _draft(number: int, entry: Any) -> RuleDraft:
    name = entry.get("name", "") if isinstance(entry, dict) else ""
    try:
        return RuleDraft.model_validate(entry)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise _refused(number, str(name), f"{where}: {first['msg']}", f"{where}: {first['msg']}") from None


def _refused(number: int, name: str, korean: str, english: str) -> ConfigError:
    return ConfigError(f"{FILE} {number}번째 규칙 ‘{name}’: {korean}", f"{FILE}: rule {number} '{name}': {english}")

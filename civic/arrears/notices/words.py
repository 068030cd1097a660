"""Words of a level for one kind of channel: written by one officer, approved by another, then never changed."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import Select, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.arrears.notices import checks
from civic.arrears.notices._patterns import PLACEHOLDER
from civic.arrears.notices.tables import arrears_templates
from civic.staff.service import record_change
from core.arrears_notice_rules import Notices
from core.errors import BadInput, Conflict, Forbidden, NotFound, PreconditionFailed
from core.ids import new_id
from core.settings import SmsBytes

ChannelKind = Literal["alimtalk", "sms", "lms", "letter"]
State = Literal["draft", "approved", "rejected", "retired"]


@dataclass(frozen=True, slots=True)
class Template:
    """`level`: of the ladder, or another room's word (paid, released …). `number`: the edition of these words."""

    id: UUID
    level: str
    kind: ChannelKind
    lang: str
    number: int
    subject: str
    body: str
    alimtalk_key: str
    state: State
    written_by: UUID
    written_at: datetime
    decided_by: UUID | None
    decided_at: datetime | None
    reason: str | None
    version: int


@dataclass(frozen=True, slots=True)
class Rendered:
    """`key`, `values`: of an 알림톡 template, else empty; `text` is what it shows, and goes where it is refused."""

    text: str
    subject: str
    key: str = ""
    values: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Written:
    """New words, as an officer wrote them."""

    level: str
    kind: ChannelKind
    lang: Literal["ko", "en"]
    body: str
    subject: str = ""
    alimtalk_key: str = ""


_COLUMNS = tuple(arrears_templates.c[name] for name in Template.__dataclass_fields__)


def rendered(template: Template, values: Mapping[str, str], lang: str, channel_kind: ChannelKind) -> Rendered:
    """The words with somebody's values. Raises BadInput for words of another kind or language, or a missing value."""
    if (template.kind, template.lang) != (channel_kind, lang):
        raise BadInput("다른 채널이나 언어의 문구입니다.", "These words are another channel's or language's.")
    named = set(PLACEHOLDER.findall(template.subject + template.body))
    if missing := sorted(name for name in named if not values.get(name)):
        shown = ", ".join(missing)
        raise BadInput(f"문구에 넣을 값이 없습니다: {shown}", f"No value for {shown}.", missing=shown)
    text = checks.filled(template.body, dict(values))
    subject = checks.filled(template.subject, dict(values))
    if channel_kind != "alimtalk":
        return Rendered(text, subject)
    return Rendered(text, subject, template.alimtalk_key, {name: values[name] for name in sorted(named)})


async def approved(tx: AsyncConnection, city_id: str, level: str) -> dict[tuple[str, str], Template]:
    """(channel kind, language) to the approved words of a level; what is missing there may not be sent."""
    wanted = templates_of(city_id, level=level, state="approved")
    found = [Template(*row) for row in await tx.execute(wanted)]
    return {(one.kind, one.lang): one for one in found}


def templates_of(city_id: str, *, level: str | None = None, state: str | None = None) -> Select[Any]:
    """For lists; newest editions first within a level, kind and language."""
    template = arrears_templates.c
    wanted = select(*_COLUMNS).where(template.city_id == city_id)
    if level is not None:
        wanted = wanted.where(template.level == level)
    if state is not None:
        wanted = wanted.where(template.state == state)
    return wanted.order_by(template.level, template.kind, template.lang, template.number.desc())


async def read(tx: AsyncConnection, city_id: str, template_id: UUID) -> Template:
    """Raises NotFound."""
    return await _found(tx, city_id, template_id, is_locked=False)


def checked(words: Written, rules: Notices, carrier: SmsBytes) -> checks.Checked:
    """The preview with a made-up person's values, its size, and everything that stands against an approval."""
    return checks.check(
        words.kind, words.lang, words.level, words.subject, words.body, words.alimtalk_key, rules, carrier
    )


async def write(tx: AsyncConnection, city_id: str, words: Written, by: UUID, now: datetime) -> Template:
    """A new draft: the next edition of these words."""
    template = arrears_templates.c
    same = (template.city_id == city_id, template.level == words.level)
    newest = select(func.coalesce(func.max(template.number), 0)).where(
        *same, template.kind == words.kind, template.lang == words.lang
    )
    number = (await tx.execute(newest)).scalar_one() + 1
    values = {
        "id": new_id(),
        "city_id": city_id,
        **_texts(words),
        "number": number,
        "state": "draft",
        "written_by": by,
        "written_at": now,
    }
    made = Template(*(await tx.execute(insert(arrears_templates).values(values).returning(*_COLUMNS))).one())
    await _record(tx, city_id, made, "written", by, now)
    return made


async def rewrite(
    tx: AsyncConnection,
    city_id: str,
    template_id: UUID,
    words: Written,
    by: UUID,
    versions: frozenset[int],
    now: datetime,
) -> Template:
    """A draft's new words, by whoever wrote it: another officer writes an edition of his own, so that the second pair
    of eyes stays a second one. Raises NotFound, Forbidden, Conflict.
    """
    found = await _found(tx, city_id, template_id)
    _must_be(found, "draft", versions)
    if found.written_by != by:
        raise Forbidden(
            "쓴 사람만 고칠 수 있습니다. 새 문구로 써 주세요.", "Only its writer changes a draft; write your own."
        )
    if (found.level, found.kind, found.lang) != (words.level, words.kind, words.lang):
        raise BadInput("단계, 채널, 언어는 바꿀 수 없습니다.", "Level, kind and language stay.")
    made = await _change(tx, found, {**_texts(words), "written_at": now})
    await _record(tx, city_id, made, "rewritten", by, now)
    return made


async def approve(
    tx: AsyncConnection,
    city_id: str,
    template_id: UUID,
    by: UUID,
    versions: frozenset[int],
    now: datetime,
    *,
    rules: Notices,
    carrier: SmsBytes,
) -> Template:
    """From now on these words are sent; the edition before is retired.

    Raises NotFound, Forbidden for the writer himself, PreconditionFailed for another version, Conflict for no draft,
    BadInput for words that do not pass the checks.
    """
    found = await _found(tx, city_id, template_id)
    _must_be(found, "draft", versions)
    _must_be_another(found, by)
    words = Written(found.level, found.kind, found.lang, found.body, found.subject, found.alimtalk_key)  # type: ignore[arg-type]
    if against := checked(words, rules, carrier).findings:
        raise BadInput(
            "승인할 수 없는 문구입니다: " + " ".join(one.ko for one in against),
            "These words cannot be approved: " + " ".join(one.en for one in against),
            codes=", ".join(one.code for one in against),
        )
    template = arrears_templates.c
    before = (template.city_id == city_id, template.level == found.level, template.state == "approved")
    retired = update(arrears_templates).where(*before, template.kind == found.kind, template.lang == found.lang)
    await tx.execute(retired.values(state="retired", version=template.version + 1))
    made = await _change(tx, found, {"state": "approved", "decided_by": by, "decided_at": now})
    await _record(tx, city_id, made, "approved", by, now)
    return made


async def reject(
    tx: AsyncConnection, city_id: str, template_id: UUID, by: UUID, versions: frozenset[int], now: datetime, reason: str
) -> Template:
    """Raises NotFound, Forbidden for the writer himself, Conflict."""
    found = await _found(tx, city_id, template_id)
    _must_be(found, "draft", versions)
    _must_be_another(found, by)
    given = {"state": "rejected", "decided_by": by, "decided_at": now, "reason": reason}
    made = await _change(tx, found, given)
    await _record(tx, city_id, made, "rejected", by, now)
    return made


async def retire(
    tx: AsyncConnection, city_id: str, template_id: UUID, by: UUID, versions: frozenset[int], now: datetime
) -> Template:
    """These words are sent no more. Raises NotFound, Conflict."""
    found = await _found(tx, city_id, template_id)
    _must_be(found, "approved", versions)
    made = await _change(tx, found, {"state": "retired"})
    await _record(tx, city_id, made, "retired", by, now)
    return made


def _texts(words: Written) -> dict[str, str]:
    return {
        "level": words.level,
        "kind": words.kind,
        "lang": words.lang,
        "subject": words.subject,
        "body": words.body,
        "alimtalk_key": words.alimtalk_key,
    }


def _must_be(found: Template, state: State, versions: frozenset[int]) -> None:
    if found.state != state:
        raise Conflict("이미 결정된 문구입니다.", "These words were decided on.", state=found.state)
    if versions and found.version not in versions:
        raise PreconditionFailed(
            "그사이 문구가 바뀌었습니다.", "These words have changed meanwhile.", version=found.version
        )


def _must_be_another(found: Template, by: UUID) -> None:
    if found.written_by == by:
        raise Forbidden(
            "쓴 사람은 승인할 수 없습니다. 다른 직원이 살펴 주세요.", "Another officer than the writer must decide."
        )


async def _found(tx: AsyncConnection, city_id: str, template_id: UUID, *, is_locked: bool = True) -> Template:
    template = arrears_templates.c
    wanted = select(*_COLUMNS).where(template.city_id == city_id, template.id == template_id)
    row = (await tx.execute(wanted.with_for_update() if is_locked else wanted)).one_or_none()
    if row is None:
        raise NotFound("문구를 찾을 수 없습니다.", "No such template.")
    return Template(*row)


async def _change(tx: AsyncConnection, found: Template, values: Mapping[str, Any]) -> Template:
    changed = update(arrears_templates).where(arrears_templates.c.id == found.id)
    given = {**values, "version": found.version + 1}
    return Template(*(await tx.execute(changed.values(given).returning(*_COLUMNS))).one())


async def _record(tx: AsyncConnection, city_id: str, made: Template, what: str, by: UUID, now: datetime) -> None:
    await record_change(
        tx,
        city_id=city_id,
        actor_kind="staff",
        actor_id=by,
        action=f"arrears_template.{what}",
        object_kind="arrears_template",
        object_id=str(made.id),
        detail={"level": made.level, "kind": made.kind, "lang": made.lang, "number": made.number},
        now=now,
    )

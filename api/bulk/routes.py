"""One change for many cases: each in its own transaction, under the rules, notices and log rows of a single one."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, BackgroundTasks, Response
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic_core import PydanticCustomError

from api.cases.change import change_case
from api.cases.extend import Extension, extend_case
from api.cases.routes import etag
from api.cases.schemas import CaseChange, NewNote
from api.deps import Caller, House, HouseDep, allowed
from api.fields import Plain, Word, field_errors
from civic.cases import change
from civic.cases.case import Actor
from civic.cases.find import read_case
from civic.staff.permissions import Action
from civic.staff.service import check
from core.errors import BadInput, Conflict, Forbidden, NotFound, NotSignedIn, PreconditionFailed, SinmungoError

router = APIRouter(prefix="/bulk", tags=["bulk"])
Changer = Annotated[Caller, allowed(Action.CASE_BULK)]
MOST = 200
Verb = Literal["assign", "department", "status", "track", "note", "extend"]
Outcome = Literal["done", "conflict", "forbidden", "not_found", "bad_input", "failed"]


class BulkItem(BaseModel):
    """`version`: the one that was read; a case that moved on since is left alone."""

    model_config = ConfigDict(extra="forbid")

    reference: Word = Field(description="접수번호 또는 id")
    version: Annotated[int, Field(ge=1, le=999_999_999)]


class BulkWanted(BaseModel):
    """`values` are those of the single change: {staff_id} for assign, {department_id}, {status, text …},
    {track, track_reason}, {text} for note, {reason, amount …} for extend.
    """

    model_config = ConfigDict(extra="forbid")

    action: Verb
    items: Annotated[list[BulkItem], Field(min_length=1, max_length=MOST)]
    values: dict[Annotated[Plain, Field(max_length=40)], Any]
    reason: Annotated[Plain, Field(max_length=500, description="내부 메모로 함께 남길 까닭")] = ""

    @model_validator(mode="after")
    def _each_once(self) -> "BulkWanted":
        if len({item.reference for item in self.items}) < len(self.items):
            raise PydanticCustomError("repeated_item", "A case is named twice")
        return self


class BulkResult(BaseModel):
    """`version` after the change, or the one that stands now when it had moved on."""

    reference: str
    outcome: Outcome
    version: int | None = None
    notice_id: UUID | None = None
    detail: str = ""
    detail_en: str = ""


class BulkAnswer(BaseModel):
    """In the order asked. 200 also when some could not be done: look at each `outcome`."""

    done: int
    results: list[BulkResult]


class _Asking:
    """What each single change needs besides the case."""

    def __init__(self, caller: Caller, house: House, background: BackgroundTasks, reason: str) -> None:
        self.caller = caller
        self.house = house
        self.background = background
        self.reason = reason.strip()


Single = Callable[[_Asking, BulkItem], Awaitable[BulkResult]]


@router.post("", summary="여러 민원 한꺼번에 (many cases at once)")
async def change_many(wanted: BulkWanted, caller: Changer, house: HouseDep, background: BackgroundTasks) -> BulkAnswer:
    """At most 200. Send an Idempotency-Key: a repeat gets the first answer, and after a crash does only the rest."""
    single = _single(wanted, caller)
    asking = _Asking(caller, house, background, wanted.reason)
    results = [await _outcome(single, asking, item) for item in wanted.items]
    return BulkAnswer(done=sum(result.outcome == "done" for result in results), results=results)


def _single(wanted: BulkWanted, caller: Caller) -> Single:
    """The single change that is wanted, its values checked once. Raises BadInput and Forbidden for all."""
    if wanted.action == "note":
        check(caller.member.role, Action.CASE_NOTE)
        note = _checked(NewNote, wanted.values)
        return lambda asking, item: _note(asking, item, note.text)
    if wanted.action == "extend":
        check(caller.member.role, Action.CASE_EXTEND)
        extension = _checked(Extension, wanted.values)
        return lambda asking, item: _extend(asking, item, extension)
    check(caller.member.role, Action.CASE_CHANGE)
    needed = {"assign": "staff_id", "department": "department_id", "status": "status", "track": "track"}[wanted.action]
    if needed not in wanted.values:
        raise BadInput(f"values에 {needed} 값이 있어야 합니다.", f"values needs {needed}.")
    case_change = _checked(CaseChange, wanted.values)
    return lambda asking, item: _change(asking, item, case_change)


def _checked(model: Any, values: Mapping[str, Any]) -> Any:
    try:
        return model.model_validate(values)
    except ValidationError as error:
        first = field_errors(error.errors())[0]
        raise BadInput(f"values.{first['field']}: {first['ko']}", f"values.{first['field']}: {first['en']}") from None


async def _change(asking: _Asking, item: BulkItem, wanted: CaseChange) -> BulkResult:
    response = Response()
    changed = await change_case(
        item.reference, wanted, frozenset({item.version}), asking.caller, asking.house, asking.background, response
    )
    return await _explained(asking, item, changed.version, changed.notice_id)


async def _extend(asking: _Asking, item: BulkItem, wanted: Extension) -> BulkResult:
    response = Response()
    changed = await extend_case(
        item.reference, wanted, frozenset({item.version}), asking.caller, asking.house, asking.background, response
    )
    return await _explained(asking, item, changed.version, changed.notice_id)


async def _explained(asking: _Asking, item: BulkItem, version: int, notice_id: UUID | None) -> BulkResult:
    """The reason as an internal note, where one was given."""
    if asking.reason:
        noted = await _note(asking, BulkItem(reference=item.reference, version=version), asking.reason)
        version = noted.version or version
    return BulkResult(reference=item.reference, outcome="done", version=version, notice_id=notice_id)


async def _note(asking: _Asking, item: BulkItem, text: str) -> BulkResult:
    """Guarded by the version, unlike a single note: so that a bulk of notes that was broken off repeats none."""
    house, member = asking.house, asking.caller.member
    actor = Actor.staff(member.id, member.role)
    async with house.db.transaction() as tx:
        case = await read_case(tx, house.settings.city.id, item.reference, asking.caller.scope)
        case = await change.add_note(
            tx, case.id, text, actor, house.clock.now(), is_internal=True, expected_version=item.version
        )
        await asking.caller.looked(tx, house, "case", case.receipt_no, action="case.note")
    return BulkResult(reference=item.reference, outcome="done", version=int(etag(case).strip('"')))


async def _outcome(single: Single, asking: _Asking, item: BulkItem) -> BulkResult:
    """Raises NotSignedIn alone: whoever was signed out in the middle changes no more."""
    try:
        return await single(asking, item)
    except NotSignedIn:
        raise
    except SinmungoError as error:
        version = error.context.get("version")
        return BulkResult(
            reference=item.reference,
            outcome=_named(error),
            version=version if isinstance(version, int) else None,
            detail=error.reason_ko,
            detail_en=error.reason_en,
        )


def _named(error: SinmungoError) -> Outcome:
    kinds: tuple[tuple[type[SinmungoError], Outcome], ...] = (
        (PreconditionFailed, "conflict"),
        (Conflict, "conflict"),
        (Forbidden, "forbidden"),
        (NotFound, "not_found"),
        (BadInput, "bad_input"),
    )
    return next((outcome for kind, outcome in kinds if isinstance(error, kind)), "failed")

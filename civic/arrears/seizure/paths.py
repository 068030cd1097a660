"""The way of a bill from notice to release, as the law goes: each step with its article, document and actor."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Stage:
    """`document`: Korean name of what is written then. `actor`: who acts."""

    ko: str
    en: str
    article: str
    document: str
    actor: str


STAGES: Mapping[str, Stage] = {
    "notified": Stage("고지", "Notified", "지방세징수법 제12조", "납세고지서", "부과 부서"),
    "overdue": Stage("체납", "Overdue", "지방세징수법 제2조", "체납 원장", "시스템"),
    "dunned": Stage("독촉", "Demanded", "지방세징수법 제32조", "독촉장", "징수 부서"),
    "warned": Stage("압류 예고", "Warned", "실무 (법에 정한 단계 아님)", "압류 예고문", "징수 부서"),
    "looked": Stage("예금 조회", "Looked up", "금융실명법 제4조 제1항 제2호", "금융거래정보 요구서", "책임 담당자"),
    "seized": Stage("압류", "Seized", "지방세징수법 제33조·제51조", "압류조서, 채권압류통지서", "징수 부서 (2인 승인)"),
    "collected": Stage("추심", "Collected", "지방세징수법 제53조", "추심 요청서", "징수 부서"),
    "allocated": Stage("충당", "Allocated", "지방세징수법 제4조", "충당 내역", "시스템"),
    "released": Stage("해제", "Released", "지방세징수법 제63조·제64조", "압류해제통지서", "징수 부서"),
}  # fmt: skip
STAGE_FOLLOWS: Mapping[str, frozenset[str]] = {
    "notified": frozenset({"overdue"}),
    "overdue": frozenset({"dunned"}),
    "dunned": frozenset({"warned", "looked"}),
    "warned": frozenset({"looked"}),
    "looked": frozenset({"seized", "looked", "warned"}),
    "seized": frozenset({"collected", "released"}),
    "collected": frozenset({"allocated"}),
    "allocated": frozenset({"collected", "released", "looked"}),
    "released": frozenset({"looked"}),
}
"""Nothing is seized that was not dunned and looked up before. What somebody pays of himself is no stage: it ends the
way, or lets go what is held."""
_SEIZE, _COLLECT = STAGES["seized"], STAGES["collected"]
_RELEASE, _LOOK = STAGES["released"], STAGES["looked"]
PATH: Mapping[str, Stage] = {
    "batch_judged": Stage("심사", "Judged", "지방세징수법 제28조·제33조·제40조", "압류 대상 심사표", "기안자"),
    "batch_looking": _LOOK,
    "batch_waiting": Stage("기다림", "Waiting on", "금융실명법 제4조 제1항 제2호", "", "징수 부서"),
    "batch_silent": Stage("은행 무응답", "Bank silent", "금융실명법 제4조 제1항 제2호", "", "시스템"),
    "batch_planned": Stage("계획", "Planned", "지방세징수법 제40조·제43조", "압류 계획", "시스템"),
    "batch_asked": Stage("은행마다 물음", "Every bank asked", _LOOK.article, "", "시스템"),
    "batch_signed": Stage("결재", "Signed", "시 결재 규정 (2인)", "", "승인자"),
    "batch_refused": Stage("반려", "Sent back", "시 결재 규정 (2인)", "", "승인자"),
    "batch_approved": Stage("승인", "Approved", "시 결재 규정 (2인)", "압류 결의서", "승인자"),
    "batch_running": Stage("압류 시작", "Begun", "", "", "시스템"),
    "batch_paused": Stage("멈춤", "Paused", "", "", "징수 부서"),
    "batch_started": Stage("다시 시작", "Started again", "", "", "징수 부서"),
    "batch_stopped": Stage("중지", "Stopped for good", "", "", "징수 부서"),
    "batch_cancelled": Stage("취소", "Cancelled", "", "", "징수 부서"),
    "batch_closed": Stage("묶음 종료", "Batch closed", "", "", "시스템"),
    "planned": Stage("계획으로 되돌림", "Back to the plan", "시 결재 규정 (2인)", "", "시스템"),
    "approved": Stage("승인", "Approved", "시 결재 규정 (2인)", "", "승인자"),
    "sent": Stage("압류 지시", "Ordered", "지방세징수법 제51조", "채권압류통지서", "징수 부서"),
    "sent_join": Stage("참가압류 지시", "Join ordered", "지방세징수법 제67조", "참가압류통지서", "징수 부서"),
    "turned": Stage("참가압류로 전환", "Turned into a join", "지방세징수법 제67조", "참가압류통지서", "시스템"),
    "dropped": Stage("제외", "Left out", "지방세징수법 제28조·제33조·제43조", "", "시스템"),
    "joined": Stage("참가압류", "Joined", "지방세징수법 제67조", "참가압류통지서", "징수 부서"),
    "held": Stage("압류 효력", "Seized", "지방세징수법 제52조", "압류조서 (제38조)", "은행"),
    "collecting": Stage("추심 지시", "Collecting", _COLLECT.article, _COLLECT.document, _COLLECT.actor),
    "collected": Stage("추심·충당", "Collected", "지방세징수법 제53조·제4조", "충당 내역", "은행"),
    "easing": Stage("일부 해제", "Eased", "지방세징수법 제63조 제2항", _RELEASE.document, _RELEASE.actor),
    "releasing": Stage("해제 지시", "Releasing", _RELEASE.article, _RELEASE.document, _RELEASE.actor),
    "released": _RELEASE,
    "done": Stage("종료", "Done", "지방세징수법 제53조", "", "시스템"),
    "refused": Stage("은행 거부", "Refused", "지방세징수법 제51조", "", "은행"),
}
"""The same for the steps of a batch (`batch_…`) and of a seizure, whose timelines name them so."""


def stage_of(step: str, *, is_batch: bool) -> Stage:
    """What a line of the timeline is called: a batch that is refused was sent back by its approver, a seizure by its
    bank. A signed proof must not fail for want of a name: a step without one is told as it was written."""
    found = PATH.get(f"batch_{step}") if is_batch else None
    return found or PATH.get(step) or Stage(step, step, "", "", "")


def may_go(stage: str, to: str) -> bool:
    return to in STAGE_FOLLOWS[stage]

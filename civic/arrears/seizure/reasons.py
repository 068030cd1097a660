"""Why somebody, a bill or an account is not seized, or is let go: one list, each with the article that says so.

Where the article is marked (일반 지식) the facts of the law were not read word by word; docs/desk/arrears-seizure.md
tells which settings decide there.
"""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Reason:
    """`code` is stored; `article` and the sentences are shown. They name nobody."""

    code: str
    article: str
    text_ko: str
    text_en: str


def _listed(*rows: tuple[str, str, str, str]) -> Mapping[str, Reason]:
    return {row[0]: Reason(*row) for row in rows}


LAW = "지방세징수법 "
OF_DEBTORS = _listed(
    ("nothing_owed", LAW + "제63조", "체납액이 없습니다.", "Nothing is owed."),
    (
        "below_least",
        "시 체납처분 지침",
        "체납액이 시가 정한 최소 금액보다 적습니다.",
        "Less is owed than the city seizes for.",
    ),
    ("deferral", LAW + "제28조 제3항", "징수유예 중입니다.", "Collection is deferred."),
    ("suspended", LAW + "제105조 (일반 지식)", "체납처분 유예 중입니다.", "Compulsory collection is suspended."),
    ("instalment", LAW + "제25조·제28조", "분납 계획을 지키고 있습니다.", "An instalment plan is being kept."),
    ("dispute", "지방세기본법 제99조 (일반 지식), 시 설정", "이의신청·불복 중입니다.", "The tax is disputed."),
    (
        "died",
        "지방세기본법 제42조 (일반 지식)",
        "사망하였습니다. 상속인을 확인해야 합니다.",
        "The debtor died; heirs come first.",
    ),
    ("bankrupt", "채무자회생법 제349조 (일반 지식)", "파산 절차 중입니다.", "Bankruptcy is under way."),
    ("rehabilitation", "채무자회생법 제44조·제58조 (일반 지식)", "회생 절차 중입니다.", "Rehabilitation is under way."),
    ("welfare", LAW + "제40조", "복지 급여임이 확인되었습니다.", "The money is proven welfare."),
    ("other", "담당자 기록", "담당자가 보류하였습니다.", "An officer put it on hold."),
    ("in_other_batch", LAW + "제43조", "다른 압류 묶음이 진행 중입니다.", "Another batch is under way for the debtor."),
    (
        "held_already",
        LAW + "제43조",
        "이미 압류한 금액이 체납액을 채웁니다.",
        "What is held already covers what is owed.",
    ),
    ("stopped", "담당자 결정", "묶음을 중지하였습니다.", "The batch was stopped."),
    ("withdrawn", "담당자 결정", "담당자가 목록에서 뺐습니다.", "An officer took the debtor off the list."),
)
OF_BILLS = _listed(
    ("not_dunned", LAW + "제32조·제33조", "독촉장을 보내지 않았습니다.", "No written demand was issued."),
    (
        "not_served",
        LAW + "제32조·제33조",
        "독촉장 송달이 기록되지 않았습니다.",
        "Service of the demand is not recorded.",
    ),
    ("dun_open", LAW + "제33조", "독촉장의 납부 기한이 지나지 않았습니다.", "The demand's deadline has not passed."),
    ("prescribed", "지방세기본법 제39조", "소멸시효가 완성되었습니다.", "The claim is prescribed."),
    ("bill_stop", LAW + "제28조", "이 고지는 유예·보류 중입니다.", "This bill is deferred or on hold."),
)
OF_ACCOUNTS = _listed(
    ("no_deposits", LAW + "제51조", "압류할 예금이 없습니다.", "There is no deposit to seize."),
    ("welfare_account", LAW + "제40조", "압류방지통장(복지 급여)입니다.", "A protected welfare account."),
    ("living_account", LAW + "제40조 제18호", "생계비계좌입니다.", "A protected living-cost account."),
    (
        "joint_account",
        LAW + "제33조 (체납자의 재산)",
        "공동 명의라 본인 재산으로 볼 수 없습니다.",
        "Not the debtor's alone.",
    ),
    ("below_floor", LAW + "제40조, 시행령 (예금 보호액)", "남겨 둘 예금 보호액입니다.", "Within the protected floor."),
    ("not_needed", LAW + "제43조", "다른 계좌로 충분합니다.", "Other accounts suffice."),
    ("empty", LAW + "제51조", "잔액이 없습니다.", "No balance."),
    ("prior_seizure", LAW + "제67조", "다른 기관이 먼저 압류하였습니다.", "Another authority was first."),
    (
        "name_differs",
        LAW + "제33조 (체납자의 재산)",
        "은행이 알려 준 예금주 이름이 체납자와 다릅니다.",
        "The holder that the bank names is not the debtor.",
    ),
    (
        "late",
        "금융실명법 제4조 제1항 제2호",
        "기다리는 시간이 지난 뒤 은행이 답하여 이 계획에 넣지 않았습니다.",
        "The bank answered after the wait was over, so it is no part of this plan.",
    ),
    ("not_answered", "금융실명법 제4조 제1항 제2호", "은행이 답하지 않았습니다.", "The bank did not answer."),
)
OF_RELEASES = _listed(
    ("paid", LAW + "제63조 제1항", "체납액을 모두 냈습니다.", "The arrears were paid."),
    ("paid_partly", LAW + "제63조 제2항", "일부를 내어 압류가 남습니다.", "Part was paid; less needs to be held."),
    ("collected", LAW + "제63조 제1항", "추심하고 남은 금액입니다.", "What was left after the collection."),
    ("floor_found", LAW + "제63조, 부처 회신 (언론)", "잔액이 보호액보다 적습니다.", "The balance is below the floor."),
    ("manual", LAW + "제63조", "담당자가 해제를 정하였습니다.", "Officers decided the release."),
    ("refused", LAW + "제51조", "은행이 받아들이지 않았습니다.", "The bank refused."),
    ("approval_void", "시 결재 규정", "목록이 바뀌어 승인이 무효입니다.", "The list changed; approvals are void."),
)  # fmt: skip
OF_BANKS = _listed(
    ("no_account", LAW + "제51조", "계좌가 없거나 해지되었습니다.", "There is no such account, or it was closed."),
    ("protected", LAW + "제40조", "압류할 수 없는 계좌라고 은행이 답했습니다.", "The bank says that it is protected."),
    ("joint", LAW + "제33조 (체납자의 재산)", "공동 명의라고 은행이 답했습니다.", "A joint account, says the bank."),
    ("insufficient", LAW + "제51조", "잔액이 모자랍니다.", "The balance does not suffice."),
    ("unknown_hold", LAW + "제51조", "은행에는 이 압류가 없습니다.", "The bank knows of no such seizure."),
    ("unknown_person", LAW + "제51조", "은행의 고객이 아닙니다.", "The bank does not know the debtor."),
    ("released", LAW + "제63조", "이미 풀었습니다.", "It was let go before."),
    ("partly", LAW + "제51조", "은행이 일부만 처리했습니다.", "The bank did only a part."),
    ("amount", LAW + "제51조", "은행이 금액을 받아들이지 않았습니다.", "The bank did not accept the amount."),
    ("reused_id", "은행 연결", "은행이 요청 번호를 받지 않았습니다.", "The bank refused the request's number."),
    ("silent", "금융실명법 제4조 제1항 제2호", "은행이 답하지 않았습니다.", "The bank did not answer."),
)  # fmt: skip
REASONS: Mapping[str, Reason] = {**OF_DEBTORS, **OF_BILLS, **OF_ACCOUNTS, **OF_RELEASES, **OF_BANKS}
STUCK = "stuck:"
"""A bank did not do what it was asked: the seizure stays as it is until an officer has looked. The code goes on with
what was asked (`collect`, `lookup`, or why it was to be let go) and the bank's own code: `stuck:collect:insufficient`.
"""
SILENT = "lookup:silent"
_STUCK = {
    "collect": (LAW + "제53조", "추심이 멈췄습니다", "The collection has stopped"),
    "lookup": (
        "금융실명법 제4조 제1항 제2호",
        "잔액을 다시 묻는 조회에 답이 없어 멈췄습니다",
        "The balance is not known anew",
    ),
    "": (LAW + "제63조", "해제가 멈췄습니다", "The release has stopped"),
}


def reason(code: str) -> Reason:
    """A bank's own code, which is not in the list, is shown as it came."""
    if code.startswith(STUCK):
        what, why = stuck_of(code)
        article, ko, en = _STUCK.get(what, _STUCK[""])
        said = reason(why)
        return Reason(code, article, f"{ko}: {said.text_ko}", f"{en}: {said.text_en}")
    return REASONS.get(code) or Reason(code, "", f"은행 응답: {code}", f"The bank's answer: {code}")


def stuck_of(code: str) -> tuple[str, str]:
    """(what was asked, the bank's code) of a code that begins with `STUCK`."""
    what, _, why = code.removeprefix(STUCK).rpartition(":")
    return what, why

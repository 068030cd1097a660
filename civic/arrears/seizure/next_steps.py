"""What an officer does next, said with each batch and seizure in both languages: nobody has to know the states."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from civic.arrears.seizure.reasons import STUCK, stuck_of
from civic.arrears.seizure.rows import Batch, Seizure
from core.clock import SEOUL

Said = tuple[str, str]
NOTHING: Said = ("", "")
WAGES: Said = (
    "급여가 들어오는 계좌인지는 은행이 알려 주지 않습니다. 급여의 2분의 1은 압류할 수 없으므로(지방세징수법 제42조), "
    "본인이 급여임을 증명하면 그만큼을 손으로 해제해 주세요.",
    "Banks do not tell whether wages are paid in. Half of wages is never seized (§42): where the debtor proves them, "
    "let that part go by hand.",
)
_BATCH: Mapping[str, Said] = {
    "draft": ("심사를 기다립니다.", "It awaits its judging."),
    "judged": (
        "대상과 제외된 까닭을 확인한 뒤, 책임 있는 담당자가 예금 조회를 지시해 주세요.",
        "Check who is in it and why others are not; then the responsible person orders the lookup.",
    ),
    "planned": (
        "계획을 확인하고, 기안자가 아닌 두 사람이 승인하거나 반려해 주세요.",
        "Check the plan; two people who did not draft it approve or refuse it.",
    ),
    "approved": ("곧 저절로 시작합니다. 하실 일이 없습니다.", "It begins by itself; there is nothing to do."),
    "cancelled": ("취소된 묶음입니다. 필요하면 새로 기안해 주세요.", "It was cancelled; draft another if needed."),
}
_REFUSED: Mapping[str, Said] = {
    "no_account": (
        "계좌가 없거나 해지되었습니다. 체납이 남아 있으면 새 묶음에서 다시 조회해 주세요.",
        "The account is gone. Where arrears are left, look up again in a new batch.",
    ),
    "insufficient": (
        "잔액이 없어 압류하지 못했습니다. 체납이 남아 있으면 새 묶음에서 다른 계좌를 확인해 주세요.",
        "No balance was left to seize. Where arrears are left, a new batch looks at other accounts.",
    ),
    "protected": (
        "압류가 금지된 계좌라 압류하지 않았습니다. 다시 시도하지 마시고, 생활 사정을 확인해 주세요.",
        "It is a protected account and was not seized. Do not try again; see how the debtor lives.",
    ),
    "prior_seizure": (
        "다른 기관이 먼저 압류하였습니다. 참가압류를 쓰지 않는 설정(joins)이므로 다른 재산을 확인해 주세요.",
        "Another authority was first, and joins are switched off: look at other property.",
    ),
}
_REFUSED_ELSE: Said = (
    "은행에 까닭을 확인해 주세요. 체납이 남아 있으면 새 묶음에서 다시 압류할 수 있습니다.",
    "Ask the bank for the reason. Where arrears are left, a new batch can seize again.",
)
_STUCK: Mapping[str, Said] = {
    "collect": (
        "은행에 지급되지 않은 까닭을 확인해 주세요. 지급할 수 있다고 하면 ‘다시 지시’, 압류된 돈이 없다고 서면으로 "
        "답하면 그 문서로 해제를 요청해(은행 지시 없이) 다른 사람의 결정을 받아 주세요.",
        "Ask the bank why it did not pay. If it can, order again; if it says in writing that nothing is held, ask for "
        "a release without an order to the bank on that document, for another person to decide.",
    ),
    "lookup": (
        "은행에 지금 잔액을 물어봐 주세요. 답이 오면 저절로 이어집니다. 확인되면 ‘다시 지시’로 추심할 수 있습니다.",
        "Ask the bank for the balance. Its answer lets it go on by itself; once you know, order the collection again.",
    ),
    "release": (
        "바로 풀어야 할 압류입니다(제63조). 오늘 은행에 연락해 ‘다시 지시’하거나, 은행이 압류가 없다고 서면으로 "
        "답하면 그 문서로 해제를 요청해(은행 지시 없이) 주세요.",
        "It must be let go at once (§63). Call the bank today and order again; or, if it says in writing that nothing "
        "is held, ask for a release without an order to it.",
    ),
}
_SEIZURE: Mapping[str, Said] = {
    "joined": (
        "먼저 압류한 기관을 은행에 확인하여 그 기관에도 참가압류를 알려 주세요. 그 압류가 풀리면 저절로 이어집니다.",
        "Ask the bank who was first and tell that authority of the join. It goes on by itself when that one lets go.",
    ),
    "sent": (
        "은행의 답을 기다립니다. 오래 걸리면 은행 화면에서 상태를 봐 주세요.",
        "The bank's answer is awaited; if it takes long, see how the bank stands.",
    ),
    "collecting": ("은행의 지급을 기다립니다.", "The bank's payment is awaited."),
    "easing": ("은행이 일부를 풀기를 기다립니다.", "The bank is to let go a part."),
    "releasing": ("은행이 풀기를 기다립니다.", "The bank is to let go."),
}


def of_seizure(one: Seizure) -> Said:
    """(Korean, English); both empty where nothing is to be done."""
    if one.why.startswith(STUCK) and one.state in ("held", "joined", "easing"):
        return _STUCK.get(stuck_of(one.why)[0], _STUCK["release"])
    if one.state == "refused":
        return _REFUSED.get(one.why, _REFUSED_ELSE)
    return _SEIZURE.get(one.state, NOTHING)


def of_progress(batch: Batch, progress: Mapping[str, Any], silent: Sequence[tuple[str, int, int]]) -> Said:
    """As `of_batch`, from what `reading.progress` told."""
    left = progress["lookups"] - progress["lookups_answered"]
    return of_batch(batch, progress["states"], left, silent, progress["stuck"])


def of_batch(
    batch: Batch, states: Mapping[str, Any], lookups_left: int, silent: Sequence[tuple[str, int, int]], stuck: int
) -> Said:
    """(Korean, English). `states`: seizures by state. `silent`: as `looking.silent` tells. `stuck`: seizures that an
    officer has to look at."""
    if batch.paused_at is not None:
        return (
            "멈춰 둔 묶음입니다. 해제는 계속됩니다. 이어 가려면 ‘시작’을 눌러 주세요.",
            "It is paused; releases go on. Start it to go on.",
        )
    if batch.state == "looking":
        return _looking(batch, lookups_left)
    ko, en = _BATCH.get(batch.state, NOTHING)
    if batch.state in ("running", "closed"):
        ko, en = _going(batch, states, stuck)
    if silent and batch.state in ("planned", "closed"):
        banks, late = len(silent), sum(one[2] for one in silent)
        ko += f" 은행 {banks}곳은 기한까지 답하지 않아 계획에 없습니다(‘무응답’ 참조)."
        en += f" {banks} bank(s) did not answer in time and are no part of the plan (see silent)."
        if late:
            ko += " 늦게 온 답은 보관했으니, 체납이 남으면 새 묶음에서 다시 조회해 압류해 주세요."
            en += " What came late is kept; where arrears are left, look up and seize in a new batch."
    return ko.strip(), en.strip()


def _looking(batch: Batch, left: int) -> Said:
    if batch.looked_at is None:
        return "은행에 예금을 묻고 있습니다. 하실 일이 없습니다.", "The banks are being asked; there is nothing to do."
    until = batch.waits_until
    if until is None:
        return (
            f"은행의 답 {left:,}건을 기다립니다. 더 기다리지 않으려면 ‘기다림’에서 시각을 정해 주세요.",
            f"{left:,} answers are awaited. Set a moment (wait) to go on without them.",
        )
    return (
        f"은행의 답 {left:,}건을 {_shown(until)}까지 기다리고, 그 뒤에는 답한 은행만으로 계획합니다. "
        "더 기다리거나 바로 넘어가려면 ‘기다림’에서 바꿔 주세요.",
        f"{left:,} answers are awaited until {_shown(until)}; then the plan is made of those that came. Change it by "
        "waiting on, or not at all.",
    )


def _going(batch: Batch, states: Mapping[str, Any], stuck: int) -> Said:
    joined = int(states.get("joined", {}).get("seizures", 0))
    ko, en = ("끝난 묶음입니다.", "It is over.")
    if batch.state == "running":
        ko, en = ("저절로 이어집니다.", "It goes on by itself.")
    if stuck:
        ko += f" 은행이 처리하지 않은 압류 {stuck:,}건을 확인해 주세요."
        en += f" Look at the {stuck:,} seizure(s) that a bank did not carry out."
    if joined:
        ko += f" 참가압류 {joined:,}건은 먼저 압류한 기관이 풀면 이어집니다."
        en += f" {joined:,} join(s) go on when the first authority lets go."
    return ko, en


def _shown(moment: datetime) -> str:
    return f"{moment.astimezone(SEOUL):%Y-%m-%d %H:%M}"

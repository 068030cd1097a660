"""Doors to tax data: the role, the department (지방세기본법 §86), and why somebody looks."""

from typing import Annotated, Any

from fastapi import Depends

from api.deps import Caller, CallerDep, HouseDep
from api.secrecy import is_collecting
from civic.staff.permissions import Action, check
from core.errors import BadInput, Forbidden


def tax_officer(action: Action) -> Any:
    """Dependency: the signed-in caller whose role has this action and who belongs to the collecting department.

    An admin is let in as whoever keeps the system; each look of his is logged as everybody's. Raises Forbidden.
    """

    async def permitted(asking: CallerDep, house: HouseDep) -> Caller:
        check(asking.member.role, action)
        if not is_collecting(asking.member, house.settings.arrears.department):
            raise Forbidden(
                "과세정보는 징수 부서만 볼 수 있습니다(지방세기본법 제86조).",
                "Tax data are open to the collecting department alone (Framework Act on Local Taxes §86).",
            )
        return asking

    return Depends(permitted)


Reader = Annotated[Caller, tax_officer(Action.ARREARS_READ)]
Writer = Annotated[Caller, tax_officer(Action.ARREARS_WRITE)]
Approver = Annotated[Caller, tax_officer(Action.ARREARS_APPROVE)]
Exporter = Annotated[Caller, tax_officer(Action.ARREARS_EXPORT)]


def reason_of(asking: Caller) -> str:
    """Why he looks at a named debtor (header X-Access-Reason). Raises BadInput without one."""
    if not asking.why.strip():
        raise BadInput(
            "열람 사유를 X-Access-Reason에 적어 주세요(과세정보, 개인정보의 안전성 확보조치 기준 제8조).",
            "Say why you look at this person's tax data in X-Access-Reason.",
        )
    return asking.why

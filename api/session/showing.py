"""What a member of staff sees of himself: rights, what he must still do, and why his desk may be empty."""

from datetime import datetime

from api.session.schemas import Me
from civic.staff.policy import Need
from civic.staff.service import ALLOWED, Member, scope_of

_NO_DEPARTMENT = (
    "맡은 부서가 없어 민원이 보이지 않습니다. 관리자에게 부서를 정해 달라고 해 주세요.",
    "You have no department, so you see no cases. Ask an admin for one.",
)


def me_of(member: Member, needs: tuple[Need, ...], second_factor_due: datetime | None) -> Me:
    has_no_cases = member.role != "auditor" and scope_of(member).is_nothing
    korean, english = _NO_DEPARTMENT if has_no_cases else (None, None)
    return Me(
        id=member.id,
        login=member.login,
        name=member.name,
        role=member.role,
        department_id=member.department_id,
        departments=list(member.departments),
        areas=list(member.areas),
        sees_all=member.sees_all,
        actions=sorted(ALLOWED[member.role]),
        needs=list(needs),
        has_second_factor=member.has_second_factor,
        second_factor_due_at=second_factor_due,
        hint_ko=korean,
        hint_en=english,
    )

"""Tax secrecy at the doors that show messages: who is of the collecting department sees them, with his reason."""

from api.deps import Caller, House
from civic.staff.permissions import ALLOWED, Action
from civic.staff.service import Member


def is_collecting(member: Member, department: str) -> bool:
    """Whether he belongs to the department that collects (지방세기본법 §86); an admin keeps the system. An empty
    department leaves it to the table of roles."""
    return not department or member.role == "admin" or department in {member.department_id, *member.departments}


def sees_tax(asking: Caller, house: House) -> bool:
    """Whether words under tax secrecy are shown to him in a thread: by his role, his department, and for a reason that
    he gave (X-Access-Reason), which the access log keeps."""
    is_open = Action.ARREARS_READ in ALLOWED[asking.member.role]
    return is_open and bool(asking.why.strip()) and is_collecting(asking.member, house.settings.arrears.department)

"""What other rooms may use of the staff room."""

from civic.staff.access import record_access
from civic.staff.audit import ActorKind, record_change
from civic.staff.members import Member, active_member, add_staff, list_staff
from civic.staff.permissions import ALLOWED, Action, Role, check
from civic.staff.scope import Scope, scope_of
from civic.staff.sessions import Refused, SignedIn, sign_in, sign_out, who

__all__ = [
    "ALLOWED",
    "Action",
    "ActorKind",
    "Member",
    "Refused",
    "Role",
    "Scope",
    "SignedIn",
    "active_member",
    "add_staff",
    "check",
    "list_staff",
    "record_access",
    "record_change",
    "scope_of",
    "sign_in",
    "sign_out",
    "who",
]

"""What other rooms may use of the staff room."""

from civic.staff.access import record_access
from civic.staff.audit import ActorKind, change_row, record_change, record_changes
from civic.staff.members import Member, active_member, add_staff, list_staff, member_of
from civic.staff.permissions import ALLOWED, Action, Role, check
from civic.staff.policy import Origin, Policy
from civic.staff.scope import Scope, scope_of
from civic.staff.sessions import Seat, SignedIn, sign_out, still_signed_in, who
from civic.staff.sign_in import Challenged, Refused, second_step, sign_in

__all__ = [
    "ALLOWED",
    "Action",
    "ActorKind",
    "Challenged",
    "Member",
    "Origin",
    "Policy",
    "Refused",
    "Role",
    "Scope",
    "Seat",
    "SignedIn",
    "active_member",
    "add_staff",
    "change_row",
    "check",
    "list_staff",
    "member_of",
    "record_access",
    "record_change",
    "record_changes",
    "scope_of",
    "second_step",
    "sign_in",
    "sign_out",
    "still_signed_in",
    "who",
]

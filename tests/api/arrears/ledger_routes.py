"""The doors of the ledger of arrears, for the one table of role × route (tests/api/test_permissions.py)."""

from collections.abc import Mapping
from typing import Any

from civic.staff.permissions import Action

LEDGER: Mapping[tuple[str, str], tuple[str | Action, Any]] = {
    ("POST", "/api/v1/arrears/imports"): (Action.ARREARS_WRITE, None),
    ("GET", "/api/v1/arrears/imports"): (Action.ARREARS_READ, None),
    ("GET", "/api/v1/arrears/imports/{import_id}"): (Action.ARREARS_READ, None),
    ("GET", "/api/v1/arrears/imports/{import_id}/rejects"): (Action.ARREARS_READ, None),
    ("GET", "/api/v1/arrears/imports/{import_id}/rejects/file"): (Action.ARREARS_READ, None),
    ("POST", "/api/v1/arrears/debtors/find"): (Action.ARREARS_READ, {"tax_no": "1"}),
    ("GET", "/api/v1/arrears/debtors"): (Action.ARREARS_READ, None),
    ("GET", "/api/v1/arrears/debtors/{debtor_id}"): (Action.ARREARS_READ, None),
    ("POST", "/api/v1/arrears/debtors/{debtor_id}/stops"): (
        Action.ARREARS_WRITE,
        {"kind": "deferral", "from_on": "2026-11-20", "basis": "지방세징수법 제25조"},
    ),
    ("POST", "/api/v1/arrears/stops/{stop_id}/end"): (Action.ARREARS_WRITE, {"reason": "징수유예 취소"}),
}

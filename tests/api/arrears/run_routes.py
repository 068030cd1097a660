"""The doors of runs of notices, for the one table of role × route (tests/api/test_permissions.py)."""

from collections.abc import Mapping
from typing import Any

from civic.staff.permissions import Action

RUNS: Mapping[tuple[str, str], tuple[str | Action, Any]] = {
    ("GET", "/api/v1/arrears/runs"): (Action.ARREARS_READ, None),
    ("POST", "/api/v1/arrears/runs"): (Action.ARREARS_WRITE, {"title": "11월 안내", "level": "reminder"}),
    ("GET", "/api/v1/arrears/runs/{run_id}"): (Action.ARREARS_READ, None),
    ("GET", "/api/v1/arrears/runs/{run_id}/preview"): (Action.ARREARS_READ, None),
    ("POST", "/api/v1/arrears/runs/{run_id}/prepare"): (Action.ARREARS_WRITE, None),
    ("POST", "/api/v1/arrears/runs/{run_id}/approve"): (Action.ARREARS_APPROVE, None),
    ("POST", "/api/v1/arrears/runs/{run_id}/pause"): (Action.ARREARS_WRITE, None),
    ("POST", "/api/v1/arrears/runs/{run_id}/resume"): (Action.ARREARS_WRITE, None),
    ("POST", "/api/v1/arrears/runs/{run_id}/cancel"): (Action.ARREARS_WRITE, {"reason": "금액을 다시 확인"}),
    ("GET", "/api/v1/arrears/runs/{run_id}/recipients"): (Action.ARREARS_READ, None),
    ("POST", "/api/v1/arrears/runs/{run_id}/export"): (Action.ARREARS_EXPORT, {"reason": "11월 안내 결과 보고"}),
}

"""The doors of words, ladder and letters, for the one table of role × route (tests/api/test_permissions.py)."""

from collections.abc import Mapping
from typing import Any

from civic.staff.permissions import Action

WORDS = {
    "level": "reminder",
    "kind": "lms",
    "subject": "체납 안내",
    "text": "#{성명} 님 #{금액}",
}

NOTICES: Mapping[tuple[str, str], tuple[str | Action, Any]] = {
    ("GET", "/api/v1/arrears/templates"): (Action.ARREARS_READ, None),
    ("GET", "/api/v1/arrears/templates/values"): (Action.ARREARS_READ, None),
    ("POST", "/api/v1/arrears/templates/preview"): (Action.ARREARS_READ, WORDS),
    ("POST", "/api/v1/arrears/templates"): (Action.ARREARS_WRITE, WORDS),
    ("POST", "/api/v1/arrears/templates/defaults"): (Action.ARREARS_WRITE, None),
    ("GET", "/api/v1/arrears/templates/{template_id}"): (Action.ARREARS_READ, None),
    ("PUT", "/api/v1/arrears/templates/{template_id}"): (Action.ARREARS_WRITE, WORDS),
    ("POST", "/api/v1/arrears/templates/{template_id}/approve"): (Action.ARREARS_APPROVE, None),
    ("POST", "/api/v1/arrears/templates/{template_id}/reject"): (Action.ARREARS_APPROVE, {"reason": "부드럽게"}),
    ("POST", "/api/v1/arrears/templates/{template_id}/retire"): (Action.ARREARS_APPROVE, None),
    ("GET", "/api/v1/arrears/ladder"): (Action.ARREARS_READ, None),
    ("GET", "/api/v1/arrears/ladder/debtors/{debtor_id}"): (Action.ARREARS_READ, None),
    ("GET", "/api/v1/arrears/ladder/{level}"): (Action.ARREARS_READ, None),
    ("POST", "/api/v1/arrears/ladder/{level}/letters"): (Action.ARREARS_WRITE, {}),
    ("GET", "/api/v1/arrears/letters"): (Action.ARREARS_READ, None),
    ("GET", "/api/v1/arrears/letters/{document_id}"): (Action.ARREARS_READ, None),
    ("GET", "/api/v1/arrears/letters/{document_id}/pdf"): (Action.ARREARS_READ, None),
    ("PUT", "/api/v1/arrears/letters/{document_id}/address"): (Action.ARREARS_WRITE, {"address": "김포시 사우중로 1"}),
    ("POST", "/api/v1/arrears/letters/{document_id}/publish"): (
        Action.ARREARS_WRITE,
        {"on": "2026-11-20", "basis": "시 게시판"},
    ),
    ("POST", "/api/v1/arrears/letters/{document_id}/cancel"): (Action.ARREARS_WRITE, {"reason": "전화로 확인"}),
    ("POST", "/api/v1/arrears/letters/posted"): (
        Action.ARREARS_WRITE,
        {"on": "2026-11-20", "items": [{"document_no": "없음-1"}]},
    ),
    ("POST", "/api/v1/arrears/letters/outcomes"): (
        Action.ARREARS_WRITE,
        {"items": [{"document_no": "없음-1", "outcome": "served", "on": "2026-11-20"}]},
    ),
    ("POST", "/api/v1/arrears/letters/print"): (Action.ARREARS_EXPORT, {"reason": "11월 4주 독촉장 인쇄"}),
    ("POST", "/api/v1/arrears/letters/post-list"): (Action.ARREARS_EXPORT, {"reason": "11월 4주 우편 접수 목록"}),
}

"""The doors of money of arrears, for the one table of role × route (tests/api/test_permissions.py)."""

from collections.abc import Mapping
from typing import Any

from civic.staff.permissions import Action
from core.ids import new_id

WITH_A_KEY = "an operator's key"
SOME = str(new_id())

MONEY: Mapping[tuple[str, str], tuple[str | Action, Any]] = {
    ("POST", "/api/v1/arrears/payments"): (
        WITH_A_KEY,
        {"payments": [{"payment_no": "1", "amount_krw": 1, "paid_at": "2026-11-20T01:00:00Z"}]},
    ),
    ("POST", "/api/v1/arrears/payments/entered"): (
        Action.ARREARS_WRITE,
        {"payment_no": "1", "amount_krw": 1, "paid_on": "2026-01-01"},
    ),
    ("GET", "/api/v1/arrears/payments/unmatched"): (Action.ARREARS_READ, None),
    ("GET", "/api/v1/arrears/debtors/{debtor_id}/payments"): (Action.ARREARS_READ, None),
    ("POST", "/api/v1/arrears/payments/{payment_id}/match"): (Action.ARREARS_WRITE, {"debtor_id": SOME}),
    ("POST", "/api/v1/arrears/payments/{payment_id}/reversal"): (Action.ARREARS_WRITE, {"reason": "수납 취소"}),
    ("GET", "/api/v1/arrears/refunds"): (Action.ARREARS_READ, None),
    ("POST", "/api/v1/arrears/payments/{payment_id}/refunds"): (
        Action.ARREARS_APPROVE,
        {"amount_krw": 1, "refunded_on": "2026-11-20"},
    ),
    ("POST", "/api/v1/arrears/payments/{payment_id}/offset"): (
        Action.ARREARS_WRITE,
        {"amount_krw": 1, "bill_id": SOME},
    ),
    ("GET", "/api/v1/arrears/bills/expiring"): (Action.ARREARS_READ, None),
    ("GET", "/api/v1/arrears/bills/{bill_id}/reckoning"): (Action.ARREARS_READ, None),
    ("GET", "/api/v1/arrears/bills/{bill_id}/prescription"): (Action.ARREARS_READ, None),
    ("POST", "/api/v1/arrears/bills/{bill_id}/costs"): (
        Action.ARREARS_WRITE,
        {"amount_krw": 1, "reason": "압류 등록", "on": "2026-11-20"},
    ),
    ("POST", "/api/v1/arrears/bills/{bill_id}/reductions"): (
        Action.ARREARS_WRITE,
        {"kind": "cancel", "reason": "부과취소"},
    ),
    ("GET", "/api/v1/arrears/reductions"): (Action.ARREARS_READ, None),
    ("POST", "/api/v1/arrears/reductions/{reduction_id}/decision"): (Action.ARREARS_APPROVE, {"agrees": True}),
    ("GET", "/api/v1/arrears/accounts"): (Action.ARREARS_READ, None),
    ("POST", "/api/v1/arrears/accounts"): (
        Action.ARREARS_APPROVE,
        {"accounts": [{"bank": "999", "bank_name": "연습은행", "number": "999-0000", "holder": "연습용"}]},
    ),
    ("POST", "/api/v1/arrears/debtors/{debtor_id}/account"): (Action.ARREARS_WRITE, None),
    ("GET", "/api/v1/arrears/payment-keys"): (Action.ARREARS_APPROVE, None),
    ("PUT", "/api/v1/arrears/payment-keys/{source}"): (Action.ARREARS_APPROVE, None),
    ("DELETE", "/api/v1/arrears/payment-keys/{source}"): (Action.ARREARS_APPROVE, None),
}

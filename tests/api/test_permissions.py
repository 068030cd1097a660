"""Role × route, as one table: a route that is not in it fails, and so does a door that is open to the wrong one."""

import re
from collections.abc import Mapping
from typing import Any

import pytest

from api.app import create_app
from civic.staff.permissions import ALLOWED, Action
from core.ids import new_id
from tests.api.arrears.ledger_routes import LEDGER
from tests.api.arrears.money_routes import MONEY
from tests.api.arrears.notice_routes import NOTICES
from tests.api.arrears.run_routes import RUNS
from tests.api.house import ROLES, SmallHouse

ANYBODY, SIGNED_IN, WITH_A_KEY = "anybody", "signed in", "an operator's key"
SOME = str(new_id())

ROUTES: Mapping[tuple[str, str], tuple[str | Action, Any]] = {
    ("POST", "/api/v1/session"): (ANYBODY, {"login": "nobody", "password": "wrong password 1"}),
    ("POST", "/api/v1/session/second"): (ANYBODY, {"challenge": "none", "code": "123456"}),
    ("DELETE", "/api/v1/session"): (SIGNED_IN, None),
    ("GET", "/api/v1/me"): (SIGNED_IN, None),
    ("POST", "/api/v1/me/password"): (SIGNED_IN, {"current": "wrong password 1", "new": "wrong password 2"}),
    ("POST", "/api/v1/me/totp"): (SIGNED_IN, None),
    ("POST", "/api/v1/me/totp/confirm"): (SIGNED_IN, {"code": "no code"}),
    ("DELETE", "/api/v1/me/totp"): (SIGNED_IN, {"password": "wrong password 1", "code": "no code"}),
    ("GET", "/api/v1/me/sessions"): (SIGNED_IN, None),
    ("DELETE", "/api/v1/me/sessions"): (SIGNED_IN, None),
    ("DELETE", "/api/v1/me/sessions/{session_id}"): (SIGNED_IN, None),
    ("POST", "/api/v1/me/staffroom-code"): (SIGNED_IN, None),
    ("GET", "/api/v1/me/staffroom-links"): (SIGNED_IN, None),
    ("DELETE", "/api/v1/me/staffroom-links"): (SIGNED_IN, None),
    ("DELETE", "/api/v1/staff/{staff_id}/staffroom-links"): (Action.STAFF_CHANGE, None),
    ("GET", "/api/v1/staffroom/rooms"): (Action.OUTBOUND_READ, None),
    ("POST", "/api/v1/staffroom/rooms/{channel}/{room}/retry"): (Action.WEBHOOK_WRITE, None),
    ("GET", "/api/v1/cases"): (Action.CASE_READ, None),
    ("GET", "/api/v1/cases/{reference}"): (Action.CASE_READ, None),
    ("PATCH", "/api/v1/cases/{reference}"): (Action.CASE_CHANGE, {"status": "in_progress"}),
    ("POST", "/api/v1/cases/{reference}/notes"): (Action.CASE_NOTE, {"text": "메모"}),
    ("POST", "/api/v1/cases/{reference}/replies"): (Action.REPLY, {"text": "답변"}),
    ("POST", "/api/v1/cases/{reference}/extension"): (Action.CASE_EXTEND, {"reason": "현장 조사"}),
    ("GET", "/api/v1/days-off"): (Action.DAY_OFF_READ, None),
    ("PUT", "/api/v1/days-off/{day}"): (Action.DAY_OFF_WRITE, {"name": "임시공휴일", "source": "관보"}),
    ("DELETE", "/api/v1/days-off/{day}"): (Action.DAY_OFF_WRITE, None),
    ("GET", "/api/v1/attachments/{attachment_id}"): (Action.CASE_READ, None),
    ("POST", "/api/v1/attachments/{attachment_id}/link"): (Action.CASE_READ, None),
    ("GET", "/api/v1/attachments/{attachment_id}/suspects"): (Action.CASE_PUBLISH, None),
    ("PUT", "/api/v1/attachments/{attachment_id}/publication"): (Action.CASE_PUBLISH, {"boxes": []}),
    ("DELETE", "/api/v1/attachments/{attachment_id}/publication"): (Action.CASE_PUBLISH, None),
    ("GET", "/api/v1/files/{attachment_id}"): (ANYBODY, None),
    ("GET", "/api/v1/public-pictures/{attachment_id}"): (ANYBODY, None),
    ("GET", "/api/v1/conversations"): (Action.CONVERSATION_READ, None),
    ("GET", "/api/v1/conversations/{conversation_id}"): (Action.CONVERSATION_READ, None),
    ("POST", "/api/v1/conversations/{conversation_id}/take-over"): (Action.CONVERSATION_HOLD, None),
    ("POST", "/api/v1/conversations/{conversation_id}/hand-back"): (Action.CONVERSATION_HOLD, None),
    ("POST", "/api/v1/conversations/{conversation_id}/replies"): (Action.REPLY, {"text": "답변"}),
    ("GET", "/api/v1/conversations/{conversation_id}/links"): (Action.PERSON_UNLINK, None),
    ("POST", "/api/v1/conversations/{conversation_id}/links/{link_id}/undo"): (
        Action.PERSON_UNLINK,
        {"reason": "다른 분의 번호"},
    ),
    ("GET", "/api/v1/cases/{reference}/thread"): (Action.CASE_READ, None),
    ("GET", "/api/v1/inquiries"): (Action.INQUIRY_READ, None),
    ("GET", "/api/v1/outbound/failed"): (Action.OUTBOUND_READ, None),
    ("GET", "/api/v1/departments"): (Action.CITY_READ, None),
    ("GET", "/api/v1/categories"): (Action.CITY_READ, None),
    ("GET", "/api/v1/statuses"): (Action.CITY_READ, None),
    ("GET", "/api/v1/figures"): (Action.METRICS_READ, None),
    ("GET", "/api/v1/access-log"): (Action.ACCESS_LOG_READ, None),
    ("GET", "/api/v1/access-log/file"): (Action.ACCESS_LOG_READ, None),
    ("GET", "/api/v1/audit"): (Action.AUDIT_READ, None),
    ("POST", "/api/v1/subjects/find"): (Action.SUBJECT_EXPORT, {"receipt_no": "GP-2026-000001", "reason": "열람 청구"}),
    ("GET", "/api/v1/subjects/{citizen_id}/export"): (Action.SUBJECT_EXPORT, None),
    ("POST", "/api/v1/subjects/{citizen_id}/forget"): (Action.SUBJECT_FORGET, {"reason": "삭제 청구"}),
    ("PUT", "/api/v1/cases/{reference}/hold"): (Action.SUBJECT_FORGET, {"reason": "소송 보존"}),
    ("DELETE", "/api/v1/cases/{reference}/hold"): (Action.SUBJECT_FORGET, None),
    ("GET", "/api/v1/staff"): (Action.STAFF_READ, None),
    ("POST", "/api/v1/staff"): (Action.STAFF_ADD, {"login": "x", "name": "x", "role": "agent", "password": "x"}),
    ("GET", "/api/v1/staff/{staff_id}"): (Action.STAFF_READ, None),
    ("PATCH", "/api/v1/staff/{staff_id}"): (Action.STAFF_CHANGE, {"name": "김새이름"}),
    ("POST", "/api/v1/staff/{staff_id}/password-reset"): (Action.STAFF_CHANGE, None),
    ("POST", "/api/v1/staff/{staff_id}/unlock"): (Action.STAFF_CHANGE, None),
    ("DELETE", "/api/v1/staff/{staff_id}/totp"): (Action.STAFF_CHANGE, None),
    ("DELETE", "/api/v1/staff/{staff_id}/sessions"): (Action.STAFF_CHANGE, None),
    ("POST", "/api/v1/conversations/{conversation_id}/free"): (Action.CONVERSATION_FREE, {"reason": "병가"}),
    ("GET", "/api/v1/cases/{reference}/similar"): (Action.CASE_READ, None),
    ("GET", "/api/v1/cases/{reference}/joins"): (Action.CASE_READ, None),
    ("POST", "/api/v1/cases/{reference}/joins"): (Action.CASE_JOIN, {"conversation_id": SOME}),
    ("DELETE", "/api/v1/cases/{reference}/joins/{conversation_id}"): (Action.CASE_JOIN, None),
    ("POST", "/api/v1/cases/{reference}/merge"): (Action.CASE_JOIN, {"into": "GP-2026-000001"}),
    ("POST", "/api/v1/cases/{reference}/unmerge"): (Action.CASE_JOIN, None),
    ("POST", "/api/v1/cases/{reference}/split"): (
        Action.CASE_JOIN,
        {"parts": [{"title": "가로등", "body": "가로등", "category": "street_light"}]},
    ),
    ("POST", "/api/v1/cases/{reference}/repeat-closing"): (Action.CASE_CHANGE, None),
    ("GET", "/api/v1/inbox"): (SIGNED_IN, None),
    ("POST", "/api/v1/inbox/{notice_id}/read"): (SIGNED_IN, None),
    ("GET", "/api/v1/reviews"): (Action.CASE_REVIEW, None),
    ("POST", "/api/v1/cases/{reference}/review"): (Action.CASE_REVIEW, {"conclusion": "현장을 다시 보았습니다."}),
    ("GET", "/api/v1/rules"): (Action.RULE_READ, None),
    ("POST", "/api/v1/rules"): (Action.RULE_WRITE, {"name": "x", "position": 1, "result": {"department_id": "none"}}),
    ("POST", "/api/v1/rules/try"): (Action.RULE_READ, {"draft": {"category": "none", "text": "x"}}),
    ("GET", "/api/v1/rules/{rule_id}"): (Action.RULE_READ, None),
    ("PUT", "/api/v1/rules/{rule_id}"): (Action.RULE_WRITE, {"name": "x", "position": 1, "result": {"track": "long"}}),
    ("DELETE", "/api/v1/rules/{rule_id}"): (Action.RULE_WRITE, None),
    ("GET", "/api/v1/capacity"): (Action.RULE_READ, None),
    ("PUT", "/api/v1/capacity/{staff_id}"): (Action.RULE_WRITE, {"capacity": 3}),
    ("POST", "/api/v1/cases/{reference}/publication"): (Action.CASE_PUBLISH, {"text": "가로등을 고쳤습니다."}),
    ("GET", "/api/v1/webhooks"): (Action.WEBHOOK_READ, None),
    ("POST", "/api/v1/webhooks"): (Action.WEBHOOK_WRITE, {"url": "http://127.0.0.1/"}),
    ("GET", "/api/v1/webhooks/{webhook_id}"): (Action.WEBHOOK_READ, None),
    ("PATCH", "/api/v1/webhooks/{webhook_id}"): (Action.WEBHOOK_WRITE, {"is_active": False}),
    ("POST", "/api/v1/webhooks/{webhook_id}/secret"): (Action.WEBHOOK_WRITE, None),
    ("GET", "/api/v1/webhooks/{webhook_id}/deliveries"): (Action.WEBHOOK_READ, None),
    ("POST", "/api/v1/webhooks/{webhook_id}/replay"): (Action.WEBHOOK_WRITE, {"deliveries": [SOME]}),
    ("POST", "/api/v1/webhooks/{webhook_id}/test"): (Action.WEBHOOK_WRITE, None),
    ("GET", "/api/v1/keys"): (Action.KEY_READ, None),
    ("POST", "/api/v1/keys"): (Action.KEY_WRITE, {"name": "", "scopes": []}),
    ("DELETE", "/api/v1/keys/{key_id}"): (Action.KEY_WRITE, None),
    ("GET", "/api/v1/guard/conversations"): (Action.GUARD_READ, None),
    ("POST", "/api/v1/guard/conversations/{conversation_id}/warn"): (Action.GUARD_WRITE, None),
    ("POST", "/api/v1/guard/conversations/{conversation_id}/rest"): (Action.GUARD_WRITE, {"hours": 1, "reason": "x"}),
    ("DELETE", "/api/v1/guard/conversations/{conversation_id}/rest"): (Action.GUARD_WRITE, None),
    ("POST", "/api/v1/cases/{reference}/preview"): (Action.REPLY, {"kind": "reply", "text": "답변"}),
    ("GET", "/api/v1/cases/{reference}/writing"): (Action.CASE_READ, None),
    ("POST", "/api/v1/cases/{reference}/writing"): (Action.REPLY, None),
    ("DELETE", "/api/v1/cases/{reference}/writing"): (Action.REPLY, None),
    ("POST", "/api/v1/bulk"): (Action.CASE_BULK, {}),
    ("GET", "/api/v1/exports"): (Action.ACCESS_LOG_READ, None),
    ("POST", "/api/v1/exports"): (Action.CASE_EXPORT, {}),
    ("GET", "/api/v1/campaigns"): (Action.CAMPAIGN_READ, None),
    ("POST", "/api/v1/campaigns"): (Action.CAMPAIGN_WRITE, {}),
    ("GET", "/api/v1/campaigns/{campaign_id}"): (Action.CAMPAIGN_READ, None),
    ("PUT", "/api/v1/campaigns/{campaign_id}"): (Action.CAMPAIGN_WRITE, {}),
    ("GET", "/api/v1/campaigns/{campaign_id}/preview"): (Action.CAMPAIGN_READ, None),
    ("POST", "/api/v1/campaigns/{campaign_id}/start"): (Action.CAMPAIGN_WRITE, None),
    ("POST", "/api/v1/campaigns/{campaign_id}/cancel"): (Action.CAMPAIGN_WRITE, None),
    ("GET", "/api/v1/conversations/{conversation_id}/consents"): (Action.CONVERSATION_READ, None),
    ("POST", "/api/v1/conversations/{conversation_id}/consents"): (
        Action.CONSENT_WRITE,
        {"is_given": False, "source": "phone", "wording": "전화로 거부하심"},
    ),
    ("POST", "/api/v1/refusals"): (Action.CONSENT_WRITE, {"phone": "번호 아님"}),
    ("GET", "/api/v1/canned"): (Action.CANNED_READ, None),
    ("POST", "/api/v1/canned"): (Action.CANNED_WRITE, {}),
    ("GET", "/api/v1/canned/placeholders"): (Action.CANNED_READ, None),
    ("GET", "/api/v1/canned/{canned_id}"): (Action.CANNED_READ, None),
    ("PUT", "/api/v1/canned/{canned_id}"): (Action.CANNED_WRITE, {}),
    ("DELETE", "/api/v1/canned/{canned_id}"): (Action.CANNED_WRITE, None),
    ("POST", "/api/v1/canned/{canned_id}/fill"): (Action.CANNED_READ, {"case": "GP-2026-999999"}),
    ("GET", "/api/v1/views"): (Action.VIEW_USE, None),
    ("POST", "/api/v1/views"): (Action.VIEW_USE, {}),
    ("GET", "/api/v1/views/{view_id}"): (Action.VIEW_USE, None),
    ("PATCH", "/api/v1/views/{view_id}"): (Action.VIEW_USE, {"name": "이번 주"}),
    ("DELETE", "/api/v1/views/{view_id}"): (Action.VIEW_USE, None),
    ("GET", "/api/v1/views/{view_id}/cases"): (Action.VIEW_USE, None),
    ("GET", "/api/v1/live"): (Action.CASE_READ, None),
    ("GET", "/api/v1/channels"): (Action.CHANNEL_READ, None),
    ("GET", "/api/v1/channels/incidents"): (Action.CHANNEL_READ, None),
    ("GET", "/api/v1/letters"): (Action.LETTER_READ, None),
    ("POST", "/api/v1/letters/export"): (Action.LETTER_EXPORT, {}),
    ("PUT", "/api/v1/letters/{letter_id}/address"): (Action.LETTER_WRITE, {"address": "경기도 김포시 사우중로 1"}),
    ("POST", "/api/v1/letters/{letter_id}/sent"): (Action.LETTER_WRITE, {}),
    ("POST", "/api/v1/letters/{letter_id}/cancel"): (Action.LETTER_WRITE, {"reason": "전화로 알려 드림"}),
    ("GET", "/api/v1/parking/sources"): (Action.CHANNEL_READ, None),
    ("GET", "/api/v1/parking/sources/{name}"): (Action.CHANNEL_READ, None),
    ("POST", "/api/v1/parking/sources/{name}/pull"): (Action.PARKING_WRITE, {}),
    ("PUT", "/api/v1/parking/sources/{name}/state"): (Action.PARKING_WRITE, {"is_on": True, "reason": "점검 끝"}),
    ("GET", "/api/v1/air/devices"): (Action.CHANNEL_READ, None),
    ("POST", "/api/v1/air/devices"): (
        Action.AIR_WRITE,
        {"name": "s-1", "title": "측정기", "lat": 37.6, "lon": 126.6, "pollutants": ["PM10"], "period_s": 60},
    ),
    ("GET", "/api/v1/air/devices/{device}"): (Action.CHANNEL_READ, None),
    ("PATCH", "/api/v1/air/devices/{device}"): (Action.AIR_WRITE, {"title": "측정기"}),
    ("PUT", "/api/v1/air/devices/{device}/state"): (Action.AIR_WRITE, {"is_on": True, "reason": "점검 끝"}),
    ("POST", "/api/v1/air/devices/{device}/key"): (Action.KEY_WRITE, None),
    ("DELETE", "/api/v1/air/devices/{device}/key"): (Action.KEY_WRITE, None),
    ("POST", "/api/v1/air/devices/{device}/password"): (Action.KEY_WRITE, None),
    ("POST", "/api/v1/air/push/{device}"): (WITH_A_KEY, {"result": {}}),
    ("GET", "/api/v1/air/sources"): (Action.CHANNEL_READ, None),
    ("GET", "/api/v1/air/sources/{name}"): (Action.CHANNEL_READ, None),
    ("POST", "/api/v1/air/sources/{name}/pull"): (Action.AIR_WRITE, {}),
    ("PUT", "/api/v1/air/sources/{name}/state"): (Action.AIR_WRITE, {"is_on": True, "reason": "점검 끝"}),
    ("GET", "/api/v1/arrears/banks"): (Action.ARREARS_READ, None),
    ("GET", "/api/v1/arrears/banks/dead"): (Action.ARREARS_READ, None),
    ("POST", "/api/v1/arrears/banks/dead/resume"): (Action.ARREARS_WRITE, {"ids": [SOME]}),
    ("GET", "/api/v1/arrears/banks/reconciliations"): (Action.ARREARS_READ, None),
    ("POST", "/api/v1/arrears/banks/reconciliations"): (Action.ARREARS_WRITE, None),
    ("GET", "/api/v1/arrears/banks/differences"): (Action.ARREARS_READ, None),
    ("POST", "/api/v1/arrears/banks/differences/{difference_id}/close"): (
        Action.ARREARS_WRITE,
        {"reason": "은행 착오"},
    ),
    ("GET", "/api/v1/parking/quarantine"): (Action.CHANNEL_READ, None),
    ("POST", "/api/v1/parking/quarantine/{quarantine_id}/lift"): (Action.PARKING_WRITE, {"reason": "현장 확인"}),
    ("GET", "/api/v1/air/episodes"): (Action.CHANNEL_READ, None),
    ("GET", "/api/v1/air/tellings"): (Action.CHANNEL_READ, None),
    ("POST", "/api/v1/air/notices"): (Action.CAMPAIGN_WRITE, {"text": "연습 안내입니다"}),
    ("GET", "/api/v1/air/record"): (ANYBODY, None),
    ("GET", "/api/v1/air/stations"): (ANYBODY, None),
    ("GET", "/api/v1/air/stations/{station_id}/series"): (ANYBODY, None),
    ("GET", "/api/v1/air/hours.csv"): (ANYBODY, None),
    ("GET", "/api/v1/air/hours.json"): (ANYBODY, None),
    ("GET", "/api/v1/air/ngsi-ld/v1/entities"): (ANYBODY, None),
    ("GET", "/api/v1/air/ngsi-ld/v1/entities/{entity_id}"): (ANYBODY, None),
    ("GET", "/api/v1/air/ngsi-ld/v1/types"): (ANYBODY, None),
    ("GET", "/api/v1/air/ngsi-ld/v1/context.jsonld"): (ANYBODY, None),
    ("GET", "/api/v1/air/sta/v1.1"): (ANYBODY, None),
    ("GET", "/api/v1/air/sta/v1.1/{path}"): (ANYBODY, None),
    ("GET", "/api/v1/parking/feed"): (ANYBODY, None),
    ("GET", "/api/v1/parking/feed/realtime"): (ANYBODY, None),
    ("GET", "/api/v1/parking/feed/keys"): (ANYBODY, None),
    ("GET", "/api/v1/parking/ngsi-ld/v1/entities"): (ANYBODY, None),
    ("GET", "/api/v1/parking/ngsi-ld/v1/entities/{entity_id}"): (ANYBODY, None),
    ("GET", "/api/v1/parking/ngsi-ld/v1/types"): (ANYBODY, None),
    ("GET", "/api/v1/parking/ngsi-ld/v1/context.jsonld"): (ANYBODY, None),
    ("GET", "/api/v1/parking/lots"): (ANYBODY, None),
    ("GET", "/api/v1/parking/lots/{lot_id}"): (ANYBODY, None),
    ("GET", "/api/v1/parking/lots.csv"): (ANYBODY, None),
    ("GET", "/api/v1/parking/usage"): (Action.METRICS_READ, None),
    ("GET", "/api/v1/parking/usage.csv"): (Action.METRICS_READ, None),
    ("GET", "/api/v1/parking/reports-by-month"): (Action.METRICS_READ, None),
    ("GET", "/api/v1/parking/reports-by-month.csv"): (Action.METRICS_READ, None),
    ("GET", "/api/v1/parking/datex2/table.xml"): (ANYBODY, None),
    ("GET", "/api/v1/parking/datex2/status.xml"): (ANYBODY, None),
    ("GET", "/api/v1/parking/feed-keys"): (Action.CHANNEL_READ, None),
    ("POST", "/api/v1/parking/feed-keys"): (Action.KEY_WRITE, None),
    ("GET", "/api/v1/parking/same"): (Action.CHANNEL_READ, None),
    ("GET", "/api/v1/parking/same/{pair_id}"): (Action.CHANNEL_READ, None),
    ("PUT", "/api/v1/parking/same/{pair_id}/decision"): (
        Action.PARKING_WRITE,
        {"decision": "different", "reason": "현장 확인"},
    ),
    ("POST", "/api/v1/parking/same/{pair_id}/undo"): (Action.PARKING_WRITE, {"reason": "잘못 이음"}),
    ("POST", "/api/v1/parking/push/{source}"): (WITH_A_KEY, {"realtime": []}),
    ("GET", "/api/v1/parking/push-keys"): (Action.KEY_READ, None),
    ("POST", "/api/v1/parking/push-keys"): (Action.KEY_WRITE, {"source": "none", "operator": "운영사"}),
    ("DELETE", "/api/v1/parking/push-keys/{key_id}"): (Action.KEY_WRITE, None),
    ("GET", "/api/v1/parking/peers"): (Action.CHANNEL_READ, None),
    ("POST", "/api/v1/parking/peers"): (Action.KEY_WRITE, {}),
    ("GET", "/api/v1/parking/peers/{peer_id}"): (Action.CHANNEL_READ, None),
    ("PATCH", "/api/v1/parking/peers/{peer_id}"): (Action.KEY_WRITE, {"is_active": False}),
    ("GET", "/api/v1/air/matters"): (Action.CASE_READ, None),
    ("GET", "/api/v1/air/matters/figures"): (Action.METRICS_READ, None),
    ("GET", "/api/v1/air/matters/figures.csv"): (Action.METRICS_READ, None),
    ("GET", "/api/v1/air/matters/{matter_id}"): (Action.CASE_READ, None),
    ("POST", "/api/v1/air/matters/{matter_id}/acknowledge"): (Action.CASE_CHANGE, None),
    ("PUT", "/api/v1/air/matters/{matter_id}/assignment"): (Action.CASE_CHANGE, {"staff_id": SOME}),
    ("POST", "/api/v1/air/matters/{matter_id}/tasks"): (Action.CASE_CHANGE, {"what": "배출구 점검"}),
    ("POST", "/api/v1/air/matters/{matter_id}/actions"): (Action.CASE_CHANGE, {"text": "현장 확인"}),
    ("GET", "/api/v1/air/matters/{matter_id}/actions/{action_id}/photo"): (Action.CASE_READ, None),
    ("PUT", "/api/v1/air/matters/{matter_id}/actions/{action_id}/verification"): (
        Action.CASE_CHANGE,
        {"is_verified": True},
    ),
    ("POST", "/api/v1/air/matters/{matter_id}/close"): (Action.CASE_CHANGE, {"reason": "현장 확인"}),
    ("GET", "/api/v1/air/smell/reports"): (Action.CASE_READ, None),
    ("GET", "/api/v1/air/smell/reports.csv"): (Action.CASE_EXPORT, None),
    ("GET", "/api/v1/air/smell/reports/{report_id}"): (Action.CASE_READ, None),
    ("GET", "/api/v1/air/smell/clusters"): (Action.CASE_READ, None),
    ("GET", "/api/v1/air/smell/clusters/{cluster_id}"): (Action.CASE_READ, None),
    ("GET", "/api/v1/air/smell/months"): (Action.METRICS_READ, None),
    ("GET", "/api/v1/air/smell/sectors"): (Action.METRICS_READ, None),
    ("GET", "/api/v1/air/companies"): (Action.CASE_READ, None),
    ("POST", "/api/v1/air/companies/{company}/contacts/{number}/code"): (Action.PARKING_WRITE, None),
    ("GET", "/api/v1/arrears/batches"): (Action.ARREARS_READ, None),
    ("POST", "/api/v1/arrears/batches"): (Action.ARREARS_WRITE, {"title": "시험", "selection": {"debtor_ids": [SOME]}}),
    ("GET", "/api/v1/arrears/batches/{batch_id}"): (Action.ARREARS_READ, None),
    ("GET", "/api/v1/arrears/batches/{batch_id}/plan"): (Action.ARREARS_READ, None),
    ("GET", "/api/v1/arrears/batches/{batch_id}/events"): (Action.ARREARS_READ, None),
    ("POST", "/api/v1/arrears/batches/{batch_id}/lookup"): (Action.ARREARS_APPROVE, {"order_no": "징수-1"}),
    ("POST", "/api/v1/arrears/batches/{batch_id}/wait"): (Action.ARREARS_WRITE, {"until": None, "reason": "기다림"}),
    ("POST", "/api/v1/arrears/batches/{batch_id}/decision"): (
        Action.ARREARS_APPROVE,
        {"digest": "0" * 64, "is_approved": True},
    ),
    ("POST", "/api/v1/arrears/batches/{batch_id}/debtors/{debtor_id}/leave-out"): (
        Action.ARREARS_WRITE,
        {"reason": "착오"},
    ),
    ("POST", "/api/v1/arrears/batches/{batch_id}/pause"): (Action.ARREARS_WRITE, {"reason": "점검"}),
    ("POST", "/api/v1/arrears/batches/{batch_id}/start"): (Action.ARREARS_WRITE, None),
    ("POST", "/api/v1/arrears/batches/{batch_id}/stop"): (Action.ARREARS_WRITE, {"reason": "점검"}),
    ("POST", "/api/v1/arrears/batches/{batch_id}/cancel"): (Action.ARREARS_WRITE, {"reason": "착오"}),
    ("GET", "/api/v1/arrears/stages"): (Action.ARREARS_READ, None),
    ("GET", "/api/v1/arrears/seizures"): (Action.ARREARS_READ, None),
    ("GET", "/api/v1/arrears/seizures/{seizure_id}"): (Action.ARREARS_READ, None),
    ("POST", "/api/v1/arrears/seizures/{seizure_id}/release"): (Action.ARREARS_WRITE, {"why": "복지 급여"}),
    ("POST", "/api/v1/arrears/seizures/{seizure_id}/again"): (Action.ARREARS_WRITE, {"reason": "은행과 확인"}),
    ("GET", "/api/v1/arrears/release-wishes"): (Action.ARREARS_READ, None),
    ("POST", "/api/v1/arrears/release-wishes/{wish_id}/decision"): (Action.ARREARS_APPROVE, {"is_granted": True}),
    ("GET", "/api/v1/arrears/requests"): (Action.ARREARS_READ, None),
    ("GET", "/api/v1/arrears/requests/{request_id}"): (Action.ARREARS_READ, None),
    ("POST", "/api/v1/arrears/requests/{request_id}/grant"): (Action.ARREARS_WRITE, {"answer": "확인했습니다"}),
    ("POST", "/api/v1/arrears/requests/{request_id}/refuse"): (Action.ARREARS_WRITE, {"answer": "자료가 없습니다"}),
    ("GET", "/api/v1/arrears/debtors/{debtor_id}/plans"): (Action.ARREARS_READ, None),
    ("GET", "/api/v1/arrears/plans/{plan_id}"): (Action.ARREARS_READ, None),
    ("POST", "/api/v1/arrears/plans/{plan_id}/cancel"): (Action.ARREARS_WRITE, {"reason": "본인 요청"}),
    ("GET", "/api/v1/arrears/locks"): (Action.ARREARS_READ, None),
    ("GET", "/api/v1/arrears/debtors/{debtor_id}/locks"): (Action.ARREARS_READ, None),
    ("POST", "/api/v1/arrears/locks/{lock_id}/lift"): (Action.ARREARS_WRITE, {"reason": "전화로 확인"}),
    **LEDGER,
    **MONEY,
    **NOTICES,
    **RUNS,
    ("GET", "/api/v1/arrears/proofs/keys"): (ANYBODY, None),
    ("POST", "/api/v1/arrears/proofs/keys/rotate"): (Action.ARREARS_APPROVE, None),
    ("GET", "/api/v1/arrears/proofs/timeline"): (Action.ARREARS_READ, None),
    ("GET", "/api/v1/arrears/proofs"): (Action.ARREARS_READ, None),
    ("POST", "/api/v1/arrears/proofs"): (Action.ARREARS_EXPORT, {"debtor_id": SOME, "why": "소송 제출"}),
    ("GET", "/api/v1/arrears/proofs/{proof_id}"): (Action.ARREARS_EXPORT, None),
    ("POST", "/api/v1/arrears/simulations"): (Action.ARREARS_WRITE, {"least_krw": 1}),
    ("GET", "/api/v1/arrears/simulations"): (Action.ARREARS_READ, None),
    ("GET", "/api/v1/arrears/simulations/{simulation_id}"): (Action.ARREARS_READ, None),
    ("GET", "/api/v1/arrears/simulations/{simulation_id}/debtors"): (Action.ARREARS_READ, None),
    ("GET", "/api/v1/arrears/simulations/{simulation_id}/outcome"): (Action.ARREARS_READ, None),
    ("POST", "/api/v1/arrears/simulations/{simulation_id}/export"): (
        Action.ARREARS_EXPORT,
        {"reason": "압류 대상 사전 검토"},
    ),
    ("GET", "/api/v1/arrears/commissions"): (Action.ARREARS_READ, None),
    ("POST", "/api/v1/arrears/commissions"): (
        Action.ARREARS_EXPORT,
        {"debtor_id": SOME, "partner": "bucheon", "number": "1", "why": "관외 체납"},
    ),
    ("POST", "/api/v1/arrears/commissions/taken"): (Action.ARREARS_EXPORT, {"file": "bm8gZmlsZQ=="}),
    ("POST", "/api/v1/arrears/commissions/results"): (Action.ARREARS_EXPORT, {"file": "bm8gZmlsZQ=="}),
    ("POST", "/api/v1/arrears/commissions/withdrawals"): (Action.ARREARS_EXPORT, {"file": "bm8gZmlsZQ=="}),
    ("GET", "/api/v1/arrears/commissions/{commission_id}"): (Action.ARREARS_EXPORT, None),
    ("POST", "/api/v1/arrears/commissions/{commission_id}/result"): (Action.ARREARS_EXPORT, None),
    ("POST", "/api/v1/arrears/commissions/{commission_id}/refuse"): (Action.ARREARS_APPROVE, {"why": "재산 없음"}),
    ("POST", "/api/v1/arrears/commissions/{commission_id}/withdraw"): (Action.ARREARS_APPROVE, {"why": "납부"}),
    ("GET", "/api/v1/arrears/figures"): (Action.ARREARS_READ, None),
    ("GET", "/api/v1/arrears/figures/file"): (Action.ARREARS_READ, None),
    ("POST", "/api/v1/arrears/figures/today"): (Action.ARREARS_READ, None),
    ("GET", "/api/v1/arrears/looks"): (Action.ACCESS_LOG_READ, None),
}
OPEN_PAGES = ("/healthz", "/readyz", "/metrics", "/docs", "/docs/style.css", "/api/v1/openapi.json", "/problems/x")
DAY = "2026-12-31"
OPENED = frozenset({200, 201, 202, 204, 404, 409, 412, 422})
"""What an open door answers to a caller who names nothing that exists."""


def address(path: str, **names: str) -> str:
    """The path with a value for each of its parameters, by default one that nothing has; endless streams end."""
    found = re.sub(r"{(\w+)}", lambda match: names.get(match[1], DAY if match[1] == "day" else SOME), path)
    return found + "?follow=false" if path == "/api/v1/live" else found


def test_every_route_is_in_the_table(house: SmallHouse) -> None:
    described = create_app(house).openapi()["paths"]
    assert {(method.upper(), path) for path, methods in described.items() for method in methods} == set(ROUTES)


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: " ".join(route))
@pytest.mark.parametrize("role", [None, *ROLES])
async def test_a_door_opens_for_whom_the_table_says(
    house: SmallHouse, role: str | None, route: tuple[str, str]
) -> None:
    needs, body = ROUTES[route]
    method, path = route
    async with house.client(role, If_Match='"1"') as client:
        if route == ("DELETE", "/api/v1/session") and role is not None:
            client.headers["Authorization"] = f"Bearer {await house.another_session(role)}"
        answer = await client.request(method, address(path), json=body)
    if needs == ANYBODY:
        assert answer.status_code != 401 or answer.json()["detail_en"].startswith("Login or password")
    elif role is None or needs == WITH_A_KEY:
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"] == "Bearer"
    elif needs == SIGNED_IN or needs in ALLOWED[role]:  # type: ignore[index]
        assert answer.status_code in OPENED
    else:
        assert answer.status_code == 403
        assert answer.json()["type"] == "/problems/forbidden"


@pytest.mark.parametrize("path", OPEN_PAGES)
async def test_open_pages_need_no_sign_in(house: SmallHouse, path: str) -> None:
    async with house.client(None) as client:
        assert (await client.get(path)).status_code in {200, 303}


@pytest.mark.parametrize(
    "header", ["", "Bearer", "Bearer ", "Bearer x", "Basic YTpi", "Bearer \xff\xfe", "bearer null"]
)
async def test_a_wrong_token_is_nobody(house: SmallHouse, header: str) -> None:
    async with house.client(None) as client:
        answer = await client.get("/api/v1/me", headers=[(b"authorization", header.encode("latin-1"))])
    assert answer.status_code == 401

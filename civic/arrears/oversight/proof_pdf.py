"""A proof as sheets of paper (PDF/UA-1): the signed file's digest on each, and how to check it without a network.

The paper does not prove: whoever holds it sets its digest beside that of the signed file.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from civic.arrears.notices.pdf import typeset
from civic.arrears.oversight.proof_page import SERVICE, actor, told, when

SHEET = Path(__file__).parent / "proof.typ"
_HOW = (
    "이 서면은 읽기 위한 것이고, 증명은 함께 드린 서명된 파일(JSON)에 있습니다.",
    "1. 파일의 SHA-256이 아래 값과 같은지 봅니다. 윈도우에서는 명령 창에 certutil -hashfile 파일 SHA256,"
    " 리눅스와 맥에서는 sha256sum 파일이라고 적습니다.",
    "2. 시가 공개한 키로 서명과 사건의 이어짐을 확인합니다. 인터넷과 데이터베이스를 쓰지 않습니다. 키의 지문은 시에"
    " 전화로 맞춰 보세요.",
)
_HOW_EN = (
    "What proves is the signed file, not this paper. Compare the file's SHA-256 with the value below, then run the"
    " command with the city's published keys; it needs no network. Confirm the key's fingerprint by telephone."
)


def pdf(document: Mapping[str, Any], key_id: str, digest: str, made_at: datetime) -> bytes:
    """`document`: of the signed file; `digest`: SHA-256 of that file. The same file gives the same bytes. Takes
    processor time: call it in a thread."""
    city, debtor, service, start = (document[name] for name in ("city", "debtor", "service", "start"))
    data = {
        "title": "고지 증명서",
        "author": city["ko"],
        "digest": digest,
        "head": [
            ["작성 (Made)", f"{city['ko']}, {when(document['made_at'])}"],
            ["번호 (Number)", document["proof"]],
            ["대상 (About)", f"{debtor['name']} ({debtor['tax_no']}) {debtor['address']}"],
            ["사유 (Reason)", document["why"]],
        ],
        "service": [service["ko"], service["en"]],
        "served": [f"{one['ko']} {one['document_no']} — {one['on']}" for one in service["served"]],
        "owed_head": ["과세번호", "본세", "가산금·가산세", "체납처분비", "합계"],
        "owed": [_owed(one) for one in document["owed"]],
        "events_title": f"경과 {document['count']}건 (Timeline)",
        "events_head": ["때", "무엇", "근거·문서", "누가", "송달"],
        "events": [_event(one) for one in document["events"]],
        "how": list(_HOW),
        "how_en": _HOW_EN,
        "command": "./sinmungo arrears check 파일.json --key 공개키.json",
        "digests": [
            ["파일의 SHA-256", digest],
            ["서명 키의 지문", key_id],
            ["변경 기록", f"{start['audit_seq']}: {start['audit_hash']}"],
            ["사슬의 끝", document["last"]],
        ],
    }
    return typeset(SHEET, data, made_at)


def _owed(one: Mapping[str, Any]) -> Sequence[str]:
    return [one["bill_no"], *(f"{one[f'{name}_krw']:,}" for name in ("tax", "surcharge", "costs", "total"))]


def _event(event: Mapping[str, Any]) -> Sequence[str]:
    what, quoted, rest = told(event)
    said = [what, f"“{quoted}”" if quoted else "", rest]
    law = [event["article"], event["document"]]
    return [
        when(event["at"]),
        "\n".join(one for one in said if one),
        "\n".join(one for one in law if one),
        actor(event),
        SERVICE[event["service"]],
    ]

"""A proof as a page for people to read and print. The signed file beside it is what proves; the page says so."""

from collections.abc import Mapping
from datetime import datetime
from html import escape
from typing import Any

from core.clock import SEOUL

ACTORS = {"system": "시스템", "staff": "담당자", "bank": "은행", "citizen": "시민"}
SERVICE = {"no": "송달 아님", "pending": "송달 전", "served": "송달", "": ""}
_STYLE = """
@page { size: A4; margin: 18mm }
body { font: 10.5pt/1.5 "Pretendard GOV", "Noto Sans KR", sans-serif; color: #1e2124; max-width: 190mm; margin: auto }
h1 { font-size: 17pt; margin: 0 0 4mm }
h2 { font-size: 12.5pt; margin: 7mm 0 2mm }
table { width: 100%; border-collapse: collapse }
th, td { border: 1px solid #8a949e; padding: 1.2mm 2mm; text-align: left; vertical-align: top }
th { background: #f4f5f6; font-weight: 600 }
td.krw { text-align: right; white-space: nowrap }
tr { break-inside: avoid }
.note { border-left: 3px solid #256ef4; padding: 1mm 3mm; margin: 3mm 0 }
code { font-size: 8.5pt; word-break: break-all }
"""


def page(document: Mapping[str, Any], key_id: str, digest: str) -> str:
    """HTML that loads nothing. `digest`: SHA-256 of the signed file."""
    city, debtor, service, start = (document[name] for name in ("city", "debtor", "service", "start"))
    owed = "".join(
        f"<tr><td>{escape(one['bill_no'])}</td>{_won(one['tax_krw'])}{_won(one['surcharge_krw'])}"
        f"{_won(one['costs_krw'])}{_won(one['total_krw'])}</tr>"
        for one in document["owed"]
    )
    events = "".join(_row(one) for one in document["events"])
    served = "".join(
        f"<li>{escape(one['ko'])} {escape(one['document_no'])} — {escape(one['on'])}</li>" for one in service["served"]
    )
    return f"""<!doctype html><html lang="ko"><head><meta charset="utf-8"><title>고지 증명서</title>
<style>{_STYLE}</style></head><body>
<h1>고지 증명서 <small>Proof of notice</small></h1>
<table><tr><th>작성</th><td>{escape(city["ko"])}, {escape(when(document["made_at"]))}</td></tr>
<tr><th>대상</th><td>{escape(debtor["name"])} ({escape(debtor["tax_no"])}) {escape(debtor["address"])}</td></tr>
<tr><th>사유</th><td>{escape(document["why"])}</td></tr></table>
<p class="note">{escape(service["ko"])}<br><span lang="en">{escape(service["en"])}</span></p>
<h2>송달된 서면 (Documents served)</h2>{f"<ul>{served}</ul>" if served else "<p>기록된 송달이 없습니다.</p>"}
<h2>작성일의 체납액 (Owed on the day)</h2>
<table><tr><th>과세번호</th><th>본세</th><th>가산금·가산세</th><th>체납처분비</th><th>합계</th></tr>{owed}</table>
<h2>경과 {document["count"]}건 (Timeline)</h2>
<table><tr><th>때</th><th>무엇</th><th>근거·문서</th><th>누가</th><th>송달</th></tr>{events}</table>
<h2>확인하는 법 (How to check)</h2>
<p>이 쪽은 읽기 위한 것이고, 증명은 서명된 파일(JSON)에 있습니다.
<code>./sinmungo arrears check 파일 --key 공개키</code>로 데이터베이스와 인터넷 없이 확인합니다.</p>
<table><tr><th>파일의 SHA-256</th><td><code>{escape(digest)}</code></td></tr>
<tr><th>서명 키의 지문</th><td><code>{escape(key_id)}</code></td></tr>
<tr><th>변경 기록</th><td><code>{start["audit_seq"]}: {escape(start["audit_hash"])}</code></td></tr>
<tr><th>사슬의 끝</th><td><code>{escape(document["last"])}</code></td></tr></table></body></html>
"""


def _row(event: Mapping[str, Any]) -> str:
    what, quoted, rest = told(event)
    said = [escape(what)]
    if quoted:
        said.append(f"<br>“{escape(quoted)}”")
    if rest:
        said.append(f"<br><small>{escape(rest)}</small>")
    law = "<br>".join(escape(one) for one in (event["article"], event["document"]) if one)
    return (
        f"<tr><td>{escape(when(event['at']))}</td><td>{''.join(said)}</td><td>{law}</td>"
        f"<td>{escape(actor(event))}</td><td>{SERVICE[event['service']]}</td></tr>"
    )


def actor(event: Mapping[str, Any]) -> str:
    """Who, without which one: that stands in the signed file."""
    kind = str(event["actor"]).partition(":")[0]
    return ACTORS.get(kind, kind)


def told(event: Mapping[str, Any]) -> tuple[str, str, str]:
    """What happened, the words that were sent, and the facts of it, for a line of a page."""
    facts = event["facts"]
    names = {
        "amount_krw": "금액", "total_krw": "합계", "due_on": "기한", "dun_due_on": "독촉 기한",
        "provider_id": "통신사 번호", "reason": "사유", "tracking_no": "등기",
    }  # fmt: skip
    rest = ", ".join(f"{name} {_plain(key, facts[key])}" for key, name in names.items() if key in facts)
    return event["ko"], str(facts.get("text", "")), rest


def _plain(key: str, value: Any) -> str:
    return f"{value:,}원" if key.endswith("_krw") else str(value)


def _won(krw: int) -> str:
    return f'<td class="krw">{krw:,}</td>'


def when(at: str) -> str:
    """Korean time for a moment, the day as it is for a day."""
    return at if len(at) == 10 else f"{datetime.fromisoformat(at).astimezone(SEOUL):%Y-%m-%d %H:%M:%S}"

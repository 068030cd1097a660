"""`./sinmungo arrears check`: whether a signed file is as it was signed, and by whom: no store, settings or network.

Ends with 0 for a whole file of a key that was given, 3 for a whole one whose key nobody vouched for, 1 for a changed.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rich.console import Console

from civic.arrears.oversight import proof_chain, signed_file
from civic.arrears.oversight.signed_file import Broken, Signed
from core.errors import BadInput

WHOLE, CHANGED, UNKNOWN_KEY = 0, 1, 3
_KINDS = {
    signed_file.PROOF: ("고지 증명서", "proof of notice"),
    signed_file.COMMISSION: ("징수촉탁서", "commission of collection"),
    signed_file.RESULT: ("징수촉탁 결과", "result of a commission"),
}
console = Console(highlight=False, markup=False, soft_wrap=True)


def check(file: Path, key: Path | None) -> int:
    """`key`: the city's public keys as it publishes them (JSON Web Key Set, or base64). Raises BadInput for no file."""
    data = _bytes(file)
    keys = signed_file.keys_in(_bytes(key).decode("utf-8", "replace")) if key else []
    try:
        found = signed_file.read(data)
        if found.kind == signed_file.PROOF:
            proof_chain.check(found.document)
    except Broken as broken:
        console.print(f"온전하지 않습니다. {broken.reason_ko}\n(Not whole. {broken.reason_en})")
        return CHANGED
    _tell(found)
    if not key:
        console.print(
            "글자 하나 바뀌지 않았습니다. 이 키가 그 시의 것인지는 --key로 시가 공개한 키와 맞춰 보세요.\n"
            "(Whole. Whose key it is, --key with the city's published keys tells.)"
        )
        return UNKNOWN_KEY
    if not signed_file.is_by(found, keys):
        console.print("주신 공개키로 서명된 것이 아닙니다. (Signed by none of the keys that you gave.)")
        return CHANGED
    console.print("주신 공개키로 서명되었고 글자 하나 바뀌지 않았습니다. (Whole, and signed by a key that you gave.)")
    return WHOLE


def _tell(found: Signed) -> None:
    ko, en = _KINDS[found.kind]
    console.print(f"{ko} ({en})   키 지문 (key): {found.key_id}")
    document = found.document
    if found.kind != signed_file.PROOF:
        console.print(f"번호 {document['number']}: {document['from']['ko']} → {document['to']['ko']}")
        return
    service: Mapping[str, Any] = document["service"]
    console.print(
        f"{document['city']['ko']}, {document['made_at']} 작성, 대상 {document['debtor']['tax_no']}\n"
        f"사건 {document['count']}건이 이어집니다. 문자·알림톡 {service['messages']}건은 송달이 아닙니다.\n"
        f"변경 기록 {document['start']['audit_seq']}번 뒤에 이어집니다: {document['start']['audit_hash'][:16]}"
    )
    for one in service["served"]:
        console.print(f"송달: {one['ko']} {one['document_no']} ({one['on']})")
    if not service["is_demand_served"]:
        console.print("독촉장의 송달은 기록되어 있지 않습니다. (Service of a demand is not recorded.)")


def _bytes(file: Path) -> bytes:
    if not file.is_file():
        raise BadInput(f"파일이 없습니다: {file}", f"No such file: {file}")
    return file.read_bytes()

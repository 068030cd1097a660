"""`./sinmungo arrears check`: whether a signed file is as it was signed, and by whom: no store, settings or network.

Ends with 0 for a whole file of a key that was given, 3 for a whole one whose key nobody vouched for, 1 for a changed.
"""

from collections.abc import Iterator, Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

from orjson import JSONDecodeError, loads
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
        _explain(data, broken)
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


def _explain(data: bytes, broken: Broken) -> None:
    """What is wrong as exactly as the file lets us see, and what to do about it."""
    console.print(f"온전하지 않습니다. {broken.reason_ko}\n(Not whole. {broken.reason_en})")
    if data.startswith(b"%PDF"):
        console.print(
            "이것은 읽기 위한 PDF입니다. 함께 받은 서명된 파일(JSON)을 넣어 주세요.\n"
            "(This is the PDF for reading. Give the signed JSON file that came with it.)"
        )
        return
    for ko, en in _changed(data):
        if ko == broken.reason_ko:
            continue
        console.print(f"{ko}\n({en})")
    console.print(
        f"받은 파일의 SHA-256: {sha256(data).hexdigest()}\n"
        "이 파일을 증거로 쓰지 말고, 내준 시에서 원본을 다시 받아 위 값을 맞춰 보세요.\n"
        "(Do not rely on this file: ask the city that made it for the original and compare the digest.)"
    )


def _changed(data: bytes) -> Iterator[tuple[str, str]]:
    """Where a proof that can still be read departs from what was signed; nothing for what cannot be read."""
    try:
        whole = loads(data)
        document, events = whole["document"], list(whole["document"]["events"])
        proof_chain.check(document)
    except Broken as broken:
        yield broken.reason_ko, broken.reason_en
        place = int(str(broken.context.get("place", 0)))
        if 0 < place <= len(events) and isinstance(events[place - 1], dict):
            told = events[place - 1]
            at, ko, en = (str(told.get(name, ""))[:120] for name in ("at", "ko", "en"))
            yield f"그 자리에 지금 적힌 것: {at} {ko}", f"What stands there now: {at} {en}"
    except (JSONDecodeError, KeyError, TypeError):
        return
    else:
        yield (
            "사건의 사슬은 이어지므로, 바뀐 곳은 사건이 아닌 부분(대상, 금액, 사유, 서명)이거나 빈칸·줄바꿈입니다.",
            "The events hang together: what was changed is the rest (person, sums, reason, signature) or blanks.",
        )


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

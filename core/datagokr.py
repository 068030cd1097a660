"""The gateway of data.go.kr, whose rules all its services share: odd envelopes, XML failures, codes (공공데이터포털).

Every value comes out as text, whatever the service wrote: a number of a thousand digits is a text like any other.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import unquote

from lxml import etree

from core.errors import Unavailable

Kind = Literal["retry", "quota", "refused", "broken"]
MOST_DEPTH = 40
_OK = frozenset({"", "0", "00", "000", "0000", "INFO-000", "NORMAL_CODE"})
_KINDS: Mapping[int, Kind | Literal["empty"]] = {
    1: "retry",  # APPLICATION_ERROR
    2: "retry",  # DB_ERROR
    3: "empty",  # NODATA_ERROR
    4: "retry",  # HTTP_ERROR
    5: "retry",  # SERVICETIMEOUT_ERROR
    10: "broken",  # INVALID_REQUEST_PARAMETER_ERROR
    11: "broken",  # NO_MANDATORY_REQUEST_PARAMETERS_ERROR
    12: "broken",  # NO_OPENAPI_SERVICE_ERROR
    20: "refused",  # SERVICE_ACCESS_DENIED_ERROR
    21: "refused",  # TEMPORARILY_DISABLE_THE_SERVICEKEY_ERROR
    22: "quota",  # LIMITED_NUMBER_OF_SERVICE_REQUESTS_EXCEEDS_ERROR
    30: "refused",  # SERVICE_KEY_IS_NOT_REGISTERED_ERROR
    31: "refused",  # DEADLINE_HAS_EXPIRED_ERROR
    32: "refused",  # UNREGISTERED_IP_ERROR
    33: "refused",  # UNSIGNED_CALL_ERROR
    99: "retry",  # UNKNOWN_ERROR
    401: "refused",  # 기상청 API 허브 says it in HTTP's numbers
    403: "refused",
}
_QUOTA_WORDS = re.compile(r"LIMITED[ _]NUMBER[ _]OF[ _]SERVICE[ _]REQUESTS|rate limit|quota", re.IGNORECASE)
_PLAIN_WORDS = re.compile(r"[A-Za-z가-힣][A-Za-z가-힣 _.]{2,79}")


class GatewayFailed(Unavailable):
    """The gateway gave no answer of the service. `kind`: retry soon; quota: not before midnight in Korea; refused: our
    key or address is not accepted; broken: not this format. `result` is its code; the reasons hold no key, no body.
    """

    code = "datagokr"

    def __init__(self, kind: Kind, reason_ko: str, reason_en: str, *, result: str = "") -> None:
        super().__init__(reason_ko, reason_en, kind=kind, result=result)
        self.kind = kind
        self.result = result


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a service. Values in `items` are texts, or objects of texts; `odd`: items that are no objects.

    `total`: how many there are on all pages, `rows`: how many a page holds; None when not told.
    """

    items: tuple[Mapping[str, Any], ...] = ()
    odd: int = 0
    total: int | None = None
    rows: int | None = None


def decoded_key(key: str) -> str:
    """The portal shows each key in two spellings; HTTP clients need this one, else it is encoded twice (code 30)."""
    key = key.strip()
    return unquote(key) if re.search(r"%[0-9A-Fa-f]{2}", key) else key


def read_page(body: bytes, status: int = 200, *, operation: str = "") -> Page:
    """One answer. `operation`: the key of the items where the envelope is named after it (KOTSA).

    Looks at the first character, never at Content-Type or the status alone: failures come as XML with HTTP 200.
    Raises GatewayFailed; code 03 is an empty page.
    """
    answer = parse_answer(body, status)
    if not isinstance(answer, Mapping):
        if status != 200 or not isinstance(answer, list):
            raise _unreadable("no object", status)
        answer = {operation or "items": answer}
    code = _judge(answer, status)
    if code == "empty":
        return Page(total=0)
    return _page(answer, operation)


def parse_answer(body: bytes, status: int = 200) -> Any:
    """JSON or XML by its first character, as objects, lists and texts. Raises GatewayFailed."""
    text = decoded_text(body).strip().lstrip("\ufeff")
    if not text.startswith(("{", "[", "<")):
        raise _spoken(text, status)
    return _from_xml(text, status) if text.startswith("<") else parse_json(text)


def decoded_text(body: bytes) -> str:
    """UTF-8 with or without mark, else CP949, whatever the header says. Raises GatewayFailed when it is neither."""
    for encoding in ("utf-8-sig", "cp949"):
        try:
            return body.decode(encoding)
        except UnicodeDecodeError as error:
            if encoding == "utf-8-sig" and error.reason == "unexpected end of data":
                return body[: error.start].decode(encoding)  # cut off inside a letter: told by whoever parses it
    raise _unreadable("neither UTF-8 nor CP949", 200)


def parse_json(text: str) -> Any:
    """Strictly, then once more without the comma before a closing bracket that the gateway is known to leave.

    Numbers stay text. Raises GatewayFailed: retry when the answer ends in the middle, else broken.
    """
    is_cut = False
    for attempt in (text, re.sub(r",(?=\s*[}\]])", "", text)):
        try:
            return json.loads(attempt, parse_int=str, parse_float=str, parse_constant=str)
        except json.JSONDecodeError as error:
            is_cut = error.pos >= len(attempt.rstrip()) or error.msg.startswith("Unterminated string")
        except (ValueError, RecursionError):
            continue
    raise _cut_off() if is_cut else _unreadable("invalid JSON", 200)


def cell(value: object) -> str:
    """A value as a line of text that a table can hold: single spaces, no control characters, no half characters."""
    if isinstance(value, str) and value.isprintable():  # half characters and odd spaces are not
        return value.strip() if "  " not in value else " ".join(value.split())
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return ""
    plain = str(value).encode("utf-8", "ignore").decode()
    if not plain.isprintable():
        plain = "".join(each if each.isprintable() else " " for each in plain)
    return " ".join(plain.split())


def whole(value: object, most: int = 10**9) -> int | None:
    """`1260`, `"1,260"`, `"1260.0"` and `-3` as whole numbers within ±`most`; None for blanks and anything else."""
    text = cell(value).replace(",", "")
    if not re.fullmatch(r"-?[0-9]{1,12}(?:\.0+)?", text):
        return None
    number = int(text.partition(".")[0])
    return number if abs(number) <= most else None


def _from_xml(text: str, status: int) -> Any:
    """Elements as objects: a name that comes twice becomes a list, a leaf its text."""
    if re.match(r"<(?:!doctype\s+)?html", text, re.IGNORECASE):
        kind: Kind = "retry" if status >= 500 else "refused" if status in (401, 403) else "broken"
        raise GatewayFailed(
            kind, "공공데이터포털이 자료 대신 웹 페이지를 보냈습니다.", "data.go.kr sent a web page", result=str(status)
        )
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        raise _unreadable("XML with a document type", status)
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, remove_comments=True, remove_pis=True
    )
    # Decoded already: what the declaration says of the encoding is often not true.
    plain = re.sub(r"^<\?xml[^>]*\?>", "", text, count=1)
    try:
        root = etree.fromstring(plain.encode("utf-8", "ignore"), parser)
    except etree.XMLSyntaxError:
        first = re.match(r"<([^\s>/]+)", re.sub(r"^<\?xml[^>]*\?>\s*", "", text))
        is_whole = first is not None and re.search(rf"(?:</{re.escape(first[1])}\s*>|/>)\s*$", text[-200:])
        raise (_unreadable("invalid XML", status) if is_whole else _cut_off()) from None
    return {_name(root): _value(root, 0)}


def _value(element: Any, depth: int) -> Any:
    children = [child for child in element if isinstance(child.tag, str)]
    if not children or depth > MOST_DEPTH:
        return (element.text or "").strip()
    made: dict[str, Any] = {}
    for child in children:
        name, value = _name(child), _value(child, depth + 1)
        if name not in made:
            made[name] = value
        elif isinstance(made[name], list):
            made[name].append(value)
        else:
            made[name] = [made[name], value]
    return made


def _name(element: Any) -> str:
    return str(etree.QName(element).localname)


def _judge(answer: Mapping[str, Any], status: int) -> str:
    """ "" for an answer, "empty" for none. Raises GatewayFailed by the code, wherever the envelope keeps it."""
    code, message = _result(answer)
    if code.upper() in _OK:
        if status in (401, 403) or (status >= 400 and not code):
            raise _spoken("", status)
        return ""
    number = int(code) if re.fullmatch(r"[0-9]{1,4}", code) else -1
    kind = _KINDS.get(number, "broken")
    if _QUOTA_WORDS.search(message):
        kind = "quota"
    if kind == "empty":
        return "empty"
    said = message if _PLAIN_WORDS.fullmatch(message) else ""
    shown = code if re.fullmatch(r"[A-Za-z0-9_-]{1,40}", code) else "?"
    raise GatewayFailed(
        kind, f"{_KOREAN[kind]} (코드 {shown} {said})".replace(" )", ")"), f"code {shown} {said}".strip(), result=shown
    )


def _result(answer: Mapping[str, Any]) -> tuple[str, str]:
    for envelope in _envelopes(answer):
        for code, message in _CODES:
            if code in envelope:
                return cell(envelope[code]), cell(envelope.get(message, ""))
    told = answer.get("result")  # 기상청 API 허브: {"result": {"status": 401, "message": …}}
    return (cell(told.get("status")), cell(told.get("message"))) if isinstance(told, Mapping) else ("", "")


_CODES = (("returnReasonCode", "returnAuthMsg"), ("resultCode", "resultMsg"), ("result_code", "result_msg"))


def _envelopes(answer: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    found: list[Any] = [answer]
    for name in ("OpenAPI_ServiceResponse", "cmmMsgHeader", "response", "header"):
        found += [one[name] for one in found if isinstance(one, Mapping) and name in one]
    yield from (one for one in reversed(found) if isinstance(one, Mapping))


def _page(answer: Mapping[str, Any], operation: str) -> Page:
    body: Any = answer
    for name in ("response", "body"):
        if isinstance(body, Mapping) and name in body:
            body = body[name]
    if not isinstance(body, Mapping):
        if cell(body) == "" and isinstance(body, str):
            return Page()  # <body/>: nothing to say
        raise _unreadable("no body", 200)
    if operation and operation in body:
        found = body[operation]
    elif "items" in body:
        found = body["items"]
    elif "item" in body:
        found = body
    else:
        raise _unreadable("no items", 200)
    if isinstance(found, Mapping) and "item" in found:
        found = found["item"]
    rows = found if isinstance(found, list) else [] if found in ("", None, {}) else [found]
    items = tuple(one for one in rows if isinstance(one, Mapping))
    return Page(items, len(rows) - len(items), _count(body, "totalCount"), _count(body, "numOfRows"))


def _count(body: Mapping[str, Any], name: str) -> int | None:
    number = whole(body.get(name))
    return number if number is not None and number >= 0 else None


def _spoken(text: str, status: int) -> GatewayFailed:
    """A plain text or nothing. A bare 401 comes during maintenance as well, so it is asked again first."""
    if _QUOTA_WORDS.search(text[:2000]):
        kind: Kind = "quota"
    elif status == 401 or status >= 500 or (status == 200 and not text):
        kind = "retry"
    elif status == 403:
        kind = "refused"
    else:
        kind = "broken"
    return GatewayFailed(kind, f"{_KOREAN[kind]} (HTTP {status})", f"data.go.kr: HTTP {status}", result=str(status))


def _cut_off() -> GatewayFailed:
    return GatewayFailed("retry", "공공데이터포털의 답이 도중에 끊겼습니다.", "the answer of data.go.kr is cut off")


def _unreadable(why: str, status: int) -> GatewayFailed:
    return GatewayFailed("broken", _KOREAN["broken"], f"data.go.kr: {why}", result=str(status))


_KOREAN: Mapping[Kind | str, str] = {
    "retry": "공공데이터포털이 잠시 답하지 못합니다.",
    "quota": "공공데이터포털의 하루 호출 한도를 다 썼습니다.",
    "refused": "공공데이터포털이 인증키나 서버 주소를 받아들이지 않습니다. 활용신청과 인증키를 확인해 주세요.",
    "broken": "공공데이터포털의 답이 알려진 형식이 아닙니다.",
}

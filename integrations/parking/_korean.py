"""What Korean sources of parking have in common: office phones, private names, owners, moments, lots by their names."""

import re
from datetime import UTC, datetime, timedelta, timezone

from core.contracts.parking import LotType, Ownership

KST = timezone(timedelta(hours=9))
_MUNICIPALITY = re.compile(r"(?:\S+(?:특별시|광역시|특별자치시|도)\s+)?\S+[시군구]|\S+(?:특별시|광역시|특별자치시|도)")
_NO_OWNER = re.compile(r"(?:민간|개인|민영)(?:인|사업자|위탁|업체|업자)?|국유지|사유지|기타|미상|해당\s*없음|없음|-|\.")
_COMPANY = re.compile(
    r"㈜|\(주\)|주식회사|공사|공단|조합|법인|재단|협회|농협|축협|수협|은행|병원|학교|교회|성당|센터|시장|주차|파킹|"
    r"타워|빌딩|호텔|마트|백화점|건설|산업|개발|네트웍|시스템|[A-Za-z]{2}"
)
_OFFICE = re.compile(r"(?:시|군|구|도)청|사업소|사무소|사무국|관리소|관리단|주민센터|[가-힣]{2,}[과면읍]$")
_SURNAMES = (
    "김이박최정강조윤장임한오서신권황안송류유전홍고문양손배백허남심노하곽성차주우구나민진지엄채원천방공현함변염여추"
    "도소석선설마길연위표명기반왕금옥육인맹제모탁국어은편용예봉사부가복태목형피두감호음빈동온"
)
_PERSON = re.compile(
    rf"(?:[{_SURNAMES}][가-힣]{{2}}|(?:남궁|황보|선우|제갈|독고|사공)[가-힣]{{1,2}})(?:\s*외\s*\d+\s*[인명])?"
)


def phone(text: str) -> tuple[str, bool]:
    """An office's number as `031-980-2330`, and whether a mobile number was left out: that one is a person's."""
    digits = re.sub(r"[^0-9]", "", re.split(r"[~,/]", text, maxsplit=1)[0])
    if digits.startswith("82"):
        digits = "0" + digits[2:].lstrip("0")
    if re.search(r"(?:^|[^0-9])01[016-9]-?\d{3,4}-?\d{4}", text) or re.fullmatch(r"01[016-9]\d{7,8}", digits):
        return "", True
    if re.fullmatch(r"1[5-9]\d{6}", digits):
        return f"{digits[:4]}-{digits[4:]}", False
    match = re.fullmatch(r"(02|050\d|0\d{2})(\d{3,4})(\d{4})", digits)
    if match and len(set(digits)) > 1:
        return "-".join(match.groups()), False
    return (digits if re.fullmatch(r"1\d{2}", digits) else ""), False


def without_mobiles(text: str) -> tuple[str, bool]:
    """A remark without mobile numbers, and whether it had one."""
    kept = re.sub(r"(?<![0-9])01[016-9][-. )]?[0-9]{3,4}[-. ]?[0-9]{4}(?![0-9])", "", text)
    return " ".join(kept.split()), kept != text


def operator(name: str, *, is_private: bool) -> tuple[str, bool]:
    """Who runs the lot, and whether a natural person's name was left out: it is no business of a citizen's map.

    Firms and offices stay; what looks like a name and like nothing else counts as one. 개인정보 보호법 제3조.
    """
    words = name[:200].split()
    if not words:
        return "", False
    kept = " ".join(words)
    if _is_name(kept, is_private=is_private):
        return "", True
    if is_private and len(words) > 1 and _is_name(words[-1], is_private=True):
        return " ".join(words[:-1]), True  # 나우건설㈜ 홍길동
    return kept, False


def _is_name(text: str, *, is_private: bool) -> bool:
    if not _PERSON.fullmatch(text) or _COMPANY.search(text) or _OFFICE.search(text) or _NO_OWNER.fullmatch(text):
        return False
    # At a public lot three syllables are more often a place (장량동) than the contractor's name.
    return is_private or not re.search(r"[시군구읍면동리과소]$", text)


def owner(ownership: Ownership, publisher: str, run_by: str) -> str:
    """Whose lot it is, as said to a citizen: `김포시`, `인천광역시 부평구`, `남양주도시공사`, or a firm.

    "" when unknown. A public lot is its publisher's. A private lot is its operator's where that is a firm with a name.
    """
    if ownership == "private":
        is_named = run_by and not _NO_OWNER.fullmatch(run_by) and not _OFFICE.search(run_by)
        return run_by if is_named and _COMPANY.search(run_by) else ""
    if ownership != "public":
        return ""
    publisher = " ".join(publisher.split())
    if _MUNICIPALITY.fullmatch(publisher):
        # A province is left out: 경기도 김포시 is 김포시 to everybody who parks there. A 구 needs its city.
        return re.sub(r"^\S+도\s+", "", publisher)
    return publisher


def lot_type(kind: str, name: str) -> LotType:
    """노상, 노외, 부설 of 주차장법 제2조, an off-street lot also by its name."""
    if kind.startswith("노상"):
        return "ON_STREET"
    if not kind.startswith("노외"):
        return "OTHER"
    return built(name) or "OFF_STREET_PARKING_GROUND"


def built(name: str) -> LotType | None:
    """UNDERGROUND or CAR_PARK where the name says so."""
    if re.search(r"지하(?!철|차도|도로|상가|보도)", name):
        return "UNDERGROUND"
    if re.search(r"타워|주차빌딩|주차동|자주식|기계식", name):
        return "CAR_PARK"
    return None


def is_park_and_ride(name: str) -> bool | None:
    """환승주차장 is the word of 국가통합교통체계효율화법; other names say nothing."""
    return True if "환승" in name else None


def moment(text: str) -> datetime | None:
    """Korean clock time in any of the written forms, in UTC: `2026-03-19 16:09:50`, `2026-04-25 09:20`,
    `20260425092003.123`, `20260425 0920`. None for a blank or an impossible one; midnight may be written 24:00.
    """
    digits = re.sub(r"[^0-9]", "", text.partition(".")[0])
    if len(digits) not in (12, 14):
        return None
    digits = digits.ljust(14, "0")
    is_next_day = digits[8:10] == "24"
    try:
        found = datetime(
            int(digits[:4]), int(digits[4:6]), int(digits[6:8]),
            0 if is_next_day else int(digits[8:10]), int(digits[10:12]), int(digits[12:14]), tzinfo=KST,
        )  # fmt: skip
        return (found + timedelta(days=is_next_day)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None

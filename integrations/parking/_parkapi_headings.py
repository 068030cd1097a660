"""What operators call the columns of their sheets: ParkAPI's German template, Korean offices' words, our own names."""

import re
import unicodedata
from collections.abc import Mapping, Sequence

# fmt: off
HEADINGS: Mapping[str, Sequence[str]] = {
    "uid": ("ID", "uid", "주차장관리번호", "관리번호", "주차장코드", "주차장ID"),
    "name": ("Name", "주차장명", "주차장 이름", "주차장명칭", "명칭"),
    "type": ("Art der Anlage", "type", "주차장유형", "유형", "주차장 종류", "형태"),
    "ownership": ("ownership", "주차장구분", "공영/민영", "공영민영구분"),
    "purpose": ("Zweck der Anlage", "purpose", "용도"),
    "operator": ("Betreiber Name", "operator_name", "관리기관명", "관리기관", "운영기관", "운영사", "관리주체"),
    "phone": ("전화번호", "연락처", "문의처"),
    "lat": ("Breitengrad", "lat", "위도"),
    "lon": ("Längengrad", "lon", "경도"),
    "address": ("Adresse mit PLZ und Stadt", "Adresse", "address", "소재지지번주소", "지번주소", "주소", "소재지",
                "위치"),
    "road_address": ("소재지도로명주소", "도로명주소"),
    "capacity": ("Anzahl Stellplätze", "capacity", "주차구획수", "주차면수", "총주차면수", "면수",
                 "주차대수"),
    "capacity_disabled": ("Anzahl Behindertenparkplätze", "capacity_disabled", "장애인면수", "장애인 주차면수",
                          "장애인전용면수", "장애인전용주차구획수"),
    "capacity_charging": ("Anzahl Ladeplätze", "capacity_charging", "전기차충전면수", "전기차충전구역수",
                          "전기차면수"),
    "capacity_family": ("Anzahl Familienparkplätze", "capacity_family", "가족배려면수", "가족면수", "임산부면수"),
    "capacity_woman": ("Anzahl Frauenparkplätze", "capacity_woman", "여성면수", "여성우선면수"),
    "capacity_compact": ("capacity_compact", "경차면수", "경형면수", "경차전용면수"),
    "capacity_senior": ("capacity_senior", "어르신면수", "경로면수", "노약자면수"),
    "capacity_truck": ("Anzahl LKW-Stellplätze", "capacity_truck", "화물차면수", "화물면수"),
    "capacity_bus": ("Anzahl Bus-Stellplätze", "capacity_bus", "버스면수", "대형버스면수"),
    "capacity_motorcycle": ("capacity_motorcycle", "이륜차면수", "오토바이면수"),
    "capacity_carsharing": ("Anzahl Carsharing-Parkplätze", "capacity_carsharing", "나눔카면수", "공유차면수"),
    "has_disabled": ("장애인전용주차구역보유여부", "장애인전용구역"),
    "has_charging": ("Ladeplätze", "전기차충전소", "전기차충전시설", "전기차 충전 여부"),
    "has_lighting": ("Anlage beleuchtet?", "has_lighting", "조명"),
    "is_covered": ("Überdachung", "is_covered", "지붕", "실내여부"),
    "supervision": ("Art der Überwachung", "supervision_type", "CCTV", "감시"),
    "has_realtime": ("Existieren Live-Daten?", "has_realtime_data", "실시간정보제공", "실시간 제공 여부"),
    "fee": ("gebührenpflichtig?", "has_fee", "요금정보", "요금구분", "유료/무료", "유무료", "유무료구분"),
    "fee_description": ("Gebühren-Informationen", "fee_description", "요금안내", "요금", "주차요금"),
    "first_minutes": ("주차기본시간", "기본시간", "기본시간(분)"),
    "first_fee": ("주차기본요금", "기본요금", "기본요금(원)"),
    "step_minutes": ("추가단위시간", "추가시간", "추가시간(분)"),
    "step_fee": ("추가단위요금", "추가요금", "추가요금(원)"),
    "day_fee": ("1일주차권요금", "일최대요금", "1일최대요금", "1일최대", "일주차요금"),
    "month_fee": ("월정기권요금", "월정기요금", "월정기", "정기권요금", "월주차요금"),
    "payment": ("payment", "결제방법", "결제수단"),
    "max_stay": ("Maximale Parkdauer", "max_stay", "최대주차시간"),
    "max_height": ("Einfahrtshöhe (cm)", "max_height", "제한높이", "높이제한", "높이제한(cm)", "차량높이제한"),
    "max_width": ("Einfahrtsbreite (cm)", "max_width", "제한폭", "폭제한(cm)"),
    "is_all_day": ("24/7 geöffnet?", "24시간", "24시간운영", "연중무휴"),
    "weekday_start": ("Öffnungszeiten Mo-Fr Beginn", "평일운영시작시각", "평일시작", "평일 시작시간"),
    "weekday_end": ("Öffnungszeiten Mo-Fr Ende", "평일운영종료시각", "평일종료", "평일 종료시간"),
    "saturday_start": ("Öffnungszeiten Sa Beginn", "토요일운영시작시각", "토요일시작", "토요일 시작시간"),
    "saturday_end": ("Öffnungszeiten Sa Ende", "토요일운영종료시각", "토요일종료", "토요일 종료시간"),
    "sunday_start": ("Öffnungszeiten So Beginn", "일요일시작", "일요일 시작시간"),
    "sunday_end": ("Öffnungszeiten So Ende", "일요일종료", "일요일 종료시간"),
    "holiday_start": ("Öffnungszeiten Feiertag Beginn", "공휴일운영시작시각", "공휴일시작", "공휴일 시작시간"),
    "holiday_end": ("Öffnungszeiten Feiertag Ende", "공휴일운영종료시각", "공휴일종료", "공휴일 종료시간"),
    "hours": ("운영시간", "이용시간", "개방시간"),
    "weekday_hours": ("평일운영시간", "평일이용시간", "평일개방시간", "평일"),
    "saturday_hours": ("토요일운영시간", "토요일이용시간", "토요일개방시간", "토요일"),
    "sunday_hours": ("일요일운영시간", "일요일이용시간", "일요일"),
    "holiday_hours": ("공휴일운영시간", "휴일운영시간", "공휴일이용시간", "일·공휴일", "공휴일"),
    "opening_hours": ("opening_hours", "OSM 운영시간"),
    "park_and_ride": ("Park&Ride", "환승주차장"),
    "public_url": ("Webseite", "public_url", "홈페이지"),
    "remarks": ("Weitere öffentliche Informationen", "description", "특기사항", "비고"),
    "zone_grade": ("급지구분", "급지"),
    "rotation": ("부제시행구분", "부제"),
    "data_date": ("데이터기준일자", "기준일", "기준일자", "작성일"),
}
# fmt: on
FIELDS = frozenset(HEADINGS)
NEEDED = ("name", "capacity")


def plain(heading: object) -> str:
    """Without blanks, line breaks and case: 주차 면수 is 주차면수. Korean may come taken apart (NFD) from a Mac."""
    return re.sub(r"[\s_]+", "", unicodedata.normalize("NFC", heading)).casefold() if isinstance(heading, str) else ""


def columns(row: Sequence[object], mapping: Mapping[str, Sequence[str]]) -> dict[str, int]:
    """Field to its column in a row of headings; what config.yml says goes before what is known."""
    places: dict[str, int] = {}
    for at, cell in enumerate(row):
        if word := plain(cell):
            places.setdefault(word, at)
    found: dict[str, int] = {}
    for field in HEADINGS:
        words = [plain(word) for word in (*mapping.get(field, ()), *HEADINGS[field])]
        if word := next((word for word in words if word in places), ""):
            found[field] = places[word]
    return found


def is_header(found: Mapping[str, int]) -> bool:
    """A row that names what a lot cannot do without: its name, its bays, and where it is."""
    return all(field in found for field in NEEDED) and (
        {"lat", "lon"} <= found.keys() or "address" in found or "road_address" in found
    )

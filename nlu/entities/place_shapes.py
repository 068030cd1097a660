"""Names of places that no list holds, known by their endings: …동, …역, …시장. And offices that need no name."""

import re
from collections.abc import Iterator

from nlu.entities.found import Found


def _words(*lines: str) -> frozenset[str]:
    return frozenset(word for line in lines for word in line.split())


UNLISTED = "unlisted"
"""The `kind` of a place that no gazetteer knows."""

# Where a name may end: a particle and then no more letters, or a word that only follows places.
_PARTICLE = (
    r"(?:에서는|에서도|에서만|에서|에는|에도|에만|에다가?|엔|에|으로는|으로도|으로|로|은|는|이|가|을|를|의|도|만|까지|부터"
    r"|인데요?|이요|요|이고|이랑|이나|이라|이에요|이예요|예요|입니다|과|와|하고|랑|나|보다|말고|께|처럼|헌티|서)"
)
_AFTER = (
    r"(?:근처|주변|인근|부근|쪽|앞|옆|뒤|안에|내에?|입구|출구|건너|맞은편|정문|후문|사는|살아|살고|가는|가려|갈|까지|에서"
    r"|주차|공영|노상|미세|공기|맛집|카페|약국|미용|세탁|놀러|열람실|운동장|버스|정류장|주민|관리|상가|놀이터)"
)
_END = rf"(?=(?:{_PARTICLE})?(?![가-힣a-z])|{_AFTER})"

# A name of two syllables or more before these is a place, whatever the name.
_KINDS = (
    "초등학교|중학교|고등학교|대학교|초교|유치원|어린이집|도서관|박물관|미술관|기념관|문화관|과학관|체육관|복지관|수련관|회관|문화원|문화센터"
    "|체육센터|복지센터|아트홀|아트센터|극장|수영장|경기장|운동장|공원|광장|수목원|휴양림|캠핑장|해수욕장|유원지|관광단지|산업단지|산단|공단"
    "|신도시|택지지구|지구|아파트|빌라|빌딩|타워|프라자|플라자|오피스텔|상가|마을|단지|사거리|삼거리|오거리|네거리|교차로|나들목|로터리|대교|터널"
    "|지하차도|고가도로|보건소|보건지소|우체국|경찰서|파출소|지구대|소방서|세무서|사업소|시청|구청|군청|터미널|병원|의원|약국|성당|교회|마트"
    "|백화점|시장|저수지|호수|포구|나루|고개|누리길|올레길|역|항|천|산"
)
# Long endings are the end of the name wherever they stand (노을초등학교운동회); short ones need a boundary after them.
_SURE = "초등학교|중학교|고등학교|도서관|산업단지|아파트|체육관|해수욕장|문화센터|주민센터"
_NAMED = re.compile(
    rf"(?<![가-힣a-z\d])(?P<name>[가-힣]{{2,8}}?|제\d)(?:(?P<kind>{_KINDS}){_END}|(?P<sure>{_SURE}))(?!과(?![가-힣])|님)"
)
_CITIES = re.compile(
    r"(?<![가-힣a-z\d])(?P<kind>(?:서울|부산|대구|인천|광주|대전|울산|세종|제주)시?|(?:고양|화성|하남|이천|안성|구리|의왕|여주|진주|구미|시흥)시"
    r"|(?:수원|용인|성남|부천|안산|안양|남양주|평택|의정부"
    r"|파주|김포|광명|군포|오산|양주|포천|동두천|과천|강릉|춘천|원주|청주|천안|전주|목포|여수|순천|포항|경주|창원)시?"
    r"|강원도|경기도|제주도|전라도|경상도|충청도)(?=(?:" + _PARTICLE + r")?(?![가-힣a-z]))"
)
_AREA = re.compile(rf"(?<![가-힣a-z\d])(?P<name>[가-힣]{{2,3}}?\d?)(?P<kind>동|읍|면|리){_END}")
_ALONE = re.compile(
    r"(?<![가-힣a-z\d])(?P<city>[가-힣]{2})?(?P<kind>시청|구청|군청|도청|보건소|시립\s?도서관|도서관|기차역|(?:시외|고속)?\s?버스\s?터미널|터미널"
    r"|종합\s?운동장|시민회관|문화회관|산업단지|차량등록사업소)" + _END
)
_ENGLISH = re.compile(
    r"\b(?P<name>[a-z]{3,12}(?:-(?:dong|eup|myeon|ri|ro))?|[a-z]{3,12} (?:art|city|central|community))"
    r" (?P<kind>elementary school|middle school|high school|library|park|station|market|mountain|peak|hall|plaza|bridge"
    r"|river"
    r"|museum|temple|hospital|apartments?|beach|fortress|town|industrial complex)\b"
    r"|\b[a-z]{3,10}-(?:dong|eup|myeon|ri)\b|\bcity hall\b"
)
_LATIN = re.compile(r"[a-z]{3}")
_NO_ENGLISH_NAME = _words(
    "can could should must may will want need how near city does where is to in at on of a an i we my the any",
    "this that our your some every each public local nearest closest nearby car dog for and from with what",
    "which skate water theme flea farmers farmer folk night fish traditional children childrens subway train",
    "bus police fire gas charging metro animal large small open big new old another weekend central same",
    "amusement free craft not beautiful best there one art science history general peace tool toy industrial",
)

# Words that end like a place and are none, or that name the kind and not the spot.
_NO_NAME = _words(
    "우리 동네 근처 주변 인근 가까운 무슨 어느 여기 거기 저기 다른 이런 그런 저런 작은 커다란 전통 재래 벼룩",
    "알뜰 농산물 수산물 번개 도깨비 야간 공구 장난감 장남감 무인 마을 동물 종합 대학 한방 요양 산부인과",
    "정형외과 고양이 강아지 어린이 근린 체육 반려견 반려동물 대형 소형 일반 무료 유료 전체 모든 주민 연금 공설",
    "함상 인천 장애인 행정 국공립 시립 공립 사립 초중 아파트 노인 상가 학교 지하 지상 임대 공공 민간 오래된",
    "유명한 조용한 새로운 큰길 골목 휴대폰 예쁜 좋은 넓은 국립 도립 산책 물놀이 눈썰매 실내 야외 애견 워터",
    "상권 중고 주식 노동 취업 부동산 경매 공장 주차 결식 전자",
)
# The last two syllables of everyday words, by the ending they share with a kind of place.
_EVERYDAY = {
    "동": "운행활이자감진작노변공소충아수전구시출합협연유파폭난가기반선율냉거발부태역제요생별",
    "역": "지구방영전용번통무병현주권하내음",
    "항": "사저대공취출반운결",
    "천": "추실하온원변",
    "산": "재예생정계등우출유하야국환자농축무수부해동",
    "리": "우거소자처관수정머다분빨유사무원도심허꼬부뿌마오보논의합격불승편필궤요서체계경생윤추",
}
# Real names whose last two syllables are an everyday word need more than that word before them.
_LONG_EVERYDAY = re.compile(
    r"(?:(?:봉사|체험|여가|동아리|취미|야외|문화|교육|놀이|단체|사회)활동|(?:걷기|준비|맨손|아침|근력|생활|유산소|실내)운동|(?:이상|돌발|단체|난폭)행동"
    r"|(?:장소|자리|위치|차량|단체|계좌)이동|[전반]자동|미작동|오작동|[가-힣]{2}구역|[가-힣]{2}내역|[가-힣]{2}지역|[가-힣]+사항|[가-힣]+추천|[가-힣]+정산"
    r"|부동산|[가-힣]+관리|[가-힣]+처리|[가-힣]+수리|[가-힣]+정리|[가-힣]+거리|[가-힣]+소리|[가-힣]+자리|[가-힣]+분리)$"
)
# 하면, 있으면, 정면: only in the name of an office or beside a village is …면 surely a township.
_FACES = frozenset("정측전후방화장표노지단도겉이반벽내외수옆앞뒤윗랫라냉쫄차하가오보으되리닥")
_TOWNSHIP = re.compile(
    r"에(?![가-힣]{2})|에서|으로|쪽|\s쪽|\s?(?:사무소|행정복지|주민|면민|체육|[가-힣]{2,3}리(?![가-힣]))"
)
_RI_AFTER = re.compile(r"\s?(?:\d|에|쪽|마을|이장|회관|들어가|입구|삼거리|사거리|주민|논|밭|산|경로당)")
_ADNOMINAL = "은는운한된던의에서고인할을를데면려니해게지"


def find_place_shapes(text: str) -> Iterator[Found]:
    """`place` finds of folded text by shape alone; value is the name as said, `detail` the ending that gave it away."""
    for match in _NAMED.finditer(text):
        if _is_name(match["name"], match["kind"] or match["sure"]):
            yield _found(match)
    for match in _AREA.finditer(text):
        if _is_area(match, text):
            yield _found(match)
    for pattern in (_ALONE, _CITIES):
        for match in pattern.finditer(text):
            yield _found(match)
    if _LATIN.search(text):
        for match in _ENGLISH.finditer(text):
            if match["name"] is None or match["name"].split(" ")[0] not in _NO_ENGLISH_NAME:
                yield _found(match)


def _found(match: re.Match[str]) -> Found:
    kind = match["kind"] or match.groupdict().get("sure") or "area"
    return Found(*match.span(), "place", match[0], 0.7, detail={"kind": UNLISTED, "ending": kind.replace(" ", "")})


def _is_name(name: str, kind: str) -> bool:
    if name in _NO_NAME or name.endswith(("동물", "에있는")) or (len(name) > 2 and name[-1] in _ADNOMINAL):
        return False
    if kind in _EVERYDAY:
        return not (name[-1] in _EVERYDAY[kind] and len(name) < 3 - (kind == "역")) and not _LONG_EVERYDAY.search(
            name + kind
        )
    return True


def _is_area(match: re.Match[str], text: str) -> bool:
    name, kind = match["name"], match["kind"]
    if kind == "면":
        return name[-1] not in _FACES and _TOWNSHIP.match(text, match.end()) is not None
    if kind == "리":
        return name[-1] not in _EVERYDAY["리"] and _RI_AFTER.match(text, match.end()) is not None
    if kind == "동":
        return name not in _NO_NAME and _LONG_EVERYDAY.search(name + kind) is None
    return True

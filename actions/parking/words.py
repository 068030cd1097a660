"""The words by which citizens say what kind of lot they want, and what the data cannot answer."""

import re

FILTERS = {
    "ev": re.compile(r"전기\s*(?:자동)?차|충전|\bev\b|electric|charg", re.I),
    "disabled": re.compile(r"장애인|휠체어|disabled|wheelchair|accessible", re.I),
    "free": re.compile(r"무료|공짜|꽁짜|돈\s*안\s*(?:내|받)|\bfree\b", re.I),
    "large": re.compile(
        r"넓은|널찍|(?<![가-힣])큰\s*(?:데|곳|주차장)|자리\s*많은|\bbig\b|\blarge (?:lot|car p|park)", re.I
    ),
    "open_now": re.compile(r"지금\s*(?:연|여는|열린|열려|이용)|(?:영업|운영)\s*중|\bopen now\b", re.I),
    "all_day": re.compile(r"24\s*시간\s*(?:내내|운영|하|영업|여|열|이용|개방|무료|주차장)|24/7|\b24[- ]hours?\b", re.I),
}
# What people ask for and no column of the source tells.
UNSAID = {
    "heavy": re.compile(r"트럭|화물차|대형차|버스\s*주차|덤프|캠핑카|truck|camper|large vehicle", re.I),
    "live": re.compile(
        r"빈\s*자리|남은\s*(?:자리|데|곳)|자리\s*(?:남|있|나)|여석|만차|spaces? (?:\w+ ){0,4}left|vacan", re.I
    ),
    "discount": re.compile(r"할인|감면|반값|다자녀|유공자|임산부|깎아|경차|저공해|discount", re.I),
}
# "무료인 데는?" and "24시간 하는 주차장" look for a lot, although they sound like a question about fees or hours.
SEEKS = re.compile(
    r"(?:무료|공짜|24\s*시간|넓은|큰)[가-힣\s]{0,7}(?:데|곳|주차장)(?!\s*(?:요금|얼마|맞))|free (?:lot|car park)",
    re.I,
)
ASKS_WAY = re.compile(r"어디|위치|주소|길\s*(?:안내|찾)|가는\s*길|where|address|directions", re.I)
AROUND = re.compile(r"근처|주변|다른|말고|\bnear\b|\baround\b|\bother\b", re.I)
OTHERS = re.compile(r"다른\s*(?:데|곳|주차)|또\s*(?:없|다른)|\bother (?:lot|car park|parking)|anywhere else", re.I)
WANTS_MONTH = re.compile(r"정기권|월\s*주차|한\s*달|월정기|정기\s*주차|monthly|month pass", re.I)
HERE = re.compile(
    r"여기(?!\s*(?:말고|빼고|아니))|이\s*근처|(?:내|제|현|현재)\s*위치|이\s*동네|"
    r"\bhere\b|\bnear me\b|\bnearby\b|my location",
    re.I,
)
THERE = re.compile(r"거기|그\s*근처|그쪽|그곳|\bthere\b", re.I)
ABOUT_PARKING = re.compile(r"주차|차\s*(?:대|세)|\bpark", re.I)
# A place of a kind that everybody knows, but that the gazetteer did not: better to say so than to use another place.
STRANGE = re.compile(
    r"(?<![가-힣])(?!지하철역|전철역|기차역|종합병원|전통시장|재래시장|동물병원|대학병원|이\s?동|자동|공동|활동)"
    r"([가-힣A-Za-z0-9]{1,10}(?:역|공항|터미널|시청|구청|군청|해수욕장|병원|백화점|대학교|아파트|[가-힣]시장)|[가-힣]{2,5}[동읍면])"
    r"(?=$|\s|에|의|로|까지|근처|주변|앞|옆|쪽|주차|인데)"
)

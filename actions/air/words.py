"""The words by which citizens ask for the air: which pollutant, for whom, to do what, and what about it."""

import re
from typing import Literal

Asks = Literal[
    "now", "hours", "past", "forecast", "clean", "alerts", "criteria", "grades", "why", "source", "stations", "limits"
]
Who = Literal["child", "elder", "pregnant", "patient"]
Doing = Literal["mask", "window", "laundry", "exercise", "outing"]

POLLUTANTS: dict[str, re.Pattern[str]] = {
    "PM25": re.compile(
        r"초\s?[미ㅁ][세새셰쎄](?:\s?[먼몬머멘][지쥐]|먼)?|초미먼|pm\s?-?2[.,]?5|ultra-?fine|fine particulate", re.I
    ),
    "PM10": re.compile(
        r"(?<![초가-힣])미[세새셰쎄]\s?[먼몬머멘][지쥐]|(?<!초)미먼(?![가-힣])|pm\s?-?10|황사|모래\s?먼지|먼지|"
        r"(?<!ultra)(?<!ultra-)\bfine dust|\bdust",
        re.I,
    ),
    "O3": re.compile(r"오존|\bozone|\bo3\b", re.I),
    "NO2": re.compile(r"이산화\s?질소|\bno2\b|nitrogen", re.I),
    "SO2": re.compile(r"아황산|이산화\s?황(?!사)|\bso2\b|sul(?:ph|f)ur", re.I),
    "CO": re.compile(r"일산화\s?탄소|\bco\b|carbon monoxide", re.I),
}
OF_ENTITY = {"pm10": "PM10", "pm25": "PM25", "o3": "O3", "no2": "NO2", "so2": "SO2", "co": "CO", "yellow_dust": "PM10"}
"""The language engine's names of pollutants, which it knows by their slips too (미머지, 초미새)."""
YELLOW_DUST = re.compile(r"황사|모래\s?바람|모래\s?먼지|yellow dust|sand ?storm", re.I)

WHO: dict[Who, re.Pattern[str]] = {
    "child": re.compile(
        r"아이(?!스|폰|템|디)|(?<![가-힣])애(?:들|기|를|랑|가|는|도|델|데)|아기|유아|영아|어린이|초등|유치원|"
        r"신생아|손주|손자|손녀|"
        r"(?<![가-힣])(?:우리\s?)?(?:아들|딸)(?![가-힣]기)|\bkids?\b|\bchild|\bbab(?:y|ies)\b|toddler|"
        r"\bson\b|daughter",
        re.I,
    ),
    "elder": re.compile(
        r"할머니|할아버지|할매|할배|어르신|노인|경로당|노모|부모님|어머니|아버지|\belder|senior|"
        r"grand(?:ma|pa|mother|father)",
        re.I,
    ),
    "pregnant": re.compile(r"임산부|임신|임부|산모|만삭|pregnan", re.I),
    "patient": re.compile(
        r"천식|호흡기|기관지|폐질환|폐가|폐\s?(?:안|질|약)|비염|심장|심혈관|협심|아토피|알레르기|알러지|환자|"
        r"항암|투석|"
        r"asthma|\bcopd\b|\bheart\b|\blungs?\b|allerg|bronch|patient",
        re.I,
    ),
}
DOING: dict[Doing, re.Pattern[str]] = {
    "mask": re.compile(r"마스크|마스코|kf\s?-?(?:80|94|ad)|\bmasks?\b", re.I),
    "window": re.compile(
        r"창문|창\s?(?:좀\s?)?열|환기|한기\s?시|문\s?(?:좀|활짝|쪼까|쪼매)?\s?(?:열|닫)|공기\s?청정기|"
        r"\bwindows?\b|ventilat|air purifier",
        re.I,
    ),
    "laundry": re.compile(
        r"빨래|딸레|이불|(?<![가-힣])널(?:어|까|면|고|자)|laundry|washing out|hang .*(?:clothes|out)", re.I
    ),
    "exercise": re.compile(
        r"운동(?!장)|뛰(?:어|면|러|는|고)|조깅|러닝|런닝|달리|축구|농구|야구|족구|테니스|골프|등산|산에|"
        r"자전거|마라톤|체육|훈련|캐치볼|"
        r"\bruns?\b|running|\bjog|exercise|work ?out|\bcycl|\bbik(?:e|ing)\b|\bhik|\bsports?\b|soccer|"
        r"football|tennis",
        re.I,
    ),
    "outing": re.compile(
        r"나가|나갈|나갔|나갔다|외출|산[책챡]|나들이|소풍|놀이터|바깥\s?놀이|마실|캠핑|피크닉|데리고|데꼬|"
        r"델꼬|야외|걸어도|걷기|바람\s?쐬|체험\s?학습|"
        r"\bwalks?\b|walking|go(?:ing)? out|\boutside\b|outdoors?|picnic|playground|\bto the park\b|\bstroll",
        re.I,
    ),
}

LIMITS = re.compile(
    r"비상\s?저감|예비\s?저감|저감\s?조치|5\s?등급|운행\s?제한|차량?\s?2부제|공공\s?2부제|계절\s?관리|"
    r"노후\s?경유|emergency (?:dust )?reduction|"
    r"\bdiesel|grade[- ]?5|driving ban|old cars?",
    re.I,
)
_ALARM = r"(?:경보|주의보|특보|기준\s?도달)"
CRITERIA = re.compile(
    rf"{_ALARM}[^.?!]{{0,14}}(?:기준|차이|몇|얼마|나뉘|뜻)|기준[^.?!]{{0,8}}{_ALARM}|"
    r"(?:criteria|threshold|limit)s?[^.?!]{0,20}(?:alert|warning|advisory)|"
    r"(?:alert|warning|advisory)[^.?!]{0,12}(?:criteria|threshold)",
    re.I,
)
ALERTS = re.compile(rf"{_ALARM}|발령|(?<![가-힣])해제|\balerts?\b|\bwarnings?\b|advisor(?:y|ies)", re.I)
GRADES = re.compile(
    r"(?:좋음|보통|나쁨|매우\s?나쁨)(?:은|이|이면|일\s?때|단계는?)?[^.?!]{0,8}(?:몇|얼마|기준|뜻)|"
    r"(?:등급|수치|단계)\s?(?:기준|은?\s?어떻게|구분)|기준[^.?!]{0,6}(?:등급|나쁨|보통)|"
    r"몇(?:이면|부터|이\s?넘으면)[^.?!]{0,6}(?:나쁨|보통|나쁜)|"
    r"통합\s?대기\s?(?:환경)?\s?지수(?:가|란|는|이란)?\s?(?:뭐|무엇|뭔)|what (?:is|does) (?:the )?(?:cai|index)\b|"
    r"(?:what|which) (?:level|value|number)s?[^.?!]{0,20}(?:unhealthy|bad|moderate)",
    re.I,
)
WHY = re.compile(r"(?<![가-힣])왜(?!냐)|이유|원인|뭐\s?때문|무엇\s?때문|때문인가|\bwhy\b|\bcauses?d?\b|\breason", re.I)
SOURCE = re.compile(
    r"어디서\s?(?:나온|나오|가져|온|난|재|측정|받)|출처|누가\s?(?:재|측정|만든|정)|믿(?:어|을|어도|을만)|"
    r"정확(?:해|한|하|도)|진짜\s?(?:맞|인)|"
    r"근거|(?:이|그|저)\s?(?:숫자|값|수치)[^.?!]{0,6}맞|몇\s?시\s?(?:값|자료|기준|거|꺼|수치|측정)|"
    r"언제\s?(?:값|잰|측정|자료|거|갱신|기준)|갱신|실시간\s?(?:이야|인가|맞|이에요|자료야)|"
    r"where (?:do|does|did|are|is)[^.?!]{0,24}(?:from|data)|\bsource\b|reliable|trust|accurate|"
    r"how (?:old|fresh|recent)|"
    r"when was (?:this|it)",
    re.I,
)
STATIONS = re.compile(
    r"측정소\s?(?:가|는|은|들?은)?\s?(?:어디|위치|목록|몇\s?(?:곳|개)|이름|주소|거리)|"
    r"(?:가까운|근처)\s?측정소|측정기\s?(?:는|가)?\s?어디|어느\s?측정소|"
    r"(?:which|where|nearest|list of)[^.?!]{0,14}stations?|stations? (?:list|near)",
    re.I,
)
HOURS = re.compile(
    r"시간\s?(?:대)?\s?별(?!(?:로)?\s?말고)|시간대(?!별|\s?말고)|매\s?시간|시간\s?마다|한\s?시간\s?단위|추이|"
    r"추세|변화|흐름|그래프|차트|표로|"
    r"hourly|by (?:the )?hour|every hour|hour by hour|\btrend|\bchart|\bgraph|last (?:12|few|several) hours",
    re.I,
)
PAST = re.compile(
    r"어제|그저께|그제|엊그제|전날|아까(?:보다|랑|하고|는)|(?:좋|나빠|나아|심해|낮아|높아)(?:진|졌)(?!으면)|"
    r"(?:오전|아침|새벽|어젯밤|지난\s?주)(?:보다|이랑|하고)|비교(?!적)|"
    r"yesterday|compared? (?:to|with)|than (?:before|earlier|this morning)|\bbetter than|\bworse than|"
    r"(?:got|gotten) (?:better|worse)",
    re.I,
)
FUTURE = re.compile(
    r"예보|전망|예측|예상|나아(?:지|질)|좋아(?:지|질)|나빠(?:지|질)|심해(?:지|질)|풀리|풀릴|걷히|걷힐|맑아|"
    r"물러|언제쯤|언제까지|앞으로|며칠\s?뒤|"
    r"(?<![가-힣])(?:내일|낼|모레|글피)|forecast|tomorrow|\bwill\b|going to be|get (?:better|worse)|outlook|expected",
    re.I,
)
CLEAN = re.compile(
    r"(?:가장|제일|젤|더)\s?(?:공기\s?(?:가\s?)?)?(?:깨끗|맑|청정|좋은|낮은)|"
    r"공기\s?(?:가\s?)?(?:좋은|맑은|깨끗한)\s?(?:데|곳|동네)|깨끗한\s?(?:데|곳|동네)|"
    r"cleanest|cleaner (?:place|air|area)|best air|lowest|cleanest air",
    re.I,
)
DIRTY = re.compile(
    r"(?:가장|제일|젤|더)\s?(?:공기\s?(?:가\s?)?)?(?:나쁜|더러운|탁한|심한|높은|안\s?좋은)|worst|dirtiest|"
    r"most polluted|highest",
    re.I,
)
INDOORS = re.compile(
    r"지하|실내|(?<!대)교실|역사\s?안|승강장|집\s?안|주차장|indoors?|underground|garage|basement", re.I
)

HERE = re.compile(
    r"(?<![가-힣])여기(?!\s*(?:말고|빼고|아니))|이\s*근처|(?:내|제|현|현재)\s*위치|이\s*동네|\bhere\b|"
    r"\bnear me\b|\bnearby\b|my location",
    re.I,
)
OWN_PLACE = re.compile(
    r"(?:집|자택|회사|직장|사무실|일터)\s*(?:에서|서\s|까지|근처|앞|주변|부근|인근|옆|쪽|가까|에\s|은|는|의|공기|미세|초미세|오존|먼지|대기|$|\?)|"
    r"\b(?:near|at|around|by)\s+(?:my\s+)?(?:home|work|office|workplace)\b|\bmy (?:home|office|workplace)\b",
    re.I,
)
WHOLE_CITY = re.compile(
    r"(?:시|도시)\s?전체|전체\s?(?:시|지역)|시내\s?전체|모든\s?측정소|측정소별|whole city|city-?wide|all stations", re.I
)
ABOUT_AIR = re.compile(
    r"공기|대기\s?(?:질|오염|상태|환경)|미세|초미세|오존|황사|먼지|통합\s?지수|\bair\b|\bdust|ozone|"
    r"\bpm\s?\d|\bcai\b|\baqi\b",
    re.I,
)
# The air by its own name with what is asked of it, where the language engine is not sure ("부산 공기 어때").
AIR_ASKED = re.compile(
    r"(?:(?<![가-힣])공기(?=[\s가는도질를랑]|$)|대기\s?(?:질|상태|오염)|미[세새셰]\s?먼지|초미[세새]|오존|황사|미먼(?![가-힣]))"
    r"[^.!]{0,18}(?:어때|어떄|어땠|어떤|어떰|어떻|어떨|괜찮|갠찮|좋[아은나다]|조[아은]|알려|보여|말해|나[쁘빠쁜]|심[하한해]|몇|얼마|수치|농도|정도|예보|\?)|"
    r"\b(?:air|ozone|fine dust|pm ?2\.?5|pm ?10)\b[^.!]{0,20}(?:\?|good|bad|ok|fine|clean|like|quality|level)|"
    r"(?:how|what)[^.!]{0,12}\b(?:air|ozone|fine dust)\b",
    re.I,
)
# "운동해도 돼?", "산책 괜찮을까": whether one may, where nothing but the air is asked about in this city.
MAY_ASKED = re.compile(
    r"(?:나가|나갈|외출|산책|운동|뛰|조깅|러닝|달리|자전거|창문|환기|마스크|빨래|놀이터)[^.!]{0,14}"
    r"(?:도\s?(?:돼|되|될)|괜찮|갠찮|써야|쓰고|해야|가능)[가-힣?\s]{0,6}$",
    re.I,
)
AIR_OF_A_CAR_PARK = re.compile(r"주차장(?:의|은|이)?\s?(?:안|쪽|내부|주변)?\s?공기")
# "how about Seoul": a place in English that the language engine has no list of.
ELSEWHERE_EN = re.compile(r"\b(?:how about|what about|and|in)\s+(?:in\s+)?(?P<name>[A-Z][a-zA-Z-]{2,20})\b(?!\s+air)")
# Towns and provinces that people name, also where the language engine hears no place in them ("부산은?").
OTHER_CITY = re.compile(
    r"(?<![가-힣])(?P<name>서울|부산|인천|대구|대전|광주|울산|세종|제주|수원|고양|부천|파주|강화|경기|강원|충북|충남|전북|전남|경북|경남|성남|용인|"
    r"안양|안산|화성|평택|의정부|춘천|청주|천안|전주|목포|여수|순천|광양|포항|창원)(?:시|도)?(?=$|\s|은|는|도|의|[?!.])"
)
# Other rooms' business, of which a short text is no follow-up on the air.
OTHERS = re.compile(
    r"주차|주정차|민원|신고|접수|제보|알림|알려\s?줘.{0,6}(?:때|면|마다)|구독|해지|수신|냄새|악취|매연|연기|"
    r"탄내|소각|공회전|체납|세금|과태료|요금|여권|등본|도서관|축제|행사|맛집|약국|"
    r"전화|상담원|사람\s?(?:과|이랑|한테)|subscri|notify|complain|report\b|parking|smell|smoke|\btax|library|"
    r"festival",
    re.I,
)

"""The words by which citizens say what kind of lot they want, whose discount is theirs, and what they ask of a lot."""

import re

from core.contracts.tariff import DiscountKind

_BAY = r"\s*(?:전용|배려|우선|주차)?\s*(?:자리|칸|면|구역|주차\s*구역|주차장|있는|되는|댈)"
FILTERS = {
    "ev": re.compile(
        r"(?:전기\s*(?:자동)?차|충전)(?!\s*(?:할인|감면|반값|(?:이?면|인데|로|라서)\s*(?:얼마|요금|할인)))|\bev\b|electric|charg",
        re.I,
    ),
    "disabled": re.compile(
        r"장애인(?!\s*(?:차량?|표지|등록)?(?:은|는|이|이면|인데|이라|도|으로)?\s*(?:할인|감면|반값|얼마|요금|무료))|휠체어|"
        r"disabled(?! (?:discount|driver))|wheelchair|accessible",
        re.I,
    ),
    "free": re.compile(
        r"무료|공짜|꽁짜|돈\s*안\s*(?:내|받)|\bfree (?:parking|lot|car|of)|\bfree\b(?! (?:space|bay|spot))", re.I
    ),
    "large": re.compile(
        r"넓은|널찍|(?<![가-힣])큰\s*(?:데|곳|주차장)|자리\s*많은|\bbig\b|\blarge (?:lot|car p|park)", re.I
    ),
    "open_now": re.compile(
        r"지금\s*(?:연|여는|열린|열려|열고|문\s*연|이용|쓸\s*수)|(?:영업|운영)\s*중|\bopen (?:right )?now\b", re.I
    ),
    "all_day": re.compile(r"24\s*시간\s*(?:내내|운영|하|영업|여|열|이용|개방|무료|주차장)|24/7|\b24[- ]hours?\b", re.I),
    "family": re.compile(
        rf"가족\s*배려|(?:가족|유아|유모차|아이)\s*(?:동반)?{_BAY}|(?:임산부|임신부){_BAY}|"
        r"(?:family|pregnan\w+|parent)\s*(?:bay|space|parking)",
        re.I,
    ),
    "woman": re.compile(rf"여성{_BAY}|wom[ae]n(?:'s)?[- ](?:only )?(?:bay|space|parking)", re.I),
    "compact": re.compile(rf"경차{_BAY}|compact (?:bay|space)", re.I),
    "vacant": re.compile(
        r"(?:빈\s*자리|남은\s*자리|자리(?:가)?)\s*(?:있는|남은|남는|많은)\s*(?:데|곳|주차)|빈\s*(?:데|곳)(?:만)?|만차\s*아닌|"
        r"비어\s*있는\s*(?:데|곳|주차)|여유\s*있는\s*(?:데|곳)|with (?:free|empty|open) (?:space|spot|bay)s?",
        re.I,
    ),
}
FREE_PLACE = re.compile(r"빈\s*자리|빈\s*(?:데|곳|칸|면)|비어|여석|만차|남(?:은|는|아)|vacan|empty", re.I)
"""A place that is free, beyond doubt; 자리 alone may be a kind of bay."""
HEIGHT = re.compile(
    r"(?a)(?:높이|차고|전고|height|high|키)\s*(?:제한|가|는|이|of)?\s*(?P<a>[1-4])\s*(?:[.,]\s*(?P<b>\d{1,2})|(?:m|미터)\s*(?P<c>\d{1,2})?)?|"
    r"(?P<d>[1-4])\s*(?:[.,]\s*(?P<e>\d{1,2})\s*(?:m\b|미터|m높이)|(?:m|미터)\s*(?P<f>\d{1,2}))(?=[^.]{0,12}(?:높이|차|되는|들어|이하|high|tall|clear|$))",
    re.I,
)
HEIGHT_CM = re.compile(r"(?a)(?<!\d)(?P<cm>1[4-9]\d|[23]\d\d)\s*(?:cm|센티)", re.I)
DISCOUNTS: dict[DiscountKind, re.Pattern[str]] = {
    "compact": re.compile(r"경차|경형|모닝(?!콜)|스파크|레이(?=[로는인차\s])|compact car|small car", re.I),
    "disabled": re.compile(r"장애인|복지\s*카드|disab", re.I),
    "veteran": re.compile(r"유공자|고엽제|5[.·]?18|참전|보훈|veteran", re.I),
    "green": re.compile(r"저공해|친환경|하이브리드|수소\s*차|hybrid|low[- ]emission|hydrogen", re.I),
    "electric": re.compile(r"전기\s*(?:자동)?차|테슬라|아이오닉|electric|\bev\b", re.I),
    "children": re.compile(
        r"다자녀|다둥이|(?:아이|애|자녀)(?:가)?\s*(?:셋|넷|둘|[2-5]\s*명)|(?:three|two|many) (?:children|kids)", re.I
    ),
    "pregnant": re.compile(r"임산부|임신|산모|pregnan", re.I),
    "senior": re.compile(r"경로|어르신|65\s*세|노인|senior|elderly", re.I),
    "transit": re.compile(r"환승(?!\s*주차장)|transfer", re.I),
    "carpool": re.compile(r"요일제|carpool", re.I),
    "taxpayer": re.compile(r"모범\s*납세|성실\s*납세|taxpayer", re.I),
}
# What people ask for and no column of the source tells.
UNSAID = {
    "heavy": re.compile(r"트럭|화물차|대형차|버스\s*주차|덤프|캠핑카|truck|camper|large vehicle", re.I),
    "discount": re.compile(r"할인|감면|반값|깎아|discount", re.I),
}
SPACE = re.compile(
    r"빈\s*자리|남은\s*(?:자리|데|곳)|자리(?:가|는)?\s*(?:남|있|없|많)|여석|만차|(?:댈|세울)\s*수\s*있|몇\s*자리|몇\s*대|"
    r"spaces? (?:\w+ ){0,4}left|vacan|will there be|free spaces?|be full|find a (?:space|spot)",
    re.I,
)
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
OWN_PLACE = re.compile(
    r"(?:집|자택|회사|직장|사무실|일터)\s*(?:에서|서\s|까지|근처|앞|주변|부근|인근|옆|쪽|가까|에\s|(?:무료|공영)?\s*주차|$)|"
    r"\b(?:near(?:est)?|by|at|around|from|to|close to|beside)\s+(?:to\s+)?(?:my\s+)?(?:home|work|office|workplace)\b",
    re.I,
)
"""Something is looked for at his home or work; which of the two hears `civic.parking.places.kind_said`."""
THERE = re.compile(r"거기|그\s*근처|그쪽|그곳|\bthere\b", re.I)
ABOUT_PARKING = re.compile(r"주차|차\s*(?:대|세)|\bpark", re.I)
CHEAPER = re.compile(
    r"(?:더|제일|가장|젤|그\s*중에?|싼|저렴한)\s*(?:싼|싸|저렴|비싼|비싸)|싼\s*(?:데|곳|거|순|주차장|쪽)|저렴한\s*(?:데|곳|거|순|주차장|쪽)|"
    r"(?:가격|요금)\s*(?:을|를|좀)?\s*비교|비교\s*(?:해|좀)|어(?:느|디)[가-힣\s]{0,8}(?:나아|나을까|낫|이득)|"
    r"\bcheap(?:er|est)?\b|\bcompare\b|which is better",
    re.I,
)
CLOSER = re.compile(
    r"(?:더|제일|가장|젤)\s*(?:가까|가찬|가차운)|가까운\s*(?:데|곳|거|순)|\b(?:nearest|closest|closer)\b", re.I
)
LEAVING = re.compile(
    r"(?:몇\s*시|언제|얼마나\s*일찍)[가-힣\s]{0,12}(?:출발|나가야|나서야|떠나)|(?:언제|몇\s*시)(?:쯤|에)?[가-힣\s]{0,8}(?:가면|가야|와야|오면)|"
    r"한산|여유로|여유\s*있(?:어|을)|붐비|붐빌|덜\s*(?:막|붐|복잡)|"
    r"when (?:should|to|is)[\w\s]{0,30}(?:leave|go|busy|quiet|best time)|"
    r"(?:least|most) busy|best time|what time should",
    re.I,
)
# A moment of arrival or of driving in, not a search for another place: "3시까지 도착하려면".
ARRIVING = re.compile(r"도착\s*(?:하려|해야|할|하면)|까지\s*(?:가려|가야|도착)|arriv|get there by", re.I)
FEE = re.compile(r"요금|얼마|주차비|how much|\bfee|\bcost|\bprice", re.I)
# "손님 많은 주차장" describes, "은하 주차장" names.
DESCRIBES = re.compile(r"\s|(?:[은는한인된할던을운]|없이|처럼|마다|부터|까지)$")
KIND_OF_LOT = re.compile(r"\s?(?:공영|노상|노외|환승|공용|부설|지하|임시)$")
PHONE = re.compile(r"전화|연락처|문의처|폰\s*번호|\bphone\b|\bcall\b|telephone|\bnumber to\b", re.I)
HOURS = re.compile(
    r"몇\s*시(?:에|까지|부터)?\s*(?:까지|부터|해|하|문|열|닫|여|끝|운영|영업|마감)|언제까지|(?:문|셔터)\s*(?:언제|몇\s*시)|영업\s*시간|운영\s*시간|이용\s*시간|"
    r"\bwhen (?:does|do) (?:it|they) (?:open|close)|(?:opening|business|what) hours|what time does it (?:open|close)",
    re.I,
)
WAY = re.compile(
    r"길\s*(?:찾|안내|알려)|가는\s*길|어떻게\s*가|네비|내비|지도|주소|(?:거기|그\s*주차장|정확히|위치)[가-힣\s]{0,4}(?:어디|위치|알려)|위치\s*(?:알려|보내|좀)|"
    r"\bdirections?\b|\bmap\b|\baddress\b|how do i get there|where is (?:it|that)",
    re.I,
)
PAYMENT = re.compile(
    r"카드\s*(?:돼|되|도|만|결제|로)|현금|결제\s*(?:방법|수단|어떻게|되)|pay by|\bcash\b|\bcard\b", re.I
)
# "자리 나면 알려줘" asks to be told later, which another room does.
WATCHES = re.compile(
    r"알림|알려\s*(?:줘|주).{0,6}(?:면|때)|(?:나면|생기면|비면|나거든|나는\s*대로|있으면).{0,8}(?:알|연락|말)|"
    r"notify|let me know|tell me when",
    re.I,
)
YES = re.compile(
    r"^\s*(?:네|예|넵|응|어|ㅇㅇ|맞아요?|맞습니다|그래요?|yes|yep|yeah|right|correct)[요.!~ㅎㅋ\s]*$", re.I
)
# Other rooms' business: a telephone or an hour of these is not a lot's.
ELSEWHERE = re.compile(
    r"주민\s*센터|행정\s*복지|시청|구청|도서관|보건소|민원|담당|부서|약국|병원|체육|공원\s|쓰레기|여권|등본|미세먼지|공기|날씨|체납|세금|과태료|신고|"
    r"\boffice\b|library|city hall|complaint|\bair\b",
    re.I,
)
# "구래공영주차쟝": what people type for 주차장.
SLIPS_OF_LOT = re.compile(r"(?:주|쥬|추)\s?(?:차|챠|자)\s?(?:쟝|짱|잠|장|쨩)")
LOT_NAME = re.compile(
    r"(?P<name>[가-힣A-Za-z0-9·①-⑳]{2,24}?(?:\s(?:제?\s?\d{1,2}|[가-힣A-Za-z0-9]{1,8}))?)\s?(?:공영|노상|노외|환승|공용|부설|지하|임시)?\s?주차(?:장|타워)"
)
# Words before 주차장 that name no lot.
NO_NAME = re.compile(
    r"^(?:근처|주변|가까운|제일|가장|무료|유료|공영|공용|노상|노외|환승|지하|실내|실외|야외|임시|큰|넓은|싼|저렴한|다른|그|이|저|여기|거기|그럼|혹시|지금|빈|자리|있는|되는|하는|"
    r"전기차|장애인|경차|여성|가족|임산부|민영|부설|충전|두\s?번째|첫\s?번째|세\s?번째|마지막|모든|어느|무슨|우리|동네|시내|도심|시간|높이|들어가는|댈|세울|여는|연|운영|영업|다시|자동|이번|그냥|어디|뭐|좀|아무|제발|알려줘|찾아줘|기계식|자주식|월정기|정기|거주자우선|거주자|마을|학교|아파트|건물|상가|안|못|도|만|에|의)+$"
)
# A place of a kind that everybody knows, but that the gazetteer did not: better to say so than to use another place.
STRANGE = re.compile(
    r"(?<![가-힣])(?!지하철역|전철역|기차역|종합병원|전통시장|재래시장|동물병원|대학병원|이\s?동|자동|공동|활동)"
    r"([가-힣A-Za-z0-9]{1,10}(?:역|공항|터미널|시청|구청|군청|해수욕장|병원|백화점|대학교|아파트|[가-힣]시장)|[가-힣]{2,5}[동읍면])"
    r"(?=$|\s|에|의|로|까지|근처|주변|앞|옆|쪽|주차|인데)"
)

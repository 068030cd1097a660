"""The expressions of day and clock that citizens use, as regular expressions with named parts."""

import re

from nlu.entities.numerals import ENGLISH, NATIVE

_WEEKDAY_EN = r"(?:mon|tues|wednes|thurs|fri|satur|sun)day"
_WEEK_OF = r"다다음|이번|다음|담|지난|저번"
_MONTH_EN = r"january|february|march|april|june|july|august|september|october|november|december"
# What may be said of a month besides its days: its beginning, middle and end, or one of its weeks.
_OF_MONTH = (
    r"(?P<{0}_third>초순|중순|하순|[초말](?=에|엔|까지|부터|쯤|경|이|\s|$))"
    r"|(?P<{0}_week>첫째|둘째|셋째|넷째|다섯째|[1-5])\s?주(?!차|일|간|째)"
)
_HOLIDAYS = (
    r"(?:(?:설날?|추석|황금|한글날|어린이날|광복절|개천절|삼일절)\s?)?(?<!자)연휴(?!양)|(?:정월\s?)?대보름|설날|구정|신정|추석|한가위|명절"
    r"|새해(?!\s?복)|삼일절|어린이날|어버이날|스승의\s?날|석가탄신일|부처님\s?오신\s?날|현충일|제헌절|광복절|개천절|한글날|성탄절"
    r"|크리스마스(?:\s?이브)?(?!\s?트리)|식목일|단오|칠석|동지(?=에|날|\s|$)|근로자의\s?날|노동절|[시구군]민의\s?날"
    r"|\bnew[ ]year'?s[ ](?:eve|day)\b|\bchristmas(?:[ ]eve)?\b|\bchuseok\b|\bseollal\b|\blunar[ ]new[ ]year\b"
    r"|\bchildren'?s[ ]day\b"
)

YEAR = re.compile(
    r"(?P<year_word>재작년|작년|지난\s?해(?!소)|올해|올\s?한\s?해|금년|내년|후년|\b(?:this|last|next) year\b)"
    r"|(?<!\d)(?P<full_year>(?:19|20)\d\d)\s?년(?!\s?\d{1,2}\s?월\s?\d{1,2}\s?일)(?:도(?=\s|$))?",
    re.ASCII,
)

DAY = re.compile(
    rf"""
  (?P<day>(?:낼|내일)\s?모레|오늘|금일|내일|명일|모레|글피|엊그제|그저께|그제(?!서|야)|어제|어저께
    |(?<![가-힣])낼(?=\s?(?:아침|오전|오후|저녁|점심|밤|까지|부터|은|도|미세|날씨|\d|[월화수목금토일]요))
    |(?:어제|어저께)(?=\s?밤)|\b(?:today|tonight|tomorrow|yesterday)\b)
| (?P<last_night>어젯밤|간밤|지난\s?밤|어제밤|\blast[ ]night\b)
| (?P<week_of>{_WEEK_OF})\s?주(?!차|민|유|정|소|택|변|문|인|취|제|의|최|말농)
    (?:\s?(?P<week_day>[월화수목금토일])(?:요일|욜|(?=까지|에|\s|$))|\s?(?P<week_end>주?말))?
| (?P<this_week>금주|차주)(?![가-힣])
| (?:(?P<month_of>이번|다음|담|지난|저번|이)\s?달(?!성|라|리|콤|력|걀)|(?P<next_month>내달))
    (?:\s?(?:{_OF_MONTH.format("said")}))?
| (?P<weekday>[월화수목금토일])(?:요일|욜)
| (?P<weekend>(?<!즐거운[ ])(?<!즐거운)(?<!좋은[ ])(?<!행복한[ ])주말)(?!농장|부부|드라마)|(?P<en_weekend>\bweekends?\b)
| (?P<loose>공휴일|평일(?=[가-힣]{{0,2}}(?:\s|$)|[\s,.?!]|$)|(?<!정기)(?<!대체공)(?<!임시공)휴일(?!관)
    |주중(?=[에\s엔]|$)|월말|월초|연말(?!정산)|연초(?=[에\s엔]|$)
    |{_HOLIDAYS}|\b(?:public[ ])?holidays?\b|\bweekdays?\b)
| (?P<season>(?<![가-힣])(?:초|늦|한|올)?(?:여름|가을|겨울)(?!방학|왕국|연가|옷|용|학기|이불|철?새)(?:철)?
    |(?<![가-힣])(?:새|초|늦|올)?봄(?=에|철|이|부터|까지|맞이|마다|[ ](?!니|요|직)|$)(?:철)?
    |\b(?:spring|summer|autumn|winter)\b)
| (?<!\d)(?P<year>20\d\d)\s?[년./-]\s?(?P<year_month>\d{{1,2}})\s?[월./-]\s?(?P<year_day>\d{{1,2}})(?:\s?일)?(?!\d)
| (?<!\d)(?P<month>\d{{1,2}})\s?월\s?(?P<month_day>\d{{1,2}})\s?일
| (?<![\d/.-])(?P<slash_month>\d{{1,2}})/(?P<slash_day>\d{{1,2}})(?![\d/])
| (?<![\d가-힣])(?P<ago_number>\d{{1,3}}|{NATIVE})\s?(?P<ago_unit>시간|분|일|주일|주|달|개월)
    \s?(?:쯤|정도)?\s?(?P<ago_way>전|뒤|후|있다가?)(?!체|화|기)
| (?<![가-힣])(?P<ago_word>하루|이틀|사흘|나흘|일주일)\s?(?:쯤|정도)?\s?(?P<ago_word_way>전|뒤|후)(?!체|화|기)
| (?<!\d)(?P<only_month>1[0-2]|0?[1-9])\s?월(?!\s?(?:\d{{1,2}}\s?일|세|급|요금|주차|정기|[가-힣]{{1,2}}동))
    (?:\s?(?:{_OF_MONTH.format("only")}))?
| \b(?P<en_month>{_MONTH_EN})\b(?:[ ](?P<en_day>[12]\d|3[01]|0?[1-9])(?:st|nd|rd|th)?\b)?
| (?<![\d월./-])(?<!박)(?<!박[ ])(?P<day_of_month>[1-9]|[12]\d|3[01])일
    (?!\s?(?:동안|간|대면|댈|세우|세워|맡기|권|이내|이상|째|쨰|쩨|차|주차|만|넘|치|씩|\d|최대|상한|한도|요금|정기|자유))
| \b(?:(?P<en_of>this|next|last)[ ])?(?P<en_weekday>{_WEEKDAY_EN})\b
| \b(?P<en_which>this|next|last)[ ](?P<en_span>weekend|week|month)s?\b
| \b(?P<en_number>\d{{1,3}}|{ENGLISH})[ ](?P<en_unit>hour|minute|day|week|month)s?[ ](?P<en_way>ago|later|from[ ]now)\b
| \bin[ ](?P<en_in>\d{{1,3}}|{ENGLISH})[ ](?P<en_in_unit>hour|minute|day|week|month)s?\b
""",
    re.VERBOSE | re.ASCII,
)

PART = re.compile(
    r"(?a)(?P<part>새벽|(?<!좋은 )(?<!좋은)아침(?!밥|햇살|고요)|오전|대낮|한낮"
    r"|점심(?!값|메뉴|시간|때|밥|특선| ?맛있| ?드)"
    r"|낮(?=\s?(?:에|\d|열|한|두|세))|(?<!좋은 )오후|초저녁|(?<!좋은 )저녁(?!값|메뉴|밥|노을| ?맛있| ?드| ?먹|반 )"
    r"|한밤중?(?![가-힣]{2})|늦은 밤"
    r"|(?<![가-힣])밤(?=\s?(?:에|엔|늦|중|\d|열|[가-힣]{1,2}\s?시(?!장)|사이|시간|까지|부터|마다|되|내내|이면|이슥)"
    r"|\s(?!줍|따|나무|농장|축제|체험|고구마|막걸리|빵|맛)|$)"
    r"|(?<=오늘)밤|(?<=내일)밤|야간|심야|(?<!good )\b(?:this )?(?:morning|afternoon|evening)\b"
    r"|\b(?:late )?night\b(?! ?(?:market|view)))"
)

CLOCK = re.compile(
    rf"""
  (?<![\d:])(?:(?P<hour>2[0-4]|1\d|0?\d)|(?:(?<![가-힣])|(?<=새벽|오전|오후|아침|저녁|점심)|(?<=밤|낮))(?P<hour_word>{NATIVE}))\s?시(?!간|장|청|민|내|설|작|세|도|군|의|립|급|끄|험|스|속)
    (?:\s?(?:(?P<half>반)(?![가-힣]{{2}}|려|찬)|(?P<minute>\d{{1,2}})\s?분))?
| (?<![\d:])(?P<hh>[01]?\d|2[0-4]):(?P<mm>[0-5]\d)(?!\d)(?:\s?(?P<colon_half>am|pm)\b)?
| \b(?P<en_hour>1[0-2]|0?\d)\s?(?P<en_half>am|pm|a\.m\.|p\.m\.)
| (?P<sharp>정오|자정|\bnoon\b|\bmidnight\b)
""",
    re.VERBOSE | re.ASCII,
)

# What may stand between the parts of one moment, and what after it says which edge is meant.
BETWEEN = re.compile(r"(?a)(?:의|에)?[\s,]*(?:at )?")
EDGE = re.compile(r"(?a)\s?(까지|부터|이전|이후)")
ENGLISH_EDGE = re.compile(r"(?a)\b(by|until|till|before|from|since|after) $")
EDGE_ROLES = {
    "까지": "until", "이전": "until", "by": "until", "until": "until", "till": "until", "before": "until",
    "부터": "from", "이후": "from", "from": "from", "since": "from", "after": "from",
}  # fmt: skip

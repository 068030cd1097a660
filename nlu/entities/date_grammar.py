"""The expressions of day and clock that citizens use, as regular expressions with named parts."""

import re

from nlu.entities.numerals import ENGLISH, NATIVE

_WEEKDAY_EN = r"(?:mon|tues|wednes|thurs|fri|satur|sun)day"
_WEEK_OF = r"다다음|이번|다음|담|지난|저번"

DAY = re.compile(
    rf"""
  (?P<day>(?:낼|내일)\s?모레|오늘|금일|내일|명일|모레|글피|엊그제|그저께|그제(?!서|야)|어제|어저께
    |(?<![가-힣])낼(?=\s?(?:아침|오전|오후|저녁|점심|밤|까지|부터|은|도|미세|날씨|\d|[월화수목금토일]요))
    |\b(?:today|tonight|tomorrow|yesterday)\b)
| (?P<week_of>{_WEEK_OF})\s?주(?!차|민|유|정|소|택|변|문|인|취|제|의|최|말농)
    (?:\s?(?P<week_day>[월화수목금토일])(?:요일|욜|(?=까지|에|\s|$))|\s?(?P<week_end>주?말))?
| (?P<this_week>금주|차주)(?![가-힣])
| (?P<month_of>이번|다음|담|지난|저번)\s?달|(?P<next_month>내달)
| (?P<weekday>[월화수목금토일])(?:요일|욜)
| (?P<weekend>주말)(?!마다|농장)
| (?<!\d)(?P<year>20\d\d)\s?[년./-]\s?(?P<year_month>\d{{1,2}})\s?[월./-]\s?(?P<year_day>\d{{1,2}})(?:\s?일)?(?!\d)
| (?<!\d)(?P<month>\d{{1,2}})\s?월\s?(?P<month_day>\d{{1,2}})\s?일
| (?<![\d/.-])(?P<slash_month>\d{{1,2}})/(?P<slash_day>\d{{1,2}})(?![\d/])
| (?<![\d가-힣])(?P<ago_number>\d{{1,3}}|{NATIVE})\s?(?P<ago_unit>시간|분|일|주일|주|달|개월)
    \s?(?:쯤|정도)?\s?(?P<ago_way>전|뒤|후|있다가?)(?!체|화|기)
| (?<![가-힣])(?P<ago_word>하루|이틀|사흘|나흘|일주일)\s?(?:쯤|정도)?\s?(?P<ago_word_way>전|뒤|후)(?!체|화|기)
| (?<!\d)(?P<only_month>\d{{1,2}})\s?월(?!\s?(?:\d|세|급|요금|주차|정기))
| (?<![\d월./-])(?P<day_of_month>[1-9]|[12]\d|3[01])일(?!\s?(?:동안|간|권|이내|이상|째|차|주차|만|넘|치|씩|\d))
| \b(?:(?P<en_of>this|next|last)[ ])?(?P<en_weekday>{_WEEKDAY_EN})\b
| \b(?P<en_which>this|next|last)[ ](?P<en_span>weekend|week|month)\b
| \b(?P<en_number>\d{{1,3}}|{ENGLISH})[ ](?P<en_unit>hour|minute|day|week|month)s?[ ](?P<en_way>ago|later|from[ ]now)\b
| \bin[ ](?P<en_in>\d{{1,3}}|{ENGLISH})[ ](?P<en_in_unit>hour|minute|day|week|month)s?\b
""",
    re.VERBOSE | re.ASCII,
)

PART = re.compile(
    r"(?a)(?P<part>새벽|(?<!매일 )(?<!좋은 )아침|오전|점심(?!값|메뉴|시간)|대낮|한낮"
    r"|낮(?=\s?(?:에|\d|열|한|두|세))|(?<!좋은 )오후|초저녁|(?<!매일 )(?<!좋은 )저녁(?!값|메뉴)|한밤중|늦은 밤"
    r"|(?<![가-힣])밤(?=\s?(?:에|늦|중|\d|열|[가-힣]{1,2}\s?시|사이|새))"
    r"|(?<!good )\b(?:morning|afternoon|evening|night)\b)"
)

CLOCK = re.compile(
    rf"""
  (?<![\d:])(?:(?P<hour>2[0-4]|1\d|0?\d)|(?<![가-힣])(?P<hour_word>{NATIVE}))\s?시(?!간|장|청|민|내|설|작|세|도|군|의|립|급|끄|험|스|속)
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

"""Set phrases about taxes that no training line teaches: another's, a wrong number, an end, more time, a protest."""

import re

_WHO = (
    r"(?:아버지|아버님|어머니|어머님|부모님?|엄마|아빠|아부지|남편|아내|배우자|와이프|신랑|집사람|아들|딸|자녀|동생|누나|언니|오빠|형님|"
    r"할머니|할아버지|외할머니|외할아버지|장인|장모님?|시어머니|시아버지|며느리|사위|이모|고모|삼촌|조카|친구|지인|이웃|동료|사장님|"
    r"세입자|집주인|전\s*주인|다른\s*사람|남의|타인|가족)"
)
_WHO_EN = (
    r"(?:father|mother|dad|mum|mom|parents?|husband|wife|son|daughter|brother|sister|grand(?:mother|father)|friend|"
    r"uncle|aunt|landlord|tenant|someone\s+else|somebody\s+else|another\s+person)"
)
_MATTER = (
    r"(?:체납|세금|밀린|미납|과태료|재산세|자동차세|주민세|취득세|지방세|지방소득세|"
    r"압류|독촉|고지서|명의|이름으로|앞으로)"
)
_TAX = r"(?:체납|세금|미납|재산세|자동차세|주민세|취득세|지방세|지방소득세|압류|독촉)"
_FOR_HIM = r"(?:대신|대납|명의|이름으로|앞으로|[가-힣]{2,4}\s*씨)"
THIRD_PERSON = re.compile(
    rf"^(?!.*(?:내|제|저의|나의)\s*(?:체납|세금|앞|이름))"
    rf"(?=.*{_TAX}|.*(?:과태료|고지서|밀린).*{_FOR_HIM}|.*{_FOR_HIM}.*(?:과태료|고지서|밀린)|.*제\s*3\s*자|.*[a-z])"
    rf"(?:.*{_WHO}(?:의|가|이|께서|랑|네|꺼|것|거)?\s*(?:\S+\s+){{0,2}}?{_MATTER}|"
    rf".*{_WHO}.{{0,20}}(?:대신|대납)|.*{_MATTER}.{{0,16}}(?:대신\s*(?:내|납부|갚|조회|확인)|대납)|.*제\s*3\s*자\s*납부|"
    r".*(?<![가-힣])(?!고객|선생|담당자|주무관)[가-힣]{2,4}\s*씨(?:의)?\s*(?:체납|세금|밀린|과태료)|"
    rf".*\b(?:my|his|her|their|a)\s+{_WHO_EN}(?:'s|s'|s)?\b.*\b(?:tax(?:es)?|fines?|arrears|bill|debt)|"
    r".*\bon\s+behalf\s+of\b.*\b(?:tax|fine|arrears)|"
    rf".*\b(?:tax(?:es)?|fines?|arrears)\b.*\b(?:for|of)\s+(?:my\s+)?{_WHO_EN}\b)",
    re.I,
)
"""Somebody else's taxes are spoken of. "내 체납을 언니가 냈다던데" is about his own, "다른 사람이 대면 과태료
나와요?" about no tax at all."""
WRONG_NUMBER = re.compile(
    r"^(?=.{1,60}$)(?:.*(?:번호|문자|전화)\S*\s*(?:가|를|이|은|는|도)?\s*(?:잘못|바뀌|바꼈|바꾼|틀렸|틀린)|.*잘못\s*(?:보내|왔|온|오신|거셨|보낸)|"
    r".*(?:그런|이런)\s*사람\s*(?:아니|아닌|아닙|없|모르)|(?:저|전|나|난|저는|나는)\s*(?:그\s*사람\s*|체납자\s*|본인\s*)?(?:아닌데요?|아니에요|아닙니다|아니라고요?)[.!~\s]*$|"
    r".*(?:저|제가|본인이?)\s*아닌데|.*\bwrong\s+(?:number|person)\b|.*\bnot\s+(?:my|the\s+right)\s+number\b|"
    r".*\b(?:i'?m|i\s+am)\s+not\s+(?:that|the|this)\s+person\b|.*\bnumber\s+(?:has\s+)?changed\b)",
    re.I,
)
END = re.compile(
    r"^\s*(?:끝|끝낼게요|이제\s*끝|로그아웃|본인\s*확인\s*(?:끝|종료)|log\s*out|sign\s*out)[.!~\s]*$", re.I
)
PART_FIRST = re.compile(
    r"^(?!.*(?:매달|매월|달마다|다달이|한\s*달에|씩|per\s+month|a\s+month|monthly))(?:.*(?:만\s*원|천\s*원|\d\s*원|\d\s*만)\S*\s*"
    r"(?:만\s*)?(?:먼저|우선|일단|부터)?\s*(?:\S+\s+)?(?:낼|내고|내면|납부|입금|갚을|보낼)|"
    r".*\bpay\s+[\d,]+(?:\s*won)?\s+(?:first|now|today)\b)",
    re.I,
)
"""A part of it now, not a plan of months: "10만원만 먼저 낼게요"."""
MORE_TIME = re.compile(
    r"징수\s*유예|납부\s*유예|체납\s*처분\s*유예|유예\s*(?:신청|해|받|가능|좀)|기한\s*(?:을|를)?\s*(?:연장|늘려|늦춰|미뤄)|납기\s*(?:좀|를|을)?\s*(?:연장|늦춰|미뤄)|"
    r"\b(?:defer(?:ral)?|postpone|extend\s+(?:the\s+)?(?:payment\s+)?(?:deadline|due)|more\s+time\s+to\s+pay)\b",
    re.I,
)
PROTEST = re.compile(
    r"(?:체납|세금|압류|부과|고지|독촉)\S*\s*(?:.{0,14})이의\s*(?:신청|제기|있)|이의\s*(?:신청|제기|있)\S*.{0,14}(?:체납|세금|압류|부과|독촉)|"
    r"(?:체납|세금|부과|고지서?)\S*\s*(?:.{0,10})(?:잘못\s*(?:됐|되었|나왔|부과)|인정\s*(?:못|할\s*수\s*없))|"
    r"\b(?:dispute|object\s+to|contest)\b.*\b(?:tax|arrears|bill|seizure|fine)\b",
    re.I,
)
DETAIL = re.compile(r"자세|상세|계산|왜|어떻게\s*나온|내역|detail|breakdown|why", re.I)

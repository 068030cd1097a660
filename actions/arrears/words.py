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
_TAXED = rf"(?:{_TAX}|과태료|고지서|가산[금세]|납부\s*지연|위택스|\btax(?:es)?\b|\barrears\b)"
PHISHING = re.compile(
    rf"^(?!.*(?:중고|거래|당했|입었|피해\s*신고))(?=.{{1,80}}$)(?:.*(?:피싱|스미싱|사칭)|"
    rf"(?=.*(?:문자|톡|전화|링크|계좌|안내|시청|시에서|^이거|^이게|^혹시|{_TAXED})).*(?:사기|가짜|속이|속는|해킹|의심)|"
    rf".*(?:{_TAXED}|문자|안내|독촉|이거|이게).{{0,14}}(?:진짜|정말|맞나|맞는|맞아|맞죠).{{0,14}}(?:시청|시에서|보낸|보내신|온\s*(?:거|것)|인가|이에요|입니까|예요|맞)|"
    rf".*(?:진짜|정말).{{0,6}}(?:시청|시에서).{{0,12}}(?:보낸|보내신|온|맞)|.*링크\S*\s*(?:눌러|클릭|들어가|열어)|"
    r".*\b(?:scam|phishing|smishing|fraud|fake)\b|.*\bis\s+(?:this|it)\s+(?:message\s+)?(?:really|real|genuine)\b|"
    r".*\bclick\b.*\blink\b)",
    re.I,
)
"""Is it really you? "시청에서 보낸 거 맞아요?", "이거 피싱 아니에요?"."""
_FELL = r"(?:돌아가(?:셨|신|시)|사망|별세|작고|세상을\s*(?:떠|뜨)|상을\s*당|passed\s+away|\bdied\b|\bdeceased\b)"
DEATH = re.compile(rf"{_FELL}|고인(?:의|이|은|께)\s|상속(?:받|포기|한정)", re.I)
_COURT = r"(?:파산|개인\s*회생|(?<!재|선)회생|면책|\bbankrupt|\binsolven|\brehabilitation\b)"
COURT = re.compile(rf"^(?=.{{1,60}}$)(?!.*(?:도시|동물|생태|담당\s*부서)).*{_COURT}", re.I)
TAXED = re.compile(_TAXED, re.I)
LESS = re.compile(
    r"깎아|깍아|까까|깎을|감면|탕감|면제|줄여|빼\s*(?:줘|주)|봐\s*주세요|봐\s*줘|\bwaive|\breduc(?:e|tion)|\bdiscount|\bless\b",
    re.I,
)
PAID = re.compile(
    r"^(?!.*(?:압류|통장|번호판|묶|막혀|막혔|계좌\s*(?:주|알려)|주차\s*(?:장|권)|민원|이의|대신|증명서?\s*(?:발급|어떻게)))(?=.{1,60}$)(?:"
    r".*영수증|.*납부\s*(?:확인|내역|영수)|.*(?:냈|납부했|입금했|이체했|송금했|보냈|완납했)\S*.{0,24}"
    r"(?:문자|독촉|고지서|또|왜|확인|들어|처리|안내|됐나|되었나|맞나)|.*(?:낸|납부한|입금한)\s*(?:거|것|돈|내역|기록)\S*.{0,10}(?:확인|내역|보여|들어|처리)|"
    r".*(?:돈|입금).{0,6}(?:들어갔|들어왔|확인)|"
    r".*\breceipt|.*\bproof\s+of\s+payment|.*\bi(?:'ve|\s+have)?\s+(?:already\s+)?paid\b.*)",
    re.I,
)
"""What was paid: "영수증 주세요", "어제 냈는데 또 문자왔어요"."""
RECEIPT = re.compile(r"영수증|납부\s*(?:확인서?|내역|영수)|receipt|proof\s+of\s+payment", re.I)
WHY = re.compile(
    r"^(?!.*(?:대출|은행\s*이자|공기|먼지))(?=.{1,50}$)(?:.*(?:이자|가산[금세]|연체료|연체금|늦은\s*만큼|더한\s*금액)\S*\s*.{0,8}"
    r"(?:왜|많|뭐|무엇|어떻게|얼마|붙|이렇게|계산)|.*왜\s*(?:이렇게|이리|이케).{0,6}(?:늘|많이\s*나|불었|비싸)|"
    r".*\b(?:late\s+fees?|interest|surcharges?|penalt(?:y|ies))\b)",
    re.I,
)
UNTIL = re.compile(
    r"^(?!.*(?:서류|신청서|신고|보완|자료|등록|주차))(?=.{1,40}$)(?:.*언제\s*까지\S*\s*.{0,8}(?:내야|내면|납부|내라|낼\s*수|내나)|.*(?:납부\s*기한|납기)\S*\s*.{0,6}"
    r"(?:언제|며칠|몇\s*일|알려)|.*\bwhen\b.*\b(?:due|pay\s+(?:it|the\s+tax)\s+by)\b)",
    re.I,
)
HOW_MUCH = re.compile(
    r"^\s*(?:(?:그래서|도대체|다\s*해서|모두|전부|총|제\s*(?:거|것)?|내\s*(?:거|것)?)\s*)?(?:얼마[가-힣]{0,4}|얼만[가-힣]{0,3}|금액|"
    r"how\s+much(?:\s+(?:is\s+it|do\s+i\s+owe))?)[?.!~\sㅠㅜ]*$",
    re.I,
)
NO_MONEY = re.compile(
    r"^(?=.{1,40}$)(?:.*(?:돈|목돈|형편|여유|수입)\S{0,2}\s*(?:이|가|도)?\s*(?:없|업서|업어|읎|안\s*(?:돼|되))|.*(?:못|몬)\s*내|.*낼\s*(?:돈|형편)|"
    r".*\bno\s+money|.*\bcan'?t\s+(?:afford|pay))",
    re.I,
)
MISSED = re.compile(
    r"(?:분납|나눠|나누어|할부|회차|약속).{0,20}(?:빠지|빼먹|못\s*내|안\s*내|밀리|늦으면|늦게|어기|못\s*지키).{0,16}(?:어떻게|어찌|되나|돼|되죠|됩|괜찮|취소|끝)|"
    r"\b(?:miss|late\s+with)\b.{0,24}\b(?:part|month|instal?lments?|payment)\b",
    re.I,
)
IF_MISSED = re.compile(
    r"(?:빠지|빼먹으|못\s*내|안\s*내|밀리|늦으|늦게\s*내|어기)면|\bif\s+i\s+(?:miss|am\s+late|can'?t\s+pay)\b", re.I
)
"""The same said while a plan is being made, where nothing else is missed."""
LIVING = re.compile(
    r"(?:생계비\s*(?:계좌|통장)|압류\s*(?:금지|방지)\s*(?:통장|계좌)|행복\s*지킴이\S*|압류\s*(?:안|못)\s*(?:되는|하는)\s*(?:돈|통장|계좌))\S*\s*.{0,10}"
    r"(?:뭐|뭔|무엇|어떻게|만들|있나|얼마|궁금|알려|설명)|\b(?:livelihood|protected|exempt)\s+(?:account|amount)",
    re.I,
)
PLATE = re.compile(r"번호판|영치|\b(?:number|licen[cs]e|car)\s*plates?\b|\bplates?\s+(?:was|were|been|back)", re.I)
MAYBE_SECRET = re.compile(r"^\D{0,12}\d(?:[\s.-]?\d){3,15}\D{0,12}$")
"""Digits and hardly a word beside them: while somebody is locked, they are tried once more as the secret."""
PART_FIRST = re.compile(
    r"^(?!.*(?:매달|매월|달마다|다달이|한\s*달에|씩|per\s+month|a\s+month|monthly))(?:.*(?:만\s*원|천\s*원|\d\s*원|\d\s*만)\S*\s*"
    r"(?:만\s*)?(?:먼저|우선|일단|부터)?\s*(?:\S+\s+)?(?:낼|내고|내면|납부|입금|갚을|보낼)|"
    r".*\bpay\s+[\d,]+(?:\s*won)?\s+(?:first|now|today)\b)",
    re.I,
)
"""A part of it now, not a plan of months: "10만원만 먼저 낼게요"."""
HALF = re.compile(
    r"(?:^|\s)(?:일단|우선|먼저)?\s*(?:반|절반)\s*만?\s*(?:먼저|우선|일단)?\s*(?:낼|내고|내면|납부|입금)|\bpay\s+half\b",
    re.I,
)
LATER = re.compile(
    r"^(?=.{1,40}$)(?!.*(?:나눠|나누어|분납|씩|매달|매월|나머지))(?:.*(?:다음\s*(?:달|주)|담\s*달|담달|내달|월급\s*(?:날|타면|받으면)|\d{1,2}\s*일(?:에|날|까지|쯤)|말일|내일|모레)"
    r"\S*\s*.{0,10}(?:낼게|낼께|낼\s*거|내겠|내도|내면|갚을게|납부할게|드릴게)|"
    r".*\b(?:will|can|may)\b.{0,6}\bpay\b.{0,16}\b(?:next|tomorrow|on\s+the|later)\b)",
    re.I,
)
"""A day on which he will pay: "다음달 15일에 낼게요"."""
DETAILS = re.compile(r"^.{0,14}(?:자세히|상세히|자세하게)[^가-힣]*(?:요|알려\s*주세요|보여\s*주세요)?[.!~\s]*$", re.I)
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

"""Words that must not wait for any form: life and limb first (119, 112, 109), then abuse.

Rules, not learning: a wrong refusal here costs more than any false alarm, and each word is there to be read.
"""

import re
from typing import Literal

Emergency = Literal["fire", "medical", "gas", "crime", "despair"]

# Checked on the text without spaces: citizens in distress do not space their words.
_THINGS = re.compile(
    r"나무|가로수|전봇대|전신주|표지판|간판|펜스|울타리|가로등|자전거|킥보드|오토바이|화분|담장|현수막|신호등|벤치|안내판|입간판|볼라드|"
    r"가림막|컨테이너|천막|의자|\btree\b|tree|pole|sign|fence"
)
_PEOPLE = re.compile(
    r"사람|할머니|할아버지|어르신|노인|아이|애가|아기|학생|아저씨|아줌마|아주머니|남자|여자|환자|엄마|아빠|어머니|아버지|남편|아내|와이프|"
    r"친구|동생|오빠|언니|누나|형이|이모|삼촌|행인|기사님|분이|누가|누군가|저도|제가|person|somebody|someone|man|woman|child|father|mother"
)
_NEAR = 16
"""How far before "쓰러졌" its subject stands, without spaces."""
_NOT_NOW = re.compile(
    r"예방|훈련|교육|점검|보험|대피소|행사|체험|안내판|소화기(?:위치|어디)|났었|작년|지난|(?:났|졌|렸)던|날까|날뻔|나면"
)
_LONG_AGO = re.compile(r"작년|지난|예전|옛날|last(?:year|month|week)")
_PATTERNS: tuple[tuple[Emergency, re.Pattern[str]], ...] = (
    (
        "gas",
        re.compile(
            r"가스(?:가)?(?:새|누출|누설|냄새)|가스.{0,6}냄새(?:가)?(?:나|심)|gasleak|smell(?:s|of)?(?:like)?gas|smellgas",
            re.I,
        ),
    ),
    (
        "fire",
        re.compile(
            r"불이야|불났|불이났|불이붙|불나고|불이나(?:고|요|서)|화재(?:가)?(?:발생|났|신고)|화재예요|화재입니다|"
            r"(?:집|건물|차|공장|산|상가|아파트|주방)(?:에|에서)?(?:불|연기)(?:이|가)?(?:나|났|올라)|연기가(?:많이)?(?:나|올라|자욱)|"
            r"폭발(?:했|이|하)|onfire|there(?:'s|is)a?fire|^fire!*$|houseisburning",
            re.I,
        ),
    ),
    (
        "medical",
        re.compile(
            r"쓰러(?:졌|져있|져서|지셨|져계)|숨을(?:안|못)쉬|숨을쉬지|호흡(?:이)?없|의식(?:이)?(?:없|을잃)|심정지|심장마비|"
            r"피를?(?:많이|너무|계속)?흘(?:리|려)|피가(?:많이|안멈|너무)|사람이?(?:물에)?(?:빠졌|떨어졌|깔렸|치였|다쳤)|물에빠(?:졌|진)|"
            r"추락했|교통사고(?:가)?났|차에치였|경련|구급차|응급실.{0,3}빨리|앰뷸런스|살려(?:주|줘)|"
            r"notbreathing|unconscious|collapsed|heartattack|ambulance|bleedingbadly|savemylife",
            re.I,
        ),
    ),
    (
        "crime",
        re.compile(
            r"칼(?:을)?들고|칼에찔|칼부림|흉기|강도(?:가|예|야|를|당)|납치|성폭행|성추행(?:당|하)|폭행(?:당|하고)|때리고있|맞고있|"
            r"도둑(?:이|이야|들었)|집에(?:누가|누군가)(?:들어|침입)|스토킹|(?:사람|남자|누가|누군가|놈)(?:이|가)?.{0,6}(?:따라와|쫓아와)|협박(?:당|하)|"
            r"stab(?:bed|bing)|robb(?:ed|ery)|kidnap|beingattacked|someonebrokein|stalking",
            re.I,
        ),
    ),
    (
        "despair",
        re.compile(r"자살|죽고싶|살기싫|목숨을끊|뛰어내리(?:고|려|겠)|killmyself|suicid|wanttodie", re.I),
    ),
)

_ABUSE = re.compile(
    r"씨\s*발(?!점|역)|시\s*발(?!점|역|택|\w*차)|ㅅㅂ|ㅂㅅ|병\s*신(?!년)|개\s*새\s*끼|좆|지\s*랄|미친\s*(?:놈|년|새끼)|닥쳐|"
    r"\bfuck|\bshit\b|\basshole|\bbitch",
    re.I,
)


def emergency(text: str) -> Emergency | None:
    """The kind of emergency the text cries, or None. Looks at the first 2,000 characters."""
    tight = re.sub(r"\s+", "", text[:2000])
    for kind, pattern in _PATTERNS:
        for found in pattern.finditer(tight):
            if kind != "crime" and _NOT_NOW.search(tight[found.start() : found.end() + 12]):
                continue
            before = tight[max(0, found.start() - _NEAR) : found.start()]
            if kind != "crime" and _LONG_AGO.search(before[-8:]):
                continue
            if found[0].lower().startswith(("쓰러", "collapsed")) and _is_a_thing(before):
                continue
            return kind
    return None


def _is_a_thing(before: str) -> bool:
    """What fell is a tree or a sign, and nobody is named beside it: in doubt it is a person."""
    return _THINGS.search(before) is not None and _PEOPLE.search(before) is None


def is_abusive(text: str) -> bool:
    return _ABUSE.search(text[:2000]) is not None

"""How citizens say that they want to report a parked car, and where it stands wrongly."""

import re

_DONE = (
    r"(?!.*(?:취소|철회|없던|저번|지난번|했던|했는데|했었|한\s*(?:거|것|건)\s|어떻게\s*(?:됐|되)|결과|접수번호|처리\s*(?:됐|되)|"
    r"withdraw|status))"
)
_WHERE = (
    r"소화전|교차로|모퉁이|횡단보도|버스\s*정류[장소]|어린이\s*보호\s*구역|스쿨존|인도|보도|"
    r"장애인\s*(?:전용\s*)?(?:주차\s*)?(?:구역|칸|자리|면)|충전\s*(?:구역|칸|자리|면|기)"
)
_STANDS = (
    r"(?:주차(?!\s*(?:구역|칸|면|장|자리))|주정차|정차|세워|"
    r"(?:차|차가|차를|차량\S?|트럭\S?|오토바이\S?)\s*.{0,20}(?:서\s*있|올라|막고|대\s*놓))"
)
REPORT = re.compile(
    rf"^(?=.{{1,80}}$){_DONE}(?:"
    r".*(?:불법|위반)\s*(?:주\s*[·・/]?\s*정?\s*차|정차)(?:한|된)?\s*(?:차량?|자동차)?\S{0,3}.{0,14}(?:신고|제보)|"
    r".*(?:주정차|주차)\s*위반\s*(?:차량?)?\S{0,2}.{0,10}(?:신고|제보)|"
    rf"(?=.*{_STANDS}).*(?:{_WHERE}).{{0,40}}(?:신고|제보)|"
    r".*\breport\b.{0,20}\b(?:illegal(?:ly)?[\s-]+park|parking\s+violation|wrongly\s+parked)|"
    r".*\b(?:illegal(?:ly)?[\s-]+park(?:ed|ing)|parking\s+violation)\b.{0,20}\breport\b)",
    re.I,
)
KINDS: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("hydrant", re.compile(r"소화전|소방시설|hydrant", re.I)),
    ("school_zone", re.compile(r"어린이\s*보호|스쿨존|학교\s*앞|school", re.I)),
    ("disabled_bay", re.compile(r"장애인|disabled", re.I)),
    ("charging_bay", re.compile(r"충전|전기차|charg", re.I)),
    ("bus_stop", re.compile(r"버스\s*정류|bus\s*stop", re.I)),
    ("crosswalk", re.compile(r"횡단보도|건널목|cross(?:walk|ing)", re.I)),
    ("corner", re.compile(r"교차로|모퉁이|코너|corner|intersection", re.I)),
    ("sidewalk", re.compile(r"인도(?:에|위|를|로|\s|$)|보도(?:에|위|를|블록|\s|$)|sidewalk|pavement", re.I)),
)


def kind_said(text: str) -> str:
    """The kind that the words name; "" for none."""
    return next((kind for kind, words in KINDS if words.search(text)), "")

"""Things with a fixed shape: number plates, phones, receipt numbers, amounts, durations, ordinals."""

import re
from collections.abc import Iterator

from nlu.entities.found import Found
from nlu.entities.numerals import ENGLISH, NATIVE, mixed_number, native_number

# 자동차등록번호판 등의 기준에 관한 고시: the letters in use, and the regions of older plates.
_PLATE_LETTERS = "가나다라마거너더러머버서어저고노도로모보소오조구누두루무부수우주바사아자배하허호"
_REGIONS = "서울|부산|대구|인천|광주|대전|울산|세종|경기|강원|충북|충남|전북|전남|경북|경남|제주"
_PLATE = re.compile(
    rf"(?a)(?:(?:{_REGIONS})\s?)?(?<![\d])\d{{2,3}}\s?[{_PLATE_LETTERS}]\s?\d{{4}}(?!\d|\s?(?:원|년|번지|월))"
)
_PHONE = re.compile(
    r"(?a)(?<![\d*-])(?:(?:\+82[-. ]?\(?0?\)?|0)(?:1[016789]|2|[3-6][1-5]|70|50\d|80)[-. )]{0,2}\d{3,4}[-. ]?\d{4}"
    r"|1[5-9]\d{2}-\d{4})(?![\d*])"
)
_CASE = re.compile(
    r"(?a)(?<![\d a-z-])(?:(?P<prefix>[a-z]{2})[- ]{0,2})?(?P<year>20\d{2})[- ]{1,3}(?P<serial>\d{6,7})(?![\d-])"
    r"|(?<= )(?:(?P<prefix2>[a-z]{2})[- ]{0,2})?(?P<year2>20\d{2}) ?- ?(?P<serial2>\d{6,7})(?![\d-])"
    r"|(?P<glued>[a-z]{2}20\d{8})(?!\d)"
    r"|(?P<national>\d[a-z]{2}-\d{4}-\d{7})(?!\d)"
)
_FIGURES = "일이삼사오육칠팔구십백천만억"
# Bounded and without nesting, so that a page of digits costs no more than a sentence.
_AMOUNT = re.compile(
    rf"(?a)(?:(?<![\d,.])(?=\d)|(?<![\d가-힣]))(?P<amount>[\d{_FIGURES}][\d,.\s{_FIGURES}]{{0,24}}?)"
    r"\s?(?P<unit>원|won\b|krw\b)"
    r"|[₩\\]\s?(?P<signed>\d[\d,]{0,14})"
    r"|(?<![\d가-힣])(?P<bare>\d[\d,]{0,9}(?:\.\d{1,3})?\s?[만억](?:\s?\d{1,4}천)?)"
    r"(?=\s?(?:정도|쯤|밖에|이나|넘|씩|까지|만|나왔|이요|이에요|입니다|$))"
)
_NO_AMOUNT = re.compile(r"(?a)(?:버스|지하철|이다|인 )")
_HOURS = re.compile(
    rf"(?a)(?<![\d:])(?!24\s?시간)(?P<hours>\d{{1,3}}(?:\.\d)?|(?<![가-힣]){NATIVE})\s?시간(?:\s?(?P<half>반)|\s?(?P<minutes>\d{{1,2}})\s?분)?"
)
_MINUTES = re.compile(r"(?a)(?<![\d:시간])(?<!시 )(?P<minutes>\d{1,3})\s?분(?!기|할|의|리|납|실|야)")
_DAYS = re.compile(
    r"(?a)(?<!\d)(?P<days>\d{1,3})\s?일\s?(?:동안|간(?!격)|(?=주차|대면|댈|세우|세워|맡기))"
    r"|(?<![가-힣])(?P<word>하루|이틀|사흘|나흘|일주일)(?=\s?(?:종일|동안|간|만|정도|대|주차|내내|세우|세워|이?면|$))"
    # A night is told of as its day: 1박 is 24 hours, and 2일 after it says the same again.
    r"|(?<![\d가-힣])(?P<nights>\d{1,2}|한|두|세|네)\s?박(?:\s?\d{1,2}\s?일)?(?=이|에|은|을|로|하|만|정도|[^가-힣]|$)"
)
_ENGLISH_TIME = re.compile(
    rf"(?a)\b(?P<number>\d{{1,3}}|{ENGLISH}|half an)\s?(?P<unit>hours?|hrs?|minutes?|mins?|days?)\b(?! ago)"
)
_DAY_WORDS = {"하루": 1, "이틀": 2, "사흘": 3, "나흘": 4, "일주일": 7}
_ORDINAL = re.compile(
    rf"(?a)(?<![가-힣\d])(?:(?P<native>첫|{NATIVE}|\d{{1,2}})\s?(?:번\s?째|번쨰|번재)"
    r"|(?P<short>첫째|둘째|셋째|넷째|마지막)(?!\s?주)|(?P<digit>\d{1,2})\s?번(?!\s?(?:출구|국도|버스|지|길|채널|홈|승강장|이나|씩|만에|넘게))(?!\s?[가-힣]{0,2}\d)"
    r"|(?P<circled>[①-⑨]))"
    r"|\b(?P<english>first|second|third|fourth|fifth|last)(?: one)?\b(?! (?:week|month|day|time|name))"
    r"|(?:#|\b(?:number|option|no\.?) ?)(?P<option>\d{1,2})\b"
)
_SHORT_ORDINALS = {"첫째": 1, "둘째": 2, "셋째": 3, "넷째": 4, "마지막": -1}
_ENGLISH_ORDINALS = {"first": 1, "second": 2, "third": 3, "fourth": 4, "fifth": 5, "last": -1}
_BARE_NUMBER = re.compile(r"(?a)^\s*(\d{1,2})\s*[.)!]?\s*$")


def find_plates(text: str) -> Iterator[Found]:
    """Number plates; value without spaces."""
    for match in _PLATE.finditer(text):
        yield Found(*match.span(), "plate", match[0].replace(" ", ""))


def find_phones(text: str) -> Iterator[Found]:
    """Phone numbers; value is the national digits (`01012345678`)."""
    for match in _PHONE.finditer(text):
        digits = re.sub(r"\D", "", match[0])
        if digits.startswith("82"):
            digits = "0" + digits[2:].removeprefix("0")
        yield Found(*match.span(), "phone", digits)


def find_complaint_numbers(text: str, prefix: str) -> Iterator[Found]:
    """Receipt numbers. A bare `2026-000123` (six digits) gets the city's `prefix`: `GP-2026-000123`."""
    for match in _CASE.finditer(text):
        if national := match["national"]:
            yield Found(*match.span(), "complaint_no", national.upper())
            continue
        glued = match["glued"] or ""
        lead = match["prefix"] or match["prefix2"] or glued[:2]
        year = match["year"] or match["year2"] or glued[2:6]
        serial = match["serial"] or match["serial2"] or glued[6:]
        lead = lead.upper() or (prefix if len(serial) == 6 else "")
        value = f"{lead}-{year}-{serial}" if lead else f"{year}-{serial}"
        yield Found(*match.span(), "complaint_no", value, detail={"year": int(year), "serial": int(serial)})


def find_amounts(text: str) -> Iterator[Found]:
    """Amounts; value in whole won."""
    for match in _AMOUNT.finditer(text):
        amount = mixed_number(match["amount"] or match["signed"] or match["bare"])
        if amount is None or _NO_AMOUNT.match(text, match.end()):
            continue
        start = match.start() + len(match[0]) - len(match[0].lstrip())
        yield Found(start, start + len(match[0].strip()), "amount", str(amount), detail={"unit": "KRW"})


def find_durations(text: str) -> Iterator[Found]:
    """Lengths of time; value in minutes."""
    for match in _HOURS.finditer(text):
        written = match["hours"]
        hours = float(written) if "." in written else native_number(written)
        if hours is not None:
            minutes = hours * 60 + (30 if match["half"] else int(match["minutes"] or 0))
            yield Found(*match.span(), "duration", str(round(minutes)), detail={"unit": "minute"})
    for match in _MINUTES.finditer(text):
        yield Found(*match.span(), "duration", match["minutes"], detail={"unit": "minute"})
    for match in _DAYS.finditer(text):
        said = match["days"] or match["nights"]
        days = (native_number(said) or 0) if said else _DAY_WORDS[match["word"]]
        yield Found(*match.span(), "duration", str(days * 1440), detail={"unit": "minute"})
    for match in _ENGLISH_TIME.finditer(text):
        number = 0.5 if match["number"] == "half an" else float(native_number(match["number"]) or 0)
        unit = {"h": 60, "m": 1, "d": 1440}[match["unit"][0]]
        yield Found(*match.span(), "duration", str(round(number * unit)), detail={"unit": "minute"})


def find_ordinals(text: str) -> Iterator[Found]:
    """Positions in a list; value is the index from 1 as text, `-1` for the last one."""
    if bare := _BARE_NUMBER.match(text):
        yield Found(*bare.span(1), "ordinal", str(int(bare[1])))
        return
    for match in _ORDINAL.finditer(text):
        if match["short"]:
            index: int | None = _SHORT_ORDINALS[match["short"]]
        elif match["english"]:
            index = _ENGLISH_ORDINALS[match["english"]]
        elif match["circled"]:
            index = ord(match["circled"]) - ord("①") + 1
        else:
            index = native_number(match["native"] or match["digit"] or match["option"])
        if index:
            yield Found(*match.span(), "ordinal", str(index))

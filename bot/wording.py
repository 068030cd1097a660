"""The short words that steer any conversation: cancel, stop, resume, skip, and what "that one" refers to."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

import yaml

from core.contracts.understanding import Entity, Understanding

_LAUGHTER = re.compile(r"[ㅋㅎㅠㅜ^~]+")
_UNSPOKEN = frozenset("ZPC")
"""Unicode classes that carry no word: spaces, punctuation, controls (zero-width and bidi marks among them)."""
_WORDS = {
    kind: frozenset(words.split())
    for kind, words in yaml.safe_load((Path(__file__).parent / "words.yml").read_text("utf-8")).items()
}
_THERE = re.compile(
    r"거기|그곳|그\s*주차장|그\s*쪽|그거|그건|이거|이건|여기는|여긴|방금|그럼|그러면|그\s*중|"
    r"\bthere\b|\bthat one\b|\bit\b|\bthat\b",
    re.I,
)
_NEGATED = re.compile(r"\s*(?:은|는|이|가)?\s*(?:말고|아니고|아니라|말구|not\b)")
_CORRECTING = re.compile(
    r"말고|말구|아니고|아니라|^\s*(?:아니|아뇨|아냐|잘못)|정정|바꿔|고쳐|수정|instead|i meant|actually|correction|"
    r"^\s*(?:no,?\s+)?not\b[^.?!]{1,40},",
    re.I,
)
_ASKING = re.compile(
    r"\?|까요|나요|가요\s*$|은가|는지|인지|얼마|어디|언제|몇\s*시|뭐|무엇|어떻게|알려|찾아|궁금|보여|있어\s*$|있어요\s*$|돼요?\s*$|되요?\s*$|"
    r"\bwhere\b|\bwhen\b|\bhow\b|\bwhat\b|\bis there\b|\bcan i\b",
    re.I,
)
_DECLINING = re.compile(
    r"싫|안\s*(?:알려|가르쳐|밝히|말할|적을|쓸래|할래)|밝히(?:고\s*싶지|지\s*않)|알려\s*(?:주기|드리기)\s*(?:좀|어려|곤란)|익명|무기명|"
    r"동의\s*(?:는|를|은)?\s*(?:안|못|하지)|(?:왜|꼭|굳이).{0,8}(?:필요|물어|알려|적어|줘야|써야|해야)|개인\s*정보|"
    r"\bwhy\b|rather not|don'?t want|anonymous|not comfortable|refuse",
    re.I,
)
_ANOTHER = re.compile(
    r"다른\s*(?:민원|신고|제보|건)|(?:민원|신고|제보|접수)\s*(?:를|을)?\s*(?:하나|한\s*건)\s*더|"
    r"(?:하나|한\s*건)\s*더\s*(?:민원|신고|접수|제보|할|넣)|another (?:complaint|report|one)|"
    r"one more (?:complaint|report)",
    re.I,
)
_EARLIER = re.compile(r"취하|철회|(?:민원|접수|신고).{0,8}(?:추가|덧붙|더하)|withdraw|add (?:to|some)", re.I)
_REVISING = re.compile(r"고치|고칠|고쳐|수정|바꾸|바꿀|바꿔|변경|틀렸|틀려|잘못|change|fix|wrong|edit|correct", re.I)
_NONE = re.compile(r"없|못\s*찍|안\s*찍|나중에|no (?:photo|picture)|don'?t have|can'?t take", re.I)
_TAKEN_BACK = re.compile(
    r"^(?P<old>.{1,40}?)\s*(?:은|는|이|가)?\s*(?:말고|말구|아니고|아니라)\s*,?\s*(?P<new>.+)$", re.S
)
_TAKEN_BACK_EN = re.compile(
    r"^(?:no,?\s+)?not\s+(?:in\s+|at\s+)?(?P<old>[^,]{1,40}),\s*(?:but\s+)?(?:it'?s\s+)?(?P<new>.+)$", re.I | re.S
)
_INTRODUCING = re.compile(
    r"^(?:(?:제|내|저의)?\s*(?:이름|성함)(?:은|이)?\s*|(?:저는|전|나는|저)\s+|my name is\s+|name is\s+|i am\s+|i'm\s+|"
    r"this is\s+|it'?s\s+|name\s*:\s*)",
    re.I,
)
_NAME_END = re.compile(
    r"(?<=[가-힣]{2})(?:이?라고\s*(?:합니다|해요|불러\s*주세요)|입니다|이에요|이예요|예요|이요)$|(?<=[가-힣]{3})(?:이야|요)$"
)
_NOUN_END = re.compile(
    r"(?<=[가-힣])(?:입니다|이에요|이예요|예요|이요|인데요|이고요|이었어요|였어요|에서요)$|"
    r"(?<=[침녁심벽전후제늘금밤낮시분쯤경터지일월년주말동읍면리앞뒤옆쪽역길로곳처원점구장관])(?:에)?요$"
)
_GREETING = re.compile(
    r"^(?:(?:안녕\s*하세요|안녕하십니까|안녕하셔요|안녕|저기요|여보세요|수고\s*(?:많으십니다|하십니다|하세요|많으세요)|감사합니다|고맙습니다|"
    r"hello|hi|hey|good (?:morning|afternoon|evening))[\s,.!~ㅎ^]+)+",
    re.I,
)
_ENDS_IN_CANCEL = re.compile(r"취소(?:요|할게요|할래요|해\s*줘요?|해\s*주세요|합니다|하고\s*싶어요)?[\s.!~]*$")
_WHO = re.compile(
    r"(?:^|너|당신|혹시|진짜|정말|지금|거기|그쪽)\s*(?:은|는)?\s*사람(?:이야|이에요|이세요|인가요|이니|입니까|맞아|맞나)|(?:로봇|챗봇|봇|기계|ai|인공지능)\s*(?:이야|이에요|예요|인가요|이니|야|입니까|이죠|지)|"
    r"are you (?:a |an )?(?:human|person|bot|robot|real|ai|machine)|am i talking to a (?:human|person|bot|robot)",
    re.I,
)
_OTHERS = re.compile(
    r"다른\s*(?:데|곳|거|것|주차장)|또\s*(?:없|다른)|\bother (?:one|place|lot)s?\b|anywhere else", re.I
)
_ORDINALS = ("첫", "두", "세", "네", "다섯", "여섯", "일곱", "여덟", "아홉", "열")
_COUNTED = {"둘": "두", "셋": "세", "넷": "네"}
_ENGLISH = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth")
_WORDS_OF_TEN = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
_KEYCAP = str.maketrans("", "", "\ufe0e\ufe0f\u20e3")
_ENDING = (
    r"(?:거|것|걸|꺼)?(?:이요|요|으로|로|이에요|예요|입니다|이야|는|은|을|를)?"
    r"(?:하겠습니다|할게요|할래요|해주세요|해줘요?|주세요|부탁해요|부탁드려요|부탁드립니다|선택)?(?:요)?"
)
_APART = re.compile(r"(?<=\d)[\s.,!~?·:]+(?=\d)")
"""Between two numbers: "1 2" is not twelve."""
_BETWEEN = re.compile(r"[\s.,!~?·:]+")
_POLITE = re.compile(rf"(.+?){_ENDING}")
_NUMBER = re.compile(rf"^(?:no|number|option|번호)?[#(\[]*(\d{{1,2}})[)\]]*(?:번째|번|째)?{_ENDING}$")
_ORDINAL = re.compile(rf"^({'|'.join((*_ORDINALS, *_COUNTED))})(?:번째|째|거|것|걸|번){_ENDING}$")
_ORDINAL_EN = re.compile(
    rf"^(?:the)?(?:({'|'.join(_ENGLISH)})|(\d{{1,2}})(?:st|nd|rd|th)|(?:number|option|no)({'|'.join(_WORDS_OF_TEN)}))"
    r"(?:one|option|choice)?(?:please)?$"
)


def plain(text: str) -> str:
    """Lower case, full-width made narrow, without spaces, marks and laughter: for comparing whole short messages."""
    return _plain(text[:200])


@lru_cache(maxsize=4096)  # one turn compares the same message and the same labels a dozen times
def _plain(text: str) -> str:
    # Letter by letter and not as a whole: NFKC of a whole text would turn ㅋ and ㅇㅇ into other, conjoining letters.
    composed = (char if _is_jamo(char) else unicodedata.normalize("NFKC", char) for char in _nfc(text))
    spoken = (char for char in "".join(composed) if unicodedata.category(char)[0] not in _UNSPOKEN)
    return _LAUGHTER.sub("", "".join(spoken)).lower()


def _nfc(text: str) -> str:
    return unicodedata.normalize("NFC", text)


def _is_jamo(char: str) -> bool:
    return "\u3131" <= char <= "\u318e"


def says_nothing(text: str) -> bool:
    """Only marks, emoji or laughter: there is no word to answer."""
    return not any(char.isalnum() for char in plain(text)) and not any(char.isalnum() for char in text[200:2000])


def is_label(text: str, label: str) -> bool:
    """The text is a button's label, whole or as a narrow channel showed it ("이동식 화장실…")."""
    if text.rstrip().endswith("…") and len(text) > 4:
        return plain(label).startswith(plain(text))
    return plain(text) == plain(label) != ""


def wants_late_answer(text: str, payload: str) -> bool:
    """답변 보기: show what could not be shown in time; nothing new is asked."""
    return payload == "late:show" or plain(text) in _WORDS["late"]


def is_stop(text: str, *, has_form: bool) -> bool:
    """수신거부 and its like. Inside a form the soft words (그만, 중지) mean the form, so they do not count here."""
    word = plain(text)
    return word in _WORDS["stop"] and not (has_form and word in _WORDS["soft_stop"])


def is_soft_stop(text: str) -> bool:
    """그만, 중지: in a form it ends the form, and may have meant all messages."""
    return plain(text) in _WORDS["soft_stop"]


def is_resume(text: str) -> bool:
    return plain(text) in _WORDS["resume"]


def is_cancel(text: str) -> bool:
    word = plain(text)
    return word in _WORDS["cancel"] or word in _WORDS["soft_stop"]


def is_skip(text: str) -> bool:
    return plain(text) in _WORDS["skip"]


def is_done(text: str) -> bool:
    """ "다 보냈어요": nothing more will follow."""
    return plain(text) in _WORDS["done"]


def is_yes(text: str) -> bool:
    return plain(text) in _WORDS["yes"]


def is_no(text: str) -> bool:
    return plain(text) in _WORDS["no"]


def is_here(text: str) -> bool:
    return plain(text) in _WORDS["here"]


def is_question(text: str) -> bool:
    return _ASKING.search(text[:500]) is not None


def is_correction(text: str) -> bool:
    return _CORRECTING.search(text[:200]) is not None


def without_greeting(text: str) -> str:
    """ "안녕하세요 가로등이 꺼졌어요" → "가로등이 꺼졌어요"; a mere greeting stays as it is."""
    return _GREETING.sub("", text.lstrip()) or text


def ends_in_cancel(text: str) -> bool:
    """ "아까 말한 거 취소할게요": a short sentence that cancels."""
    return len(text) <= 25 and _ENDS_IN_CANCEL.search(text) is not None


def asks_who(text: str) -> bool:
    """ "사람이에요 로봇이에요?": who is answering."""
    return len(text) <= 40 and _WHO.search(text) is not None


def declines(text: str) -> bool:
    """He would rather not say, or asks why he should."""
    return _DECLINING.search(text[:200]) is not None


def wants_another(text: str) -> bool:
    """ "다른 민원도 넣을게요" while one is being written."""
    return _ANOTHER.search(text[:200]) is not None


def names_earlier(text: str) -> bool:
    """It speaks of a complaint filed before: to be withdrawn or added to."""
    return _EARLIER.search(text[:200]) is not None


def wants_revising(text: str) -> bool:
    """Something is to be changed; which, the text may name ("전화번호가 틀렸어요")."""
    return _REVISING.search(text[:100]) is not None


def has_none(text: str) -> bool:
    """ "사진은 못 찍었어요": the thing asked for does not exist."""
    return _NONE.search(text[:100]) is not None


def taken_back(text: str) -> tuple[str, str] | None:
    """ "구래동 말고 우리은행 앞이요" → ("구래동", "우리은행 앞"); None when nothing is taken back."""
    found = _taken_back(text)
    return (found["old"], bare_noun(found["new"])) if found else None


def after_negation(text: str) -> str:
    """What is still meant: "민원 말고 제보로" leaves "제보로"."""
    found = _taken_back(text)
    return found["new"] if found else text


def _taken_back(text: str) -> re.Match[str] | None:
    said = text.strip()[:200]
    return _TAKEN_BACK.match(said) or _TAKEN_BACK_EN.match(said)


def bare_noun(text: str) -> str:
    """A place or a time without the verb of politeness: "오늘 아침요" → "오늘 아침"."""
    kept = _NOUN_END.sub("", text.strip().rstrip(".!~ "))
    return kept if len(kept) >= 2 else text.strip()


def bare_number(text: str) -> str:
    """ "010-1234-5678로 해주세요" → "010-1234-5678"."""
    return re.sub(r"[가-힣\s.!]+$", "", text.strip()[:60])


def bare_name(text: str) -> str:
    """ "제 이름은 홍길동입니다" → "홍길동"."""
    return _NAME_END.sub("", _INTRODUCING.sub("", text.strip()).strip().rstrip(".,!~ ")).strip()


def wants_others(text: str) -> bool:
    """ "여기 말고 다른 데": more of what was just shown."""
    return _OTHERS.search(text[:100]) is not None


def points_back(text: str) -> bool:
    """거기, 그럼, "that one": the text leans on what was said before."""
    return _THERE.search(text[:200]) is not None


def number_of(text: str) -> int | None:
    """1 for "1", "1번", "①", "１", "첫 번째", "no. 1"; None when the message is anything but a number of a choice."""
    word = text.strip()[:40].translate(_KEYCAP)
    if len(word) == 1 and word.isdigit():
        return unicodedata.digit(word)  # ➊ and its like, which NFKC leaves as they are
    said = _BETWEEN.sub("", _APART.sub("|", unicodedata.normalize("NFKC", word))).lower()
    if found := _NUMBER.match(said):
        return int(found[1])
    if named := _ORDINAL.match(plain(word)):
        return _ORDINALS.index(_COUNTED.get(named[1], named[1])) + 1
    if english := _ORDINAL_EN.match(said):
        return _of_english(*english.groups())
    return None


def _of_english(ordinal: str | None, digits: str | None, word: str | None) -> int:
    if ordinal:
        return _ENGLISH.index(ordinal) + 1
    return int(digits) if digits else _WORDS_OF_TEN.index(word or "one") + 1


def part_of_one(text: str, labels: Sequence[str]) -> int | None:
    """The index of the one label that holds these words, or that they hold ("두리공영주차장이요"); else None."""
    said = plain(text)
    if len(said) < 2 or len(said) > 40:
        return None
    names = [plain(label) for label in labels]
    bare = _POLITE.fullmatch(said)
    for word in dict.fromkeys((said, bare[1] if bare else said)):
        holding = [index for index, name in enumerate(names) if len(word) > 1 and word in name]
        held = [index for index, name in enumerate(names) if 2 <= len(name) >= len(word) - 8 and name in word]
        if found := holding or held:
            return found[0] if len(found) == 1 else None
    return None


def without_negated(understanding: Understanding) -> Understanding:
    """ "구래동 말고 장기동": the entity before 말고 is taken back by the citizen and must not be used."""
    kept: list[Entity] = []
    for entity in understanding.entities:
        tail = understanding.text[entity.end : entity.end + 8]
        is_english_not = re.search(r"\bnot\s+(?:in\s+|at\s+)?$", understanding.text[: entity.start], re.I)
        if not _NEGATED.match(tail) and not is_english_not:
            kept.append(entity)
    return replace(understanding, entities=tuple(kept)) if len(kept) < len(understanding.entities) else understanding

"""Set phrases about one's own account, and the names by which people call a channel."""

import re
from collections.abc import Mapping

_CHANNEL = r"(?:카카오톡?|카톡|문자|텔레그램|라인|왓츠앱|웹|채팅|여기|이쪽|kakao(?:talk)?|sms|telegram|line|whatsapp)"
_TOPIC = r"(?!.*(?:미세|먼지|대기질|주차|재난|행사|축제|공기|air|parking))"


def _said(pattern: str) -> re.Pattern[str]:
    """The phrase in a short message: a story that happens to hold such words is a story."""
    return re.compile(rf"^(?=.{{1,60}}$).*?(?:{pattern})", re.I)


LINK = _said(
    rf"(?:다른|두|여러)\s*(?:채널|메신저).{{0,10}}(?:연결|연동|같이|함께|합치)|채널\s*(?:을|를)?\s*(?:연결|연동)(?!.{{0,6}}(?:해제|끊|풀|취소))|"
    rf"{_CHANNEL}\s*(?:이랑|랑|하고|와|과|도)\s*.{{0,12}}{_CHANNEL}.{{0,14}}(?:같이|함께|연결|연동|합쳐|합치|이어)|"
    r"\b(?:link|connect)\s+(?:my\s+|another\s+|other\s+|the\s+|a\s+|two\s+)*(?:channels?|accounts?|messengers?)\b",
)
UNLINK = _said(
    r"^(?:(?:다른|연결된|제|내)?\s*(?:채널|계정|문자|카톡|카카오톡?|텔레그램|라인))?\s*연(?:결|동)\s*(?:을|를)?\s*(?:해제|끊|풀어|취소)|"
    r"\b(?:unlink|disconnect)\s+(?:my\s+|the\s+|other\s+)*(?:channels?|accounts?)\b",
)
NOTICES = _said(
    rf"^{_TOPIC}.*(?:(?:민원\s*)?(?:알림|안내|답변|통지)(?:은|는|을|를)?\s*(?:앞으로\s*)?{_CHANNEL}\s*(?:으로|로)|"
    rf"{_CHANNEL}\s*(?:으로|로)\s*(?:만\s*)?(?:알림|안내|답변|통지).{{0,10}}(?:받|보내|주세요)|"
    r"(?:알림|안내|통지)\s*(?:을|를)?\s*(?:받을|받는|보낼|보내는)\s*(?:채널|곳|데)|"
    r"\b(?:send|get|receive)\s+(?:me\s+)?(?:my\s+|the\s+)?(?:notices|notifications|updates)\s+(?:by|to|via|on|over)\b|"
    r"\bwhere\s+(?:do\s+)?(?:i\s+get\s+)?(?:my\s+)?(?:notices|notifications)\b)",
)
DELETE = _said(
    r"^(?!.*(?:신고|민원|게시|홈페이지|누가|유출)).{0,16}(?:내|제|저의|나의|내꺼|개인)\s*(?:개인\s*)?(?:정보|기록|데이터)(?:를|을|은|는)?"
    r"\s*(?:모두|전부|다|싹)?\s*(?:삭제|지워|지우|없애|파기)|^(?:회원\s*)?탈퇴(?:요|할게요|할래요|하고\s*싶|하겠|해\s*주세요|시켜)?|"
    r"\b(?:delete|erase|remove)\s+(?:all\s+)?(?:of\s+)?my\s+(?:personal\s+)?(?:data|information|info|account|records?)\b|"
    r"^forget\s+me\b",
)
SHOW = _said(
    r"^(?!.*(?:신고|민원\s*(?:넣|접수)|유출)).{0,8}(?:내|제|저의|나의)\s*(?:개인\s*)?(?:정보|데이터)(?:가|는|를|을)?\s*.{0,10}"
    r"(?:보여|조회|열람|확인|뭐|무엇|무슨|어떤|볼\s*수)|"
    r"(?:저|나|제|내)(?:에\s*대해|에\s*대한|의)?\s*.{0,8}(?:무슨|어떤|뭐|무엇|뭘).{0,10}(?:저장|보관|갖고|가지고)|"
    r"\b(?:show|see|view)\s+(?:me\s+)?my\s+(?:personal\s+)?(?:data|information)\b|\bwhat\s+do\s+you\s+(?:know|store|keep)\s+about\s+me\b",
)

NAMED: Mapping[str, re.Pattern[str]] = {
    "kakao": re.compile(r"카카오|카톡|kakao", re.I),
    "telegram": re.compile(r"텔레그램|telegram", re.I),
    "line": re.compile(r"라인|\bline\b", re.I),
    "whatsapp": re.compile(r"왓츠앱|whatsapp", re.I),
    "web": re.compile(r"웹|홈페이지|\bweb", re.I),
    "slack": re.compile(r"슬랙|slack", re.I),
}
SMS = re.compile(r"문자|\bsms\b|text message", re.I)
HERE = re.compile(r"여기|이쪽|이\s*채팅|\bhere\b", re.I)

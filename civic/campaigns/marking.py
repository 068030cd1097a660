"""How advertising must look: (광고), who sends it and where he is reached in front, a free way out at the end."""

import re
import unicodedata

from core.errors import BadInput

MARK = "(광고)"
_SPELT = re.compile(r"[(\[{<（［【〔〈《「『]?\s*광[\W_]*고\s*[)\]}>）］】〕〉》」』]")
_OWN_WAY_OUT = {"ko": "무료 수신거부: ‘광고 수신거부’라고 보내 주세요", "en": 'Free opt-out: send "stop ads"'}
_NUMBER = {"ko": "무료 수신거부 {number}", "en": "Free opt-out {number}"}


def check(text: str) -> None:
    """The city marks it itself. Raises BadInput for a mark in the text: spelt another way, it would evade filters
    (정보통신망법 시행령 별표 6: no other characters or blanks within the mark).
    """
    if _SPELT.search(unicodedata.normalize("NFKC", text)):
        raise BadInput(
            "‘(광고)’ 표시는 보낼 때 저절로 붙습니다. 글에서 빼 주세요.",
            "The mark (광고) is added when it is sent. Please leave it out of the text.",
        )


def marked(text: str, lang: str, *, sender: str, contact: str, free_number: str) -> str:
    """The whole message. `free_number`: of the 080 service, for texts to telephones; empty where the citizen can
    answer at no cost."""
    lang = "en" if lang == "en" else "ko"
    way_out = _NUMBER[lang].format(number=free_number) if free_number else _OWN_WAY_OUT[lang]
    return f"{MARK} {sender} {contact}\n{text.strip()}\n{way_out}"

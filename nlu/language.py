"""Korean or English: decided by script, with function words where both stand in one sentence."""

import re

from core.contracts.understanding import Lang

_HANGUL = re.compile(r"[가-힣ㄱ-ㅎㅏ-ㅣ]")
_WORDS = re.compile(r"[a-z']+")
_FUNCTION_WORDS = frozenset(
    [
        "a",
        "an",
        "the",
        "is",
        "are",
        "am",
        "was",
        "do",
        "does",
        "did",
        "can",
        "could",
        "may",
        "how",
        "what",
        "where",
        "when",
        "which",
        "who",
        "why",
        "i",
        "i'm",
        "my",
        "me",
        "we",
        "our",
        "you",
        "your",
        "it",
        "there",
        "here",
        "this",
        "that",
        "to",
        "of",
        "for",
        "in",
        "on",
        "at",
        "near",
        "with",
        "from",
        "by",
        "and",
        "or",
        "not",
        "no",
        "please",
        "want",
        "need",
        "have",
        "has",
        "will",
        "would",
        "should",
        "be",
        "been",
        "get",
        "any",
        "some",
        "tell",
        "show",
        "thanks",
        "thank",
        "hello",
        "hi",
    ]
)
# Latin letters that Koreans type inside Korean chat, alone.
_KOREAN_CHAT = frozenset({"ok", "cctv", "sos", "ars", "lpg", "pc", "gps", "pm", "id", "qr", "tv", "ㅇㅋ"})


def language_of(folded: str) -> Lang:
    """`ko` or `en`; a Korean sentence with English words in it stays `ko`, and so does a text without letters."""
    hangul = len(_HANGUL.findall(folded))
    words = _WORDS.findall(folded)
    if not words:
        return "ko"
    if not hangul:
        return "ko" if all(word in _KOREAN_CHAT for word in words) else "en"
    function_words = sum(word in _FUNCTION_WORDS for word in words)
    return "en" if function_words >= 2 and sum(map(len, words)) > hangul else "ko"

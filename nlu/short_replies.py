"""The yes and no of a chat: too short for a classifier, so they are known by heart."""

import re

_AFFIRM = """
네 넹 넵 넴 넷 네네 네넵 넵넵 예 옙 옛 예예 응 응응 웅 웅웅 엉 어 어어 ㅇ ㅇㅇ ㅇㅋ ㅇㅇㅇ ㄴㅔ ㅔ 그래 그래요
그래그래 맞아 맞아요 맞습니다 맞어 맞음 맞다 맞네요 네맞아요 네맞습니다 예맞습니다 응맞아 좋아 좋아요 좋습니다
오케이 오키 오케 콜 그럼요 그렇습니다 그렇죠 당연하죠 물론 물론이죠 네그렇습니다 네그래요 네좋아요
네그렇게해주세요 그렇게해주세요 그렇게해줘 네해주세요 해주세요 진행해주세요 확인 확인했습니다 동의 동의합니다
yes yep yeah yup y ok okay okey sure right correct yesplease ofcourse thatsright agreed 기여 그려 하모 맞심더
예예맞아요
"""
_DENY = """
아니 아니요 아니오 아뇨 아녀 아니야 아니에요 아니예요 아닙니다 아님 아닌데 아닌데요 ㄴ ㄴㄴ ㄴㄴㄴ 노 노노
노우 싫어 싫어요 싫습니다 됐어 됐어요 됐습니다 괜찮아요 괜찮습니다 안해 안해요 안할래 안할래요 안합니다
필요없어 필요없어요 필요없습니다 틀려요 틀렸어요 틀림 그건아니에요 그거아니에요 그거아니야 그게아니라
아니그거말고 그거말고 아니됐어요 하지마 하지마세요 no nope nah n nothanks notthat wrong notreally 아이라
아이다 아이데이 아니여 아녀유
"""
# Not in the lists on purpose: 취소 (cancel what?) and 그만 (unsubscribe?) depend on the open question.

_KNOWN = dict.fromkeys(_AFFIRM.split(), "affirm") | dict.fromkeys(_DENY.split(), "deny")
_BESIDE = re.compile(r"[^0-9a-z가-힣ㄱ-ㅎㅏ-ㅣ]+|[ㅋㅎㅠㅜ]{2,}")
_LONGEST = max(map(len, _KNOWN))


def short_reply(folded: str) -> str | None:
    """`affirm`, `deny`, or None for anything that is not a bare yes or no."""
    if len(folded) > 3 * _LONGEST:
        return None
    return _KNOWN.get(_BESIDE.sub("", folded))

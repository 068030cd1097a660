"""(b) one turn in process without input or output: understand, decide, render."""

import gc
from datetime import UTC, datetime
from time import perf_counter

from bench.load import Figures, figures
from bench.webhooks import SAID
from bot.bootstrap import Running
from bot.bubbles import compile_says
from civic.conversations.lease import Held
from core.contracts.channel import IncomingMessage
from core.ids import new_id

STILL = (
    "안녕하세요",
    "도움말",
    "고맙습니다",
    "여권 어디서 만들어요?",
    "국민연금 얼마 받아요?",
    "장기동에 가로등이 꺼졌어요",
    "상담원 연결해줘",
)
"""Sentences whose answers need no look into the store."""
COUNT = 3000


def understanding(house: Running) -> Figures:
    """The language engine alone, over all sentences of the benches."""
    now, times = datetime.now(UTC).isoformat(), []
    for index in range(COUNT):
        text = (*SAID, *STILL)[index % (len(SAID) + len(STILL))]
        began = perf_counter()
        house.engine.understand(text, now_iso=now)
        times.append((perf_counter() - began) * 1000)
    return figures(times, 1000 / (sum(times) / len(times)))


async def turns(house: Running) -> Figures:
    """The whole turn but for the store."""
    now, times = datetime.now(UTC), []
    city = house.settings.city.id
    can = house.channels["web"].capabilities
    gc.collect()
    for index in range(COUNT):
        message = IncomingMessage(str(index), "bench", "text", STILL[index % len(STILL)])
        held = Held(new_id(), city, "web", "bench", None, "ko", "bot", None, 0, 0, True, False, "bench")
        began = perf_counter()
        outcome = await house.dialogue.decide(held, message, now, house.reader.hear(now.isoformat()))
        says = [say for part in outcome.parts for say in part.says]
        compile_says(says, outcome.lang, can, house.texts)
        outcome.state.write()
        times.append((perf_counter() - began) * 1000)
    return figures(times, 1000 / (sum(times) / len(times)))

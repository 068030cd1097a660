"""`python -m sinmungo_rasa.measure MODEL LINES OUT`: a trained model read line by line inside Rasa's own process.

LINES is JSONL with `text`. OUT: one JSON object {start_s, rss_mb, lines: [{ms, intent, intent_ranking, entities}]}.
"""

from __future__ import annotations

import time

BEGAN = time.perf_counter()

import asyncio  # noqa: E402
import json  # noqa: E402
import logging  # noqa: E402
import sys  # noqa: E402
from pathlib import Path  # noqa: E402
from typing import Any  # noqa: E402

from rasa.core.agent import Agent, load_agent  # noqa: E402
from rasa.utils.log_utils import configure_structlog  # noqa: E402

WARM_UP = 5
"""TensorFlow builds its graph on the first lines."""


async def measure(model: Path, texts: list[str]) -> dict[str, Any]:
    configure_structlog(logging.ERROR)  # unconfigured, every text is written out, which costs more than reading it
    agent: Agent = await load_agent(model_path=str(model))
    start_s = time.perf_counter() - BEGAN
    for text in texts[:WARM_UP]:
        await agent.parse_message(text)
    lines = []
    for text in texts:
        began = time.perf_counter()
        said = await agent.parse_message(text)
        took = (time.perf_counter() - began) * 1000
        lines.append({"ms": took, **{key: said[key] for key in ("intent", "intent_ranking", "entities")}})
    return {"start_s": start_s, "rss_mb": _resident_mb(), "lines": lines}


def _resident_mb() -> float:
    """What the process holds now (Linux), in MB."""
    told = Path("/proc/self/status").read_text("utf-8")
    return next(int(line.split()[1]) for line in told.splitlines() if line.startswith("VmRSS")) / 1024


if __name__ == "__main__":
    said = [json.loads(line)["text"] for line in Path(sys.argv[2]).read_text("utf-8").splitlines() if line.strip()]
    Path(sys.argv[3]).write_text(json.dumps(asyncio.run(measure(Path(sys.argv[1]), said))), "utf-8")

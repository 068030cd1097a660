"""The way to object to a refusal (불복 절차), as the city's dated text says it on that day."""

from datetime import datetime

from core.clock import SEOUL
from core.settings import Cases


def default_appeal(rules: Cases, now: datetime, lang: str) -> str:
    """The text valid today in the citizen's language; empty when the city has set none."""
    today = now.astimezone(SEOUL).date()
    valid = [one for one in rules.appeals if one.since <= today]
    if not valid:
        return ""
    newest = max(valid, key=lambda one: one.since)
    return newest.en if lang == "en" else newest.ko

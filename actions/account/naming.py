"""Channels by the names that people know them by."""

from collections.abc import Sequence

from civic.people.service import Member
from core.contracts.dialogue import Wordings


def channel_name(texts: Wordings, lang: str, channel: str) -> str:
    return texts.render("account.channel", lang, {"channel": channel})


def labels_of(texts: Wordings, lang: str, his: Sequence[Member]) -> dict[str, str]:
    """By conversation id; two of one channel are told apart by their day."""
    names = {str(one.conversation_id): channel_name(texts, lang, one.channel) for one in his}
    twice = {name for name in names.values() if list(names.values()).count(name) > 1}
    return {
        str(one.conversation_id): f"{names[str(one.conversation_id)]} ({one.since:%Y-%m-%d})"
        if names[str(one.conversation_id)] in twice
        else names[str(one.conversation_id)]
        for one in his
    }

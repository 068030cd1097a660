"""Where the city tells a citizen of his cases: one of his linked channels, or each case where he filed it."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from actions.account import words
from actions.account.linking import LINK
from actions.account.naming import channel_name, labels_of
from civic.people.service import Member, PeopleService
from core.contracts.dialogue import Choice, Reply, Say, Turn, Wordings

FILED = "filed"
"""Each case is told of where it was filed."""


async def choose_notice_channel(turn: Turn, people: PeopleService, texts: Wordings) -> Reply:
    """Take the channel that he names, or offer what he has."""
    his = await people.members(turn.citizen_id)
    if turn.citizen_id is None or len(his) < 2:
        return Reply((Say("account.one_channel", {"can_link": bool(people.sms_channel)}, (LINK,)),))
    wanted = turn.argument or _named(turn, his, people)
    if wanted == FILED:
        return _chosen(turn, None, people, texts)
    for one in his:
        if str(one.conversation_id) == wanted:
            return _chosen(turn, one, people, texts)
    return _offered(turn, his, texts)


def _named(turn: Turn, his: Sequence[Member], people: PeopleService) -> str:
    """The conversation of the channel that his words name, if exactly one fits."""
    text = turn.message.text[:200]
    if words.HERE.search(text):
        return str(turn.conversation_id)
    named = {channel for channel, pattern in words.NAMED.items() if pattern.search(text)}
    if words.SMS.search(text):
        named.add(people.sms_channel)
    fitting = [one for one in his if one.channel in named]
    return str(fitting[0].conversation_id) if len(fitting) == 1 else ""


def _offered(turn: Turn, his: Sequence[Member], texts: Wordings) -> Reply:
    labels = labels_of(texts, turn.lang, his)
    buttons = [
        Choice(f"do:choose_notice_channel:{one.conversation_id}", label=labels[str(one.conversation_id)]) for one in his
    ]
    buttons.append(Choice(f"do:choose_notice_channel:{FILED}", key="account.where_filed"))
    return Reply((Say("account.which_channel", buttons=tuple(buttons)),))


def _chosen(turn: Turn, one: Member | None, people: PeopleService, texts: Wordings) -> Reply:
    citizen_id, conversation_id = turn.citizen_id, one.conversation_id if one else None
    assert citizen_id is not None

    async def write(tx: AsyncConnection) -> Mapping[str, Any]:
        await people.choose(tx, citizen_id, conversation_id, turn.now)
        return {}

    values: dict[str, Any] = {"channel": "", "waits": False, "is_stopped": False}
    if one is not None:
        is_out = one.is_stopped or one.is_unreachable
        name = channel_name(texts, turn.lang, one.channel)
        values = {"channel": name, "waits": not people.can_push(one.channel), "is_stopped": is_out}
    return Reply((Say("account.chosen", values),), write=write)

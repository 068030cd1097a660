"""One's own account by chat: the same person on several channels, where notices go, what is kept, and deletion."""

from actions.account import words
from actions.account.deleting import delete_my_data, deletion_form
from actions.account.linking import link_channel, linking_forms, unlink_channel
from actions.account.naming import channel_name
from actions.account.telling import choose_notice_channel
from civic.people.service import PeopleService
from core.contracts.dialogue import Choice, Form, Reply, Say, Turn, Wordings
from core.settings import City


async def show_my_data(turn: Turn, people: PeopleService, city: City, texts: Wordings) -> Reply:
    """A short summary; the whole is given by the office to whoever proves who he is (개인정보 보호법 §35)."""
    kept = await people.kept(turn.conversation_id, turn.citizen_id)
    values = {
        "kept": kept,
        "channels": [channel_name(texts, turn.lang, one) for one in kept.channels],
        "phone": city.phone,
    }
    buttons = (Choice("do:my_data_delete", key="intent.my_data_delete"),)
    return Reply((Say("account.shown", values, buttons),))


def forms() -> tuple[Form, ...]:
    return (*linking_forms(), deletion_form())


INTENTS = {
    "link_channel": link_channel,
    "unlink_channel": unlink_channel,
    "choose_notice_channel": choose_notice_channel,
    "my_data_delete": delete_my_data,
    "my_data_show": show_my_data,
}
ANYBODYS = (
    (words.DELETE, "my_data_delete"),
    (words.SHOW, "my_data_show"),
    (words.UNLINK, "unlink_channel"),
    (words.NOTICES, "choose_notice_channel"),
    (words.LINK, "link_channel"),
)
"""Words that mean one thing whoever says them; the most particular first."""

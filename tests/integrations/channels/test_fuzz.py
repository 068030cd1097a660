"""Whatever comes in is read, refused or malformed; whatever goes out is as short as the provider wants it.

Every channel with a kit is in it, at every door of its (`Kit.doors`). A failure names the channel, the door and the
bytes; a bug found here becomes an example of test_contract.py or of the channel's own tests.
"""

import json
import random
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, currently_in_test_context, example, given, note, settings
from hypothesis import strategies as st

from core import cp949
from core.contracts.channel import (
    Button,
    Card,
    Channel,
    Forged,
    Malformed,
    OutgoingMessage,
    SendFailed,
    WebhookRequest,
)
from tests.integrations.channels.conftest import Lent, Serve
from tests.integrations.channels.hearing import heard
from tests.integrations.channels.kits import Kit, Sign
from tests.integrations.channels.mutations import ODD, WILD, changed_at, deep, form, names, paths, samples, written
from tests.integrations.channels.test_contract import KITS, NOWHERE, all_channels

fuzzed = settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)
LEVELS = [1, 50, 127, 128, 254, 256, 1023, 1025, 5000]


@pytest.fixture
def kit(name: str) -> Kit:
    return KITS[name]


@pytest.fixture
def channel(kit: Kit, lent: Lent) -> Channel:
    return kit.build(lent.house, NOWHERE)


def doors(kit: Kit) -> list[tuple[str, Sign, list[Any]]]:
    """Each webhook of the channel: its label, how a body is signed there, documents as they come."""
    others = [(label, sign, [document]) for label, (sign, document) in kit.doors().items()]
    return [("the plain one", kit.sign, samples(kit)), *others]


def signed(sign: Sign, body: bytes) -> WebhookRequest | None:
    """None where the kit cannot put these bytes into the provider's envelope."""
    try:
        return sign(body)
    except (ValueError, TypeError, AttributeError, KeyError, RecursionError):
        return None


def knock(channel: Channel, label: str, sign: Sign, body: bytes) -> None:
    """Nothing but Received, Forged and Malformed may come of it (`heard` fails otherwise)."""
    if currently_in_test_context():
        note(f"{channel.name}, {label}: {body[:300]!r}")
    if request := signed(sign, body):
        heard(channel, request)


@all_channels
class TestIn:
    @fuzzed
    @given(data=st.data(), content=st.binary(max_size=3000))
    def test_no_bytes_break_it(self, channel: Channel, kit: Kit, data: st.DataObject, content: bytes) -> None:
        for label, sign, _ in doors(kit):
            knock(channel, label, sign, content)

    @fuzzed
    @given(data=st.data())
    def test_no_cut_or_bitten_payload_breaks_it(self, channel: Channel, kit: Kit, data: st.DataObject) -> None:
        label, sign, documents = data.draw(st.sampled_from(doors(kit)))
        whole = bytearray(written(data.draw(st.sampled_from(documents))))
        for _ in range(data.draw(st.integers(0, 4))):
            whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
        start = data.draw(st.integers(0, len(whole)))
        end = data.draw(st.integers(start, len(whole)))
        knock(channel, label, sign, bytes(whole if data.draw(st.booleans()) else whole[start:end]))

    @fuzzed
    @given(data=st.data())
    def test_no_json_breaks_it(self, channel: Channel, kit: Kit, data: st.DataObject) -> None:
        """Documents of the provider's own names with anything under them, written carelessly."""
        label, sign, documents = data.draw(st.sampled_from(doors(kit)))
        document = data.draw(st.sampled_from(documents))
        known = names(document)
        is_made_up = data.draw(st.booleans())
        if known and is_made_up:
            document = data.draw(st.dictionaries(st.sampled_from(known), WILD, max_size=8))
        else:
            for _ in range(data.draw(st.integers(1, 4))):
                where = list(paths(document))
                document = changed_at(document, data.draw(st.sampled_from(where)), data.draw(WILD))
        knock(channel, label, sign, written(document))

    @fuzzed
    @given(data=st.data())
    def test_no_form_breaks_it(self, channel: Channel, kit: Kit, data: st.DataObject) -> None:
        label, sign, documents = data.draw(st.sampled_from(doors(kit)))
        known = names(data.draw(st.sampled_from(documents))) or ["payload"]
        fields = data.draw(st.dictionaries(st.sampled_from(known) | st.text(max_size=5), WILD, max_size=8))
        knock(channel, label, sign, form(fields))

    @pytest.mark.parametrize("levels", LEVELS)
    def test_no_depth_breaks_it(self, channel: Channel, kit: Kit, levels: int) -> None:
        for label, sign, documents in doors(kit):
            document = documents[0]
            for key in ("", *names(document)[:6]):
                knock(channel, label, sign, deep(levels, 1, key))
                knock(channel, label, sign, deep(levels, document, key))

    def test_no_wrong_type_at_another_door_breaks_it(self, channel: Channel, kit: Kit) -> None:
        for label, sign, documents in doors(kit)[1:]:
            for document in documents:
                for path in list(paths(document)):
                    for odd in ODD:
                        knock(channel, label, sign, written(changed_at(document, path, odd)))

    @fuzzed
    @given(data=st.data())
    @example(data=None)
    def test_no_method_query_or_address_breaks_it(self, channel: Channel, kit: Kit, data: st.DataObject | None) -> None:
        good = kit.sign(written(kit.text("안녕")))
        odd = st.text(st.characters(max_codepoint=0x10FFFF, exclude_categories=()), max_size=60)
        methods, urls = (
            ["POST", "GET", "PUT", ""],
            ["", "https://[::1]:8443/x/../channels/%00", "https://x/channels/kakao/blocks", "\udcff", good.url],
        )
        if data is None:
            tries = [WebhookRequest(method, good.headers, {}, good.body, url) for method in methods for url in urls]
        else:
            query = data.draw(
                st.dictionaries(st.sampled_from(["hub.mode", "hub.challenge", "access_token"]) | odd, odd)
            )
            url = data.draw(st.sampled_from(urls))
            tries = [WebhookRequest(data.draw(st.sampled_from(methods)), good.headers, query, good.body, url)]
        for request in tries:
            try:
                assert channel.receive(request).ack.status // 100 in (2, 4)
            except (Forged, Malformed):
                continue


# -- out ---------------------------------------------------------------------------------------------------------------

# No halves of surrogate pairs: the store holds none (civic.conversations.intake.storable), nor does its JSON.
PIECES = [
    "네, 접수했습니다. ",
    "가나다라마바사",
    "뷁펲똠샾",
    "🚨",
    "👨‍👩‍👧‍👦",
    "🏳️‍🌈🇰🇷",
    "e\u0301",
    "ﷺ",
    "\u202eصباح الخير\u202c",
    "שלום",
    "\n",
    "\n\n",
    " ",
    "\t",
    "a" * 300,
    " https://a.kr/?x=1&y=2 ",
    "<b>&amp;</b> *_`[x](y)~",
    "{{7*7}} #{이름} ${HOME}",
    "…—é·㎡①“”",
    "\x00",
    "\x1b[31m",
    "\ufdd0\ufffe",
    "1. 첫째\n   덧붙임\n2. 둘째",
]
MESSAGES = 40


def texts(chance: random.Random, most: int) -> str:
    made = "".join(chance.choice(PIECES) * chance.choice((1, 1, 1, 7, 400)) for _ in range(chance.randint(1, 6)))
    return f"네{made}"[: chance.choice((5, 90, 1000, most))]


def outgoing(kit: Kit, url: str, seed: int) -> OutgoingMessage:
    chance = random.Random(seed)
    buttons = tuple(Button(texts(chance, 60), f"b:{n}") for n in range(chance.choice((0, 0, 1, 3, 12, 40))))
    cards = tuple(
        Card(texts(chance, 200), texts(chance, 3000), chance.choice(("", "https://x.example/" + "a" * 900, "tel:1")))
        for _ in range(chance.choice((0, 0, 1, 2, 5, 12)))
    )
    base = kit.outgoing(url, texts(chance, 30_000), lang=chance.choice(("ko", "en")), buttons=buttons)
    values = {name: getattr(base, name) for name in ("address", "text", "buttons", "lang", "reply_token")}
    return OutgoingMessage(
        id=UUID(int=chance.getrandbits(128), version=4),
        cards=cards,
        subject=texts(chance, 80) if chance.random() < 0.4 else "",
        ask=chance.choice(("", "", "photo", "place")),
        purpose=chance.choice(("reply", "case_notice", "alert", "arrears", "campaign", "emergency")),
        answers=chance.choice(("", "", "17", "odd id\n")),
        replaces=chance.choice(("", "", "18")),
        **values,
    )


@all_channels
class TestOut:
    async def test_no_message_goes_out_longer_than_the_provider_takes(self, kit: Kit, lent: Lent, serve: Serve) -> None:
        """Cards, subjects, emoji, joiners, right-to-left, control characters: sent or SendFailed."""
        went = 0
        async with serve(kit.ok) as provider:
            channel = kit.build(lent.house, provider.url)
            for seed in range(MESSAGES):
                provider.calls.clear()
                lent.published.clear()
                message = outgoing(kit, provider.url, seed)
                try:
                    await channel.send(message)
                except SendFailed:
                    continue
                went += 1
                for bubble in kit.texts(provider.calls, lent.published):
                    assert 0 < kit.measure(bubble) <= kit.limit, (channel.name, f"seed {seed}", bubble[:80])
                    if channel.capabilities.max_bytes and channel.capabilities.charset == "cp949":
                        assert cp949.size(bubble) <= channel.capabilities.max_bytes, (channel.name, f"seed {seed}")
                for call in provider.calls:
                    assert len(call.body) <= kit.most_bytes, (channel.name, f"seed {seed}", len(call.body))
                    call.body.decode()
            await channel.aclose()
        assert went > 0, "not one message could be sent"

    def test_no_answer_in_the_response_is_longer_than_the_provider_takes(self, channel: Channel, kit: Kit) -> None:
        if channel.replies == "push":
            return
        for seed in range(MESSAGES):
            messages = [outgoing(kit, NOWHERE, 1000 * seed + number) for number in range(1 + seed % 5)]
            for pending in (False, True):
                answer = channel.render(messages, pending=pending, lang=messages[0].lang)
                assert len(answer.body) <= kit.most_bytes, (channel.name, f"seed {seed}", len(answer.body))
                for said in said_in(json.loads(answer.body)):
                    assert kit.measure(said) <= kit.limit, (channel.name, f"seed {seed}", said[:80])


def said_in(value: Any) -> Iterator[str]:
    """Every text under a key of that name."""
    if isinstance(value, dict):
        for key, inner in value.items():
            if key == "text" and isinstance(inner, str):
                yield inner
            else:
                yield from said_in(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from said_in(inner)

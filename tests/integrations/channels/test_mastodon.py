"""Mastodon's own ways: mentions by page and nothing lost, answers for one person's eyes, deleted and blocked."""

import json
from collections.abc import AsyncIterator
from contextlib import aclosing
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import pytest

from core.contracts.channel import IncomingMessage, Media, Polling, Received, SendFailed, WebhookRequest
from core.loading import ROOT
from integrations.channels.mastodon import Mastodon, Settings
from tests.integrations.channels.conftest import Lent, Serve
from tests.integrations.channels.kits import Answer, Call
from tests.integrations.channels.kits.mastodon import (
    KIT,
    NOW,
    TOKEN,
    account,
    attachment,
    mention,
    posts,
    said,
    status,
)

SHARED = ROOT.parent / "shared/data/channels/mastodon"


def made(lent: Lent, url: str = "http://127.0.0.1:9", **changes: Any) -> Mastodon:
    settings = Settings(instance_url=url, access_token=TOKEN, poll_s=0.05)
    return Mastodon(settings.model_copy(update=changes), lent.house)


def received(lent: Lent, found: Any, **changes: Any) -> Received:
    return made(lent, **changes).receive(KIT.sign(json.dumps(found).encode()))


def one(lent: Lent, found: Any) -> IncomingMessage:
    (message,) = received(lent, found).messages
    return message


def listed(found: Any) -> Answer:
    return Answer(body=json.dumps(found).encode())


@dataclass
class Instance:
    """What an instance keeps: mentions by rising id, statuses once per key, direct conversations, who blocks us."""

    mentions: list[dict[str, Any]] = field(default_factory=list)
    statuses: dict[str, dict[str, Any]] = field(default_factory=dict)
    keys: dict[str, str] = field(default_factory=dict)
    conversations: list[dict[str, Any]] = field(default_factory=list)
    blocked_by: set[str] = field(default_factory=set)

    def tell(self, *mentions: dict[str, Any]) -> None:
        for each in mentions:
            self.mentions.append(each)
            self.statuses[each["status"]["id"]] = each["status"]

    def __call__(self, call: Call) -> Answer:
        address = urlsplit(call.path)
        query = parse_qs(address.query)
        if call.headers.get("authorization") != f"Bearer {TOKEN}":
            return Answer(401)
        if address.path == "/api/v1/notifications":
            after = int(query["min_id"][0])
            page = [each for each in self.mentions if int(each["id"]) > after][: int(query["limit"][0])]
            return listed(page[::-1])
        if address.path == "/api/v1/conversations":
            return listed(self.conversations)
        if address.path == "/api/v1/accounts/relationships":
            return listed([{"id": each, "blocked_by": each in self.blocked_by} for each in query["id[]"]])
        if address.path == "/api/v1/statuses" and call.method == "GET":
            return listed([self.statuses[each] for each in query["id[]"] if each in self.statuses])
        if address.path == "/api/v1/statuses":
            return self._post(call.headers.get("idempotency-key", ""), json.loads(call.body))
        if (key := address.path.rpartition("/")[2]) in self.statuses:
            return listed(self.statuses[key])
        return Answer(404, b'{"error": "Record not found"}')

    def _post(self, key: str, body: dict[str, Any]) -> Answer:
        if body["in_reply_to_id"] not in self.statuses:
            return Answer(404, b'{"error": "The post you are trying to reply to does not appear to exist."}')
        if key not in self.keys:
            self.keys[key] = str(990000 + len(self.keys))
            self.statuses[self.keys[key]] = body
        return listed(status("", id=self.keys[key]))


async def taken(channel: Mastodon, most: int) -> list[WebhookRequest]:
    """The next requests, each as done; the last one's doing is told by asking once more where `most` is over."""
    found: list[WebhookRequest] = []
    async with aclosing(channel.poll()) as pulled:  # type: ignore[type-var]
        async for request in pulled:
            if len(found) == most:
                return found
            found.append(request)
    return found


def words(channel: Mastodon, requests: list[WebhookRequest]) -> list[str]:
    return [message.text for request in requests for message in channel.receive(request).messages]


@pytest.mark.parametrize(
    ("found", "kind", "text", "media"),
    [
        (said("구래동 주차장"), "text", "구래동 주차장", []),
        (said("첫 줄\n둘째 줄"), "text", "첫 줄\n둘째 줄", []),
        (said(""), "start", "", []),
        (said("밤마다 시끄러워요", spoiler_text="소음"), "text", "소음\n밤마다 시끄러워요", []),
        (said("", media_attachments=[attachment("https://city.example/1.jpg")]), "media", "", ["photo"]),
        (said("봐요", media_attachments=[attachment("https://city.example/1.mp4", "video")]), "text", "봐요", []),
        (said("", media_attachments=[attachment("https://city.example/1.mp4", "gifv")]), "other", "", ["video"]),
        (said("아직", media_attachments=[attachment(None)]), "text", "아직", []),
    ],
)
def test_it_reads_each_kind(lent: Lent, found: Any, kind: str, text: str, media: list[str]) -> None:
    message = one(lent, found)
    assert (message.kind, message.text, [each.kind for each in message.media]) == (kind, text, media)
    assert (message.address, message.external_id, message.provider_id) == ("kim@far.example", "11744081", "11744081")
    assert (message.lang_hint, message.reply_token) == ("ko", "11744081/public")


@pytest.mark.parametrize(
    ("text", "is_quiet"),
    [
        ("답장하지 마세요", True),
        ("그냥 알려 드려요. 답하지 마", True),
        ("FYI, do not reply", True),
        (
            "담당자가 답하지 마라며 전화를 끊습니다. 지난주부터 여러 번 말씀드렸는데 아무도 오지 않아요. 확인해 주세요",
            False,
        ),
        ("답장 주세요", False),
    ],
)
def test_who_asks_for_no_answer_gets_none(lent: Lent, text: str, is_quiet: bool) -> None:
    message = one(lent, said(text))
    assert (message.kind == "stop", message.is_event) == (is_quiet, is_quiet)


def test_a_locked_account_is_passed_over_where_the_city_wants_it(lent: Lent) -> None:
    locked = said("안녕하세요", who=account(locked=True))
    assert received(lent, locked).messages and received(lent, locked, skip_locked=True).ignored


def test_recorded_mentions_are_read(lent: Lent) -> None:
    """A real server's, where the shared samples are at hand."""
    path = SHARED / "mention_notifications.json"
    recorded = json.loads(path.read_text("utf-8"))["body"] if path.is_file() else []
    found = [one(lent, each) for each in recorded]
    assert [(each.address, each.kind, each.text) for each in found] == [("admin", "text", "hello!")] * bool(recorded)


async def test_mentions_come_oldest_first_and_page_by_page(lent: Lent, serve: Serve) -> None:
    instance = Instance()
    instance.tell(*(said(f"{number}번째", str(number), who=account(f"p{number}@a.kr")) for number in range(1, 96)))
    async with serve(instance) as provider:
        channel = made(lent, provider.url)
        assert isinstance(channel, Polling)
        assert words(channel, await taken(channel, 94)) == [f"{number}번째" for number in range(1, 95)]


async def test_what_came_while_we_were_away_is_read_by_the_next_process(lent: Lent, serve: Serve) -> None:
    instance = Instance()
    instance.tell(said("하나", "1"), said("둘", "2"), said("셋", "3"))
    async with serve(instance) as provider:
        first = made(lent, provider.url)
        assert words(first, await taken(first, 1)) == ["하나"]  # "둘" was offered and not done: we were killed
        instance.tell(said("넷", "10"))
        lent.clock.move(timedelta(days=3))
        second = made(lent, provider.url)
        found = [each async for each in _some(second, 3)]
        assert words(second, found) == ["둘", "셋", "넷"]


async def _some(channel: Mastodon, count: int) -> AsyncIterator[WebhookRequest]:
    async with aclosing(channel.poll()) as pulled:  # type: ignore[type-var]
        async for request in pulled:
            yield request
            if (count := count - 1) == 0:
                return


async def test_what_is_older_than_our_beginning_is_let_lie(lent: Lent, serve: Serve) -> None:
    instance = Instance()
    instance.tell(said("오래된 말", "1", created_at=(NOW - timedelta(hours=25)).isoformat()), said("새 말", "2"))
    async with serve(instance) as provider:
        channel = made(lent, provider.url)
        assert words(channel, [each async for each in _some(channel, 1)]) == ["새 말"]


async def test_two_bots_cannot_talk_for_ever(lent: Lent, serve: Serve) -> None:
    """One that does not say it is a bot: after so many words in an hour nothing of it comes in."""
    instance = Instance()
    instance.tell(*(said(f"삐 {number}", str(number)) for number in range(1, 30)))
    instance.tell(said("사람입니다", "30", who=account("lee@far.example")))
    async with serve(instance) as provider:
        channel = made(lent, provider.url, most_per_hour=5)
        found = words(channel, [each async for each in _some(channel, 6)])
    assert found == [*(f"삐 {number}" for number in range(1, 6)), "사람입니다"]


async def test_a_deleted_status_is_taken_back(lent: Lent, serve: Serve) -> None:
    instance = Instance()
    instance.tell(said("지울 말", "1"), said("남을 말", "2"))
    async with serve(instance) as provider:
        channel = made(lent, provider.url)
        async with aclosing(channel.poll()) as pulled:  # type: ignore[type-var]
            assert words(channel, [await anext(pulled), await anext(pulled)]) == ["지울 말", "남을 말"]
            del instance.statuses["11744081"]
            lent.clock.move(timedelta(minutes=6))
            gone = channel.receive(await anext(pulled))
    assert (gone.withdrawn, gone.messages) == (("11744081",), ())


async def test_a_block_is_a_stop_and_takes_nothing_back(lent: Lent, serve: Serve) -> None:
    instance = Instance()
    instance.tell(said("차단할 사람", "1"))
    async with serve(instance) as provider:
        channel = made(lent, provider.url)
        async with aclosing(channel.poll()) as pulled:  # type: ignore[type-var]
            await anext(pulled)
            del instance.statuses["11744081"]
            instance.blocked_by.add(account()["id"])
            lent.clock.move(timedelta(minutes=6))
            found = channel.receive(await anext(pulled))
    (message,) = found.messages
    assert (message.kind, message.is_event, message.address, found.withdrawn) == ("stop", True, "kim@far.example", ())


async def test_a_failed_pull_is_told_and_gone_on_with(lent: Lent, serve: Serve) -> None:
    instance = Instance()
    instance.tell(said("하나", "1"))
    async with serve(instance) as provider:
        provider.script.append(KIT.failures["too_many"])
        channel = made(lent, provider.url)
        with pytest.raises(SendFailed) as failure:
            await anext(channel.poll())
        assert failure.value.retry_after == 7
        assert words(channel, [each async for each in _some(channel, 1)]) == ["하나"]


def test_nobody_posts_a_mention_to_us(lent: Lent) -> None:
    """A mark of another house, or of another body, opens nothing."""
    good = KIT.sign(json.dumps(said("안녕")).encode())
    for label, forged in KIT.forged(good).items():
        with pytest.raises(Exception, match="not pulled by us"):
            made(lent).receive(forged)
        assert label


def outgoing(text: str = "네, 접수했습니다.", **values: Any) -> Any:
    return KIT.outgoing("", text, **values)


async def sent(lent: Lent, serve: Serve, message: Any, instance: Any = None, **changes: Any) -> list[dict[str, Any]]:
    async with serve(instance or KIT.ok) as provider:
        await made(lent, provider.url, **changes).send(message)
        return posts(provider.calls)


async def test_a_public_word_is_answered_for_his_eyes_only(lent: Lent, serve: Serve) -> None:
    (post,) = await sent(lent, serve, outgoing())
    assert post == {
        "status": "@kim@far.example 네, 접수했습니다.",
        "language": "ko",
        "visibility": "direct",
        "in_reply_to_id": "11744081",
    }


async def test_nobody_named_in_the_text_gets_to_read_it(lent: Lent, serve: Serve) -> None:
    """A direct status is seen by all whom it mentions: also by one whose name the citizen wrote into his complaint."""
    text = "내용: @mayor@far.example 과 (@lee) 얘기, 문의 minwon@gimpo.go.kr"
    (post,) = await sent(lent, serve, outgoing(text))
    assert post["status"].partition(" ")[2] == text.replace(" @mayor", " @\u2060mayor").replace("(@lee", "(@\u2060lee")


async def test_what_defuses_a_name_costs_no_word(lent: Lent, serve: Serve) -> None:
    text = "@lee " * 6 + "가" * 430
    assert len(text) == made(lent).capabilities.max_text
    (post,) = await sent(lent, serve, outgoing(text))
    assert post["status"].endswith("가") and len(post["status"]) - len("@far.example") <= 500


async def test_a_note_in_public_is_said_once_and_says_nothing(lent: Lent, serve: Serve) -> None:
    instance = Instance()
    instance.tell(said("민원이요", "1"))
    message = outgoing("김시민 님의 접수번호는 GP-2026-000001입니다")
    async with serve(instance) as provider:
        channel = made(lent, provider.url, public_note=True)
        for number in (1, 2):
            await channel.send(
                type(message)(UUID(int=number), message.address, message.text, reply_token="11744081/public")
            )
        await channel.send(type(message)(UUID(int=3), message.address, "비밀", reply_token="11744081/direct"))
    notes = [body for body in instance.statuses.values() if body.get("visibility") == "unlisted"]
    assert [note["status"].partition(" ")[2] for note in notes] == [
        "쪽지로 답을 드렸습니다. (We have answered in a direct message.)"
    ]


async def test_a_repeated_send_makes_one_status(lent: Lent, serve: Serve) -> None:
    instance = Instance()
    instance.tell(said("민원이요", "1"))
    async with serve(instance) as provider:
        ids = {(await made(lent, provider.url).send(outgoing())).provider_id for _ in range(3)}
    assert ids == {"990000"} and list(instance.keys) == [str(outgoing().id)]


async def test_a_notice_goes_under_our_last_common_status(lent: Lent, serve: Serve) -> None:
    instance = Instance(statuses={"55": {}, "66": {}, "77": {}})
    both = [account("lee@far.example"), account()]
    instance.conversations = [
        {"accounts": [account("lee@far.example")], "last_status": status("", id="55")},
        {"accounts": both, "last_status": status("", id="66")},
        {"accounts": [account()], "last_status": status("", id="77")},
    ]
    (post,) = await sent(lent, serve, outgoing(reply_token="", purpose="case_notice"), instance)
    assert (post["in_reply_to_id"], post["visibility"]) == ("77", "direct"), "and never among others"


async def test_a_stranger_is_never_written_to(lent: Lent, serve: Serve) -> None:
    instance = Instance(conversations=[{"accounts": [account("lee@far.example")], "last_status": status("", "8")}])
    async with serve(instance) as provider:
        with pytest.raises(SendFailed, match="no direct conversation") as failure:
            await made(lent, provider.url).send(outgoing(reply_token="", purpose="alert"))
        assert posts(provider.calls) == []
    assert not failure.value.retry and not failure.value.stopped


async def test_a_status_that_is_gone_is_not_answered(lent: Lent, serve: Serve) -> None:
    """Deleted, or its writer has blocked us: the instance says 404 for both."""
    with pytest.raises(SendFailed) as failure:
        await sent(lent, serve, outgoing(), Instance())
    assert failure.value.stopped


async def test_a_changed_answer_takes_the_place_of_the_old(lent: Lent, serve: Serve) -> None:
    async with serve(KIT.ok) as provider:
        await made(lent, provider.url).send(outgoing("고침", replaces="990000", reply_token=""))
    (call,) = provider.calls
    assert (call.method, call.path) == ("PUT", "/api/v1/statuses/990000")
    assert json.loads(call.body)["status"] == "@kim@far.example 고침"


async def test_addresses_count_as_the_instance_counts_them(lent: Lent, serve: Serve) -> None:
    long = "https://www.gimpo.go.kr/portal/" + "x" * 900
    (post,) = await sent(lent, serve, outgoing(f"{long} 보세요"))
    assert post["status"].endswith(f"{long} 보세요")
    short = " ".join(["https://a.kr"] * 40)
    (post,) = await sent(lent, serve, outgoing(short))
    counted = sum(23 if word.startswith("https://a") else len(word) for word in post["status"].split(" ")[1:])
    assert post["status"].endswith("…") and counted + post["status"].count(" ") + len("@kim") <= 500


async def test_a_refused_token_is_an_outage(lent: Lent, serve: Serve) -> None:
    with pytest.raises(SendFailed) as failure:
        await sent(lent, serve, outgoing(), lambda call: Answer(401))
    assert (failure.value.outage, failure.value.retry, failure.value.stopped) == (True, False, False)


async def test_files_come_from_the_instances_hosts_alone_and_without_our_token(lent: Lent, serve: Serve) -> None:
    async with serve(KIT.ok) as provider:
        channel = made(lent, provider.url)
        assert await channel.fetch(Media("photo", f"{provider.url}/media/1.jpg")) == KIT.file
        assert "authorization" not in provider.calls[0].headers
        for elsewhere in ("http://169.254.169.254/latest", "https://far.example/1.jpg", "file:///etc/passwd"):
            with pytest.raises(SendFailed, match="not on the instance"):
                await channel.fetch(Media("photo", elsewhere))
        assert len(provider.calls) == 1


def test_a_mention_of_several_is_answered_to_its_writer_alone(lent: Lent) -> None:
    others = mention("<p>다 같이 봐요</p>", mentions=[{"acct": "lee@far.example"}, {"acct": "sinmungo"}])
    assert one(lent, others).address == "kim@far.example"


@pytest.mark.parametrize("wrong", [{"access_token": "short"}, {"instance_url": "city.example"}, {"max_characters": 10}])
def test_settings_that_could_not_work_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="1 validation error"):
        Settings.model_validate({"instance_url": "http://h", "access_token": TOKEN} | wrong)


async def test_a_recorded_answer_names_the_new_status(lent: Lent, serve: Serve) -> None:
    """A real server's answer to a post, where the shared samples are at hand; else one of the same shape."""
    path = SHARED / "status_reply.json"
    recorded = json.loads(path.read_text("utf-8"))["body"] if path.is_file() else status("", id="117440826677780974")
    async with serve(lambda call: listed(recorded)) as provider:
        assert (await made(lent, provider.url).send(outgoing())).provider_id == "117440826677780974"

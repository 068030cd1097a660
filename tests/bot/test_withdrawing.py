"""A message that its writer took back in the messenger: the words go, the row and the record of it stay."""

from typing import Any

from sqlalchemy import select

from civic.conversations import thread
from civic.conversations.tables import inbound
from civic.conversations.withdrawal import withdraw
from civic.staff.tables import audit_log
from core.contracts.channel import IncomingMessage, Media, Received
from core.vault import vault_of
from tests.bot.city import City


async def handle(city: City, *messages: IncomingMessage, withdrawn: tuple[str, ...] = ()) -> None:
    ignored = "" if messages or withdrawn else "nothing"
    answer = await city.house.desk.handle(city.channel, Received(messages, ignored=ignored, withdrawn=withdrawn))
    assert answer.status == 200
    await city.house.desk.idle()


async def stored(city: City, address: str) -> list[Any]:
    """What the thread shows to staff of the citizen's own messages."""
    async with city.house.db.transaction() as tx:
        found = await thread.conversation_id(tx, city.house.settings.city.id, city.channel.name, address)
        assert found is not None
        rows = await tx.execute(select(inbound).where(inbound.c.conversation_id == found).order_by(inbound.c.seq))
        vault = vault_of(tx)
        return [
            (
                row.external_id,
                vault.open_text(row.text, f"inbound.text:{row.id}"),
                vault.open_json(row.content, f"inbound.content:{row.id}"),
                row.outcome,
            )
            for row in rows
        ]


async def records(city: City) -> list[Any]:
    async with city.house.db.transaction() as tx:
        found = await tx.execute(select(audit_log).where(audit_log.c.action == "message.withdraw"))
        return list(found.all())


async def test_its_words_and_files_go_and_the_row_stays(city: City) -> None:
    kept = IncomingMessage("keep-1", "w-1", "text", "구래동 주차장 어디예요?")
    gone = IncomingMessage("gone-1", "w-1", "other", "제 번호입니다", media=(Media("file", "ref-of-the-file"),))
    await handle(city, kept)
    await handle(city, gone)
    await handle(city, withdrawn=("gone-1", "never-heard-of"))
    first, second = await stored(city, "w-1")
    assert first[1] == "구래동 주차장 어디예요?" and first[3] == "answered"
    assert second == ("gone-1", "", {}, "withdrawn")


async def test_it_is_on_record_once_and_without_words(city: City) -> None:
    before = len(await records(city))
    await handle(city, IncomingMessage("gone-2", "w-2", "text", "비밀 이야기"))
    await handle(city, withdrawn=("gone-2",))
    await handle(city, withdrawn=("gone-2",))
    found = (await records(city))[before:]
    assert [(one.actor_kind, one.object_kind, one.detail) for one in found] == [
        ("citizen", "message", {"channel": city.channel.name})
    ]


async def test_said_and_taken_back_in_one_call_is_blank_too(city: City) -> None:
    await handle(city, IncomingMessage("gone-3", "w-3", "text", "비밀 이야기"), withdrawn=("gone-3",))
    ((_, text, content, _),) = await stored(city, "w-3")
    assert (text, content) == ("", {})


async def test_an_id_of_another_channel_is_not_meant(city: City) -> None:
    await handle(city, IncomingMessage("gone-4", "w-4", "text", "그대로"))
    async with city.house.db.transaction() as tx:
        now = city.clock.now()
        assert await withdraw(tx, city.house.settings.city.id, "another", ["gone-4"], now) == 0
        assert await withdraw(tx, "another-city", city.channel.name, ["gone-4"], now) == 0
    assert (await stored(city, "w-4"))[0][1] == "그대로"

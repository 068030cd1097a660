"""A message that its writer took back in the messenger: the words go, the row and the record of it stay."""

from typing import Any

from sqlalchemy import select

from civic.conversations import lease, thread
from civic.conversations.intake import Arrival, store
from civic.conversations.tables import conversations, inbound
from civic.conversations.withdrawal import withdraw
from civic.files.tables import attachments
from civic.staff.tables import audit_log
from core.contracts.channel import IncomingMessage, Media, Received
from core.vault import vault_of
from tests.bot.city import City
from tests.bot.dialog_player import photo


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


async def state(city: City, address: str) -> tuple[dict[str, Any], Any, int]:
    """What the conversation remembers, who holds its lease, how many of its files are in no case."""
    async with city.house.db.transaction() as tx:
        found = await tx.execute(select(conversations).where(conversations.c.address == address))
        row = found.one()
        files = await tx.execute(select(attachments.c.id).where(attachments.c.conversation_id == row.id))
        opened = vault_of(tx).open_json(row.state, f"conversations.state:{row.id}")
        return opened, row.lease_owner, len(files.all())


async def test_a_form_that_holds_the_words_is_forgotten_with_its_pictures(city: City) -> None:
    citizen = city.citizen()
    await handle(city, IncomingMessage("form-1", citizen.address, "text", "구래동 가로등이 꺼졌어요"))
    await citizen.photo(photo())
    before, _, files = await state(city, citizen.address)
    assert "구래동 가로등이 꺼졌어요" in repr(before) and files == 1
    await handle(city, withdrawn=("form-1",))
    assert (await state(city, citizen.address))[0] == {}
    (picture,) = [key for key, _, content, _ in await stored(city, citizen.address) if "media" in content]
    await handle(city, withdrawn=(picture,))
    assert await state(city, citizen.address) == ({}, None, 0)
    assert await citizen.say("안녕하세요"), "the conversation goes on"


async def test_a_form_that_does_not_hold_them_stays(city: City) -> None:
    citizen = city.citizen()
    await handle(city, IncomingMessage("other-1", citizen.address, "text", "도서관 몇 시까지 해요?"))
    await handle(city, IncomingMessage("other-2", citizen.address, "text", "구래동 가로등이 꺼졌어요"))
    before, _, _ = await state(city, citizen.address)
    await handle(city, withdrawn=("other-1",))
    assert (await state(city, citizen.address))[0] == before


async def test_a_message_that_waits_is_not_answered_any_more(city: City) -> None:
    """Taken in by a slow process: it has lost its lease, and the sweep finds nothing to do."""
    citizen = city.citizen()
    async with city.house.db.transaction() as tx:
        arrival = Arrival(
            city.house.settings.city.id,
            city.channel.name,
            IncomingMessage("wait-1", citizen.address, "text", "구래동 가로등이 꺼졌어요"),
            city.clock.now(),
        )
        (waiting,) = await store(tx, [arrival], owner="slow", lease_s=15)
        assert waiting.held is not None
    await handle(city, withdrawn=("wait-1",))
    async with city.house.db.transaction() as tx:
        held = await lease.take(tx, waiting.conversation_id, owner="next", lease_s=15)
        assert held is not None and held.version == waiting.held.version + 1, "who was answering it has lost it"
        assert await lease.release(tx, held)
    city.move(seconds=60)
    assert await city.house.desk.run_left_behind() == 0
    assert city.channel.sent[citizen.address] == []
    ((_, text, _, outcome),) = await stored(city, citizen.address)
    assert (text, outcome) == ("", "withdrawn")

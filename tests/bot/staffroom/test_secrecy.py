"""A room shows no word about taxes: neither cards, lines, whispers nor the window in which a case is read."""

from typing import Any

from sqlalchemy import select

from civic.cases.tables import cases
from civic.conversations.secrecy import HIDDEN_TAX
from core.ids import new_id
from tests.bot.staffroom.conftest import Scene
from tests.civic.cases.rows import said

SUM, ONE = "98,765,432", "U0ONE"


async def test_words_about_taxes_in_the_same_talk_are_not_shown_in_a_room(scene: Scene) -> None:
    await scene.hire(ONE, "manager")
    _, card = await scene.filed()
    number = card.text.partition(" ")[0]
    house = scene.city.house
    scene.city.move(seconds=5)
    async with house.db.transaction() as tx:
        case: Any = (await tx.execute(select(cases).where(cases.c.receipt_no == number))).one()
        row, vault = new_id(), house.db.vault
        assert vault is not None
        sealed = vault.seal_text(f"제 세금 {SUM}원 맞나요", f"inbound.text:{row}")
        at = scene.city.clock.now()
        await said(tx, case.conversation_id, sealed, id=row, secrecy="tax", received_at=at)
    await scene.slack.follow(2)
    await scene.slack.press(ONE, card, "담당하기")
    await scene.slack.press(ONE, card, "내용 보기")
    await scene.slack.command(ONE, number)
    await scene.slack.follow(2)
    seen = [*scene.slack.messages.values(), *scene.slack.whispers, *scene.slack.forms]
    assert HIDDEN_TAX in str(scene.slack.forms[-1])
    assert SUM not in str(seen) and "98765432" not in str(seen)

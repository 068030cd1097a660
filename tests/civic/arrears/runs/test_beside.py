"""The word beside a 독촉장: the words that ship reach the telephone at once, and tell nothing that the letter tells."""

from sqlalchemy import update

from civic.arrears.notices import defaults
from civic.arrears.notices.tables import arrears_templates
from tests.civic.arrears.runs.test_going_on import PHONE, letters
from tests.civic.arrears.runs.town import Town


async def test_the_words_that_ship_go_beside_the_letter_without_its_sum_or_its_number(town: Town) -> None:
    (debtor,) = await town.owe(phone=PHONE, bill_dunned_on=None, bill_dun_due_on=None)
    template = arrears_templates.c
    async with town.db.transaction() as tx:
        for one in defaults.shipped():
            if (one.level, one.lang) == ("dun", "ko"):
                mine = update(arrears_templates).where(template.level == "dun", template.kind == one.kind)
                await tx.execute(mine.values(body=one.body, subject=one.subject))
    run = await town.filled("dun")
    await town.send()
    await town.runs.go()
    row = await town.row(run, debtor)
    (said,) = town.got(PHONE)
    assert (row.way, await letters(town, debtor)) == ("alimtalk", ["dun"])
    assert "우편" in str(said) and "송달이 아닙니다" in str(said)
    assert f"{row.amount_krw:,}" not in str(said) and "체납징수-" not in str(said)

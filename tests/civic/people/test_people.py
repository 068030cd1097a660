"""Who a citizen says he is: numbers, names, consent."""

import pytest
from sqlalchemy import func, select

from civic.conversations.tables import conversations
from civic.people.service import (
    clean_name,
    contact_of,
    has_consented,
    masked_phone,
    name_citizen,
    normalise_phone,
    record_consent,
)
from civic.people.tables import citizens, consents
from core.db import Database
from core.errors import BadInput, NotFound
from core.ids import new_id
from core.vault import vault_of
from tests.civic.cases.rows import CITY, NOW, conversation


@pytest.mark.parametrize(
    ("typed", "number"),
    [
        ("01012345678", "010-1234-5678"),
        ("010 1234 5678", "010-1234-5678"),
        ("010.1234.5678", "010-1234-5678"),
        ("０１０－１２３４－５６７８", "010-1234-5678"),
        ("+82 10-1234-5678", "010-1234-5678"),
        ("+82 (0)10 1234 5678", "010-1234-5678"),
        ("0082-10-1234-5678", "010-1234-5678"),
        ("011-234-5678", "011-234-5678"),
        ("02-123-4567", "02-123-4567"),
        ("0221234567", "02-2123-4567"),
        ("(031) 980-2114", "031-980-2114"),
        ("070-8123-4567", "070-8123-4567"),
        ("0507-1234-5678", "0507-1234-5678"),
    ],
)
def test_a_number_is_written_one_way(typed: str, number: str) -> None:
    assert normalise_phone(typed) == number
    assert normalise_phone(number) == number


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "1234",
        "010-123-4567",
        "010-1234-567",
        "010-1234-56789",
        "010-0123-4567",
        "119",
        "1588-1234",
        "031-012-3456",
        "099-123-4567",
        "010-1234-5678 홍길동",
        "+1 212 555 0100",
        "010-1234-567\u0668",
        "0" * 5000,
        "\x00",
    ],
)
def test_an_impossible_number_is_refused(typed: str) -> None:
    with pytest.raises(BadInput):
        normalise_phone(typed)


def test_a_masked_number_keeps_its_ends() -> None:
    assert masked_phone("010-1234-5678") == "010-****-5678"


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("홍길동", "홍길동"),
        ("  홍  길동 ", "홍 길동"),
        ("홍길동".encode().decode(), "홍길동"),
        ("\u1112\u1169\u11bc\u1100\u1175\u11af", "홍길"),
        ("Nguyễn Văn-A", "Nguyễn Văn-A"),
        ("O'Brien", "O'Brien"),
        ("王小明", "王小明"),
    ],
)
def test_a_name_is_kept_as_given(typed: str, name: str) -> None:
    assert clean_name(typed) == name


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "홍",
        "ㅋㅋㅋ",
        "홍길동1",
        "<b>홍</b>",
        "홍\u202e길동",
        "😀😀",
        "\u3164\u3164",
        "가" * 61,
        "a\u0301\u0302\u0303\u0304b",
        "홍길\x00동",
        "홍\u200b길동",
    ],
)
def test_what_is_no_name_is_refused(typed: str) -> None:
    with pytest.raises(BadInput):
        clean_name(typed)


async def test_a_citizen_names_and_corrects_himself(database: Database) -> None:
    async with database.transaction() as tx:
        vault = vault_of(tx)
        thread = await conversation(tx)
        first = await name_citizen(tx, vault, thread, CITY, "홍길동", "01012345678", NOW)
        second = await name_citizen(tx, vault, thread, CITY, "홍길순", "01087654321", NOW)
        assert first == second
        assert await contact_of(tx, vault, first) == ("홍길순", "010-8765-4321")
        known = select(conversations.c.citizen_id).where(conversations.c.id == thread)
        assert (await tx.execute(known)).scalar_one() == first


async def test_nothing_is_kept_of_a_bad_name(database: Database) -> None:
    async with database.transaction() as tx:
        vault = vault_of(tx)
        before = (await tx.execute(select(func.count()).select_from(citizens))).scalar_one()
        with pytest.raises(BadInput):
            await name_citizen(tx, vault, await conversation(tx), CITY, "홍길동", "12", NOW)
        with pytest.raises(NotFound):
            await name_citizen(tx, vault, new_id(), CITY, "홍길동", "01012345678", NOW)
        with pytest.raises(NotFound):
            await name_citizen(tx, vault, await conversation(tx), "paju", "홍길동", "01012345678", NOW)
        with pytest.raises(NotFound):
            await contact_of(tx, vault, new_id())
        assert (await tx.execute(select(func.count()).select_from(citizens))).scalar_one() == before


async def test_the_latest_word_on_a_purpose_holds(database: Database) -> None:
    async with database.transaction() as tx:
        thread = await conversation(tx)
        assert not await has_consented(tx, thread, "case_contact")
        for is_given in (True, False, True):
            await record_consent(
                tx,
                city_id=CITY,
                conversation_id=thread,
                citizen_id=None,
                channel="web",
                purpose="case_contact",
                is_given=is_given,
                wording="민원 처리를 위해 이름과 연락처를 저장합니다.",
                now=NOW,
            )
            assert await has_consented(tx, thread, "case_contact") is is_given
        assert not await has_consented(tx, thread, "alerts")
        rows = select(func.count()).where(consents.c.conversation_id == thread)
        assert (await tx.execute(rows)).scalar_one() == 3

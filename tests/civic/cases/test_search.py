"""Searching: endings, spacing and slips make no difference; phrases, exclusions, pages; any text is taken."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import delete, text, update

from bot.search import SearchKeeping
from civic.cases.case import OpenedCase
from civic.cases.find import CaseFilters, Page, list_cases
from civic.cases.open import open_case
from civic.cases.search import index
from civic.cases.search.vocabulary import learn
from civic.cases.search.words import vector, words
from civic.cases.tables import case_terms, cases
from civic.staff.scope import Scope
from core.clock import SetClock
from core.db import Database
from core.errors import BadInput
from core.ids import new_id
from core.korean import keystrokes
from tests.civic.cases.rows import CITY, NOW, conversation, draft

SAID = (
    ("가로등이 꺼졌어요", "구래동 호수공원", "구래동 호수공원 앞 가로등이 사흘째 꺼져 있습니다. 어두워서 무섭습니다."),
    ("불법주정차 단속", "장기동 사거리", "장기동 사거리에 12가3456 차량이 불법 주정차를 합니다. 시끄러워요."),
    ("쓰레기 무단투기", "사우동 시장", "사우동 시장 뒤 골목에 쓰레기 무단투기가 심합니다. 냄새가 납니다."),
    ("포트홀이 있어요", "장기동 사거리", "맨홀뚜껑 옆에 포트홀이 생겨 타이어가 찢어졌습니다."),
    ("가로등 고장", "마산동 은여울공원", "공원 산책로 가로등 고장 신고합니다. 포트홀도 있어요."),
)


@pytest.fixture(scope="module")
async def filed(database: Database) -> list[OpenedCase]:
    made = []
    for number, (title, place, body) in enumerate(SAID):
        async with database.transaction() as tx:
            values = draft(await conversation(tx), title=title, place=place, body=body)
            made.append(await open_case(tx, values, NOW + timedelta(minutes=number)))
    async with database.transaction() as tx:
        await learn(tx, CITY)
    return made


async def found(database: Database, said: str, **values: Any) -> Page:
    sort, cursor, limit = values.pop("sort", "received"), values.pop("cursor", None), values.pop("limit", 50)
    async with database.transaction() as tx:
        filters = CaseFilters(city_id=CITY, text=said, now=NOW + timedelta(days=1), **values)
        return await list_cases(tx, filters, cursor, limit, sort=sort)


@pytest.mark.parametrize(
    ("said", "numbers"),
    [
        ("가로등", [4, 0]),
        ("가로등을", [4, 0]),
        ("꺼진 가로등", [0]),
        ("어둡다", [0]),
        ("시끄럽습니다", [1]),
        ("불법 주정차", [1]),
        ("불법주정차", [1]),
        ("12가3456", [1]),
        ("무단 투기", [2]),
        ("맨홀", [3]),
        ("포트홀", [4, 3]),
        ("포트", [4, 3]),
        ("가로", [4, 0]),
        ("쓰레", [2]),
        ("포트홀 -가로등", [3]),
        ("-가로등", [3, 2, 1]),
        ('"가로등 고장"', [4]),
        ('"고장 가로등"', []),
        ("“호수공원 앞”", [0]),
        ("장기동 타이어", [3]),
        ("구래동 쓰레기", []),
        ("습니다", []),
        ("", [4, 3, 2, 1, 0]),
    ],
)
async def test_it_finds_what_was_meant_however_it_was_written(
    database: Database, filed: list[OpenedCase], said: str, numbers: list[int]
) -> None:
    page = await found(database, said)
    assert [case.receipt_no for case in page.rows] == [filed[number].receipt_no for number in numbers]


@pytest.mark.parametrize(
    ("slip", "meant", "numbers"),
    [
        ("가로동", "가로등", [4, 0]),
        ("쓰래기", "쓰레기", [2]),
        ("포트훌", "포트홀", [4, 3]),
        ("rkfhemd", "가로등", [4, 0]),
        ("산챡로 가로등", "산책로 가로등", [4]),
    ],
)
async def test_a_slip_of_the_keyboard_finds_the_word_and_says_so(
    database: Database, filed: list[OpenedCase], slip: str, meant: str, numbers: list[int]
) -> None:
    page = await found(database, slip)
    assert page.did_you_mean == meant
    assert [case.receipt_no for case in page.rows] == [filed[number].receipt_no for number in numbers]


async def test_a_word_that_is_known_is_not_corrected(database: Database, filed: list[OpenedCase]) -> None:
    assert (await found(database, "가로등")).did_you_mean is None
    assert (await found(database, "멧돼지")).did_you_mean is None


async def test_a_receipt_number_is_found_as_a_number(database: Database, filed: list[OpenedCase]) -> None:
    number = filed[2].receipt_no
    assert [case.receipt_no for case in (await found(database, f" {number.lower().replace('-', ' ')} ")).rows] == [
        number
    ]


@pytest.mark.parametrize(
    "said",
    [
        "'; DROP TABLE cases; --",
        "a & | ! <-> :* (",
        '"',
        '""" " -" -',
        "---",
        "\\' \\",
        "가:*&!나",
        "\x00\x01",
        "\ud83d",
        "😀 😀",
        "％＿",
        "ㅋㅋㅋ",
        "é" * 200,
        "가" * 200,
        " ".join("단어" * 90),
        "\u202e\u200b",
    ],
)
async def test_any_text_is_a_question_and_none_is_an_error(
    database: Database, filed: list[OpenedCase], said: str
) -> None:
    for sort in ("received", "due", "updated", "relevance"):
        if said.strip():
            assert (await found(database, said, sort=sort)).rows == []


async def test_pages_of_a_search_cover_everything_once_in_every_order(
    database: Database, filed: list[OpenedCase]
) -> None:
    for sort in ("received", "due", "updated", "relevance"):
        seen: list[str] = []
        cursor: str | None = None
        while True:
            page = await found(database, "장기동 사거리" if sort == "due" else "동", sort=sort, cursor=cursor, limit=1)
            seen += [case.receipt_no for case in page.rows]
            cursor = page.next_cursor
            if cursor is None:
                break
        assert len(seen) == len(set(seen))
    by_title = await found(database, "가로등 고장", sort="relevance")
    assert by_title.rows[0].receipt_no == filed[4].receipt_no


async def test_a_cursor_of_another_sort_or_question_is_refused(database: Database, filed: list[OpenedCase]) -> None:
    cursor = (await found(database, "가로등", limit=1)).next_cursor
    others: tuple[dict[str, Any], ...] = ({"sort": "updated"}, {"sort": "relevance"}, {"department_id": "road"})
    for values in others:
        with pytest.raises(BadInput):
            await found(database, "가로등", cursor=cursor, **values)
    with pytest.raises(BadInput):
        await found(database, "포트홀", cursor=cursor)
    assert len((await found(database, "가로등", cursor=cursor)).rows) == 1


async def test_a_changed_text_is_found_by_its_new_words_only(database: Database, filed: list[OpenedCase]) -> None:
    async with database.transaction() as tx:
        made = await open_case(tx, draft(await conversation(tx), title="현수막", body="현수막이 떨어졌어요"), NOW)
        await tx.execute(update(cases).where(cases.c.id == made.id).values(body="러브버그가 많아요", title="러브버그"))
        await index.again(tx, CITY, made.id)
    assert [case.id for case in (await found(database, "러브버그")).rows] == [made.id]
    assert (await found(database, "현수막")).rows == []
    async with database.transaction() as tx:
        await index.forget(tx, [made.id])
    assert (await found(database, "러브버그")).rows == []
    async with database.transaction() as tx:
        await index.again(tx, CITY, made.id)


async def test_cases_without_words_are_filled_in_and_a_broken_run_goes_on(
    database: Database, filed: list[OpenedCase]
) -> None:
    async with database.transaction() as tx:
        await tx.execute(delete(case_terms).where(case_terms.c.case_id.in_([one.id for one in filed[:3]])))
    assert (await found(database, "쓰레기")).rows == []
    for expected in (2, 1, 0):
        async with database.transaction() as tx:
            assert await index.fill(tx, CITY, most=2) == expected
    assert [case.id for case in (await found(database, "쓰레기")).rows] == [filed[2].id]


async def test_an_officer_finds_his_departments_cases_and_his_own_only(
    database: Database, filed: list[OpenedCase]
) -> None:
    officer = new_id()
    scope = Scope(officer, frozenset({"parks"}))
    assert (await found(database, "가로등", scope=scope)).rows == []
    async with database.transaction() as tx:
        await tx.execute(update(cases).where(cases.c.id == filed[0].id).values(department_id="parks"))
        await tx.execute(update(cases).where(cases.c.id == filed[4].id).values(staff_id=officer))
    for sort in ("received", "relevance", "updated", "due"):
        page = await found(database, "가로등", scope=scope, sort=sort)
        assert {case.id for case in page.rows} == {filed[0].id, filed[4].id}, sort
    assert [case.id for case in (await found(database, "가로등", department_id="parks")).rows] == [filed[0].id]
    first = await found(database, "가로등", scope=scope, limit=1)
    second = await found(database, "가로등", scope=scope, limit=1, cursor=first.next_cursor)
    assert [case.id for case in first.rows + second.rows] == [filed[4].id, filed[0].id]
    assert second.next_cursor is None


async def test_a_change_of_status_leaves_the_words_alone(database: Database, filed: list[OpenedCase]) -> None:
    async with database.transaction() as tx:
        where = text("SELECT ctid::text FROM case_terms WHERE case_id = :id")
        before = (await tx.execute(where, {"id": filed[0].id})).scalar_one()
        await tx.execute(update(cases).where(cases.c.id == filed[0].id).values(status="in_progress"))
        await index.again(tx, CITY, filed[0].id)
        assert (await tx.execute(where, {"id": filed[0].id})).scalar_one() == before


async def test_new_words_are_learnt_from_new_cases(database: Database, filed: list[OpenedCase]) -> None:
    at = NOW + timedelta(hours=2)
    async with database.transaction() as tx:
        made = await open_case(tx, draft(await conversation(tx), title="드론", body="드론비행장 소음"), at)
        await learn(tx, CITY, since=at - timedelta(minutes=1))
    page = await found(database, "드론비행쟝")
    assert (page.did_you_mean, [case.id for case in page.rows]) == ("드론비행장", [made.id])


def test_one_tagger_serves_many_threads() -> None:
    texts = [f"{body} {number}번" for number in range(40) for _, _, body in SAID]
    alone = [words(one) for one in texts]
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(words, texts)) == alone


def test_keys_that_type_a_word() -> None:
    assert [keystrokes(one) for one in ("가로등", "쓰레기", "닭", "왜", "ㄳ", "A1")] == [
        "rkfhemd",
        "Tmfprl",
        "ekfr",
        "dho",
        "rt",
        "A1",
    ]


def test_a_vector_weighs_the_title_and_keeps_positions_in_bounds() -> None:
    assert vector("가로등 고장", "", "고장") == "'가로':1A '가로등':1A '고장':2A,23C"
    assert vector("", "", "'; \\ --") == ""
    long = vector("제목", "장소", "가로등이 꺼졌어요 " * 9000)
    assert max(int(at[:-1]) for term in long.split(" ") for at in term.split(":")[1].split(",")) < 16_384


async def test_filing_does_not_wait_for_a_neighbour_with_the_same_words(database: Database) -> None:
    """Two filings of one city with the same new word: neither locks the other's word."""
    async with database.transaction() as one, database.transaction() as other:
        first = draft(await conversation(one), city_id="paju", title="똑같은말", body="똑같은말")
        second = draft(await conversation(other), city_id="goyang", title="똑같은말", body="똑같은말")
        await open_case(one, first, NOW)
        await asyncio.wait_for(open_case(other, second, NOW), 5)


async def test_the_jobs_fill_and_learn_what_was_missed(database: Database, filed: list[OpenedCase]) -> None:
    keeping = SearchKeeping(database, CITY, SetClock(NOW + timedelta(hours=5)))
    async with database.transaction() as tx:
        made = await open_case(tx, draft(await conversation(tx), title="분수대", body="분수대 물이 넘쳐요"), NOW)
        await tx.execute(delete(case_terms).where(case_terms.c.case_id == made.id))
    await keeping.count_all()
    page = await found(database, "분슈대")
    assert (page.did_you_mean, [case.id for case in page.rows]) == ("분수대", [made.id])
    async with database.transaction() as tx:
        later = NOW + timedelta(hours=4, minutes=55)
        await open_case(tx, draft(await conversation(tx), title="전동킥보드", body="전동킥보드가 쓰러져 있어요"), later)
    assert (await found(database, "전동킥보트")).did_you_mean is None
    await keeping.learn_new()
    assert (await found(database, "전동킥보트")).did_you_mean == "전동킥보드"

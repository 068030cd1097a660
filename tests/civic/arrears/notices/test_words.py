"""Words of notices: two people, kind, whole, unlike a fraud's, and as many bytes as a carrier takes."""

from collections.abc import AsyncIterator
from dataclasses import replace
from uuid import UUID

import pytest
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.arrears.notices import defaults, values, words
from civic.arrears.notices._patterns import PLACEHOLDER
from civic.arrears.notices.tables import arrears_templates
from civic.arrears.notices.words import Template, Written, approve, approved, checked, rendered, write
from civic.staff.service import add_staff
from core import cp949
from core.db import Database
from core.errors import BadInput, Conflict, Forbidden, PreconditionFailed
from core.settings import Settings, read
from tests.civic.arrears.made import CITY, NOW

BODY = """[#{시}] 체납 안내
#{성명} 님, 안녕하세요. 아직 확인되지 않은 지방세가 있어 알려 드립니다.
합계 #{금액}, #{납부기한}까지 #{은행} #{가상계좌}
분납이나 유예를 상담해 드립니다. #{전화}
이 안내는 송달이 아닙니다."""
GOOD = Written("reminder", "lms", "ko", BODY, "[#{시}] 체납 안내")


@pytest.fixture(scope="module")
def settings() -> Settings:
    return read()


@pytest.fixture
async def tx(database: Database) -> AsyncIterator[AsyncConnection]:
    async with database.engine.connect() as connection:
        begun = await connection.begin()
        yield connection
        await begun.rollback()


async def _officer(tx: AsyncConnection, login: str) -> UUID:
    given = {"login": login, "name": login, "role": "manager", "password": "sinmungo-북소리-2026"}
    return (await add_staff(tx, city_id=CITY, department_id=None, now=NOW, **given)).id  # type: ignore[arg-type]


async def _approve(tx: AsyncConnection, one: Template, by: UUID, settings: Settings) -> Template:
    rules, carrier = settings.arrears.notices, settings.messaging.sms_bytes
    return await approve(tx, CITY, one.id, by, frozenset({one.version}), NOW, rules=rules, carrier=carrier)


async def test_a_writer_never_approves_his_own_words(tx: AsyncConnection, settings: Settings) -> None:
    writer, second = await _officer(tx, "writer.one"), await _officer(tx, "second.one")
    draft = await write(tx, CITY, GOOD, writer, NOW)
    with pytest.raises(Forbidden):
        await _approve(tx, draft, writer, settings)
    assert await approved(tx, CITY, "reminder") == {}
    made = await _approve(tx, draft, second, settings)
    assert (made.state, made.decided_by) == ("approved", second)
    assert (await approved(tx, CITY, "reminder"))["lms", "ko"].id == draft.id


async def test_a_store_refuses_one_person_for_both_whatever_the_code_says(tx: AsyncConnection) -> None:
    writer = await _officer(tx, "writer.two")
    draft = await write(tx, CITY, GOOD, writer, NOW)
    alone = update(arrears_templates).where(arrears_templates.c.id == draft.id)
    with pytest.raises(IntegrityError):
        await tx.execute(alone.values(state="approved", decided_by=writer, decided_at=NOW))


async def test_a_colleague_cannot_slip_his_words_into_a_draft_and_approve_it(
    tx: AsyncConnection, settings: Settings
) -> None:
    writer, second = await _officer(tx, "writer.three"), await _officer(tx, "second.three")
    draft = await write(tx, CITY, GOOD, writer, NOW)
    changed = replace(GOOD, body=BODY + "\n감사합니다.")
    with pytest.raises(Forbidden):
        await words.rewrite(tx, CITY, draft.id, changed, second, frozenset({1}), NOW)
    own = await words.rewrite(tx, CITY, draft.id, changed, writer, frozenset({1}), NOW)
    with pytest.raises(PreconditionFailed):
        await _approve(tx, draft, second, settings)
    assert (await _approve(tx, own, second, settings)).body.endswith("감사합니다.")


async def test_a_new_edition_retires_the_one_before(tx: AsyncConnection, settings: Settings) -> None:
    writer, second = await _officer(tx, "writer.four"), await _officer(tx, "second.four")
    first = await _approve(tx, await write(tx, CITY, GOOD, writer, NOW), second, settings)
    draft = await write(tx, CITY, GOOD, writer, NOW)
    assert draft.number == 2
    await _approve(tx, draft, second, settings)
    states = select(arrears_templates.c.state).order_by(arrears_templates.c.number)
    assert list(await tx.scalars(states)) == ["retired", "approved"]
    with pytest.raises(Conflict):
        await _approve(tx, first, second, settings)


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"body": "#{성명} 님 체납 #{금액}\n" + BODY}, "lock_screen"),
        ({"subject": "#{성명} 님 #{금액}"}, "lock_screen"),
        ({"body": "[#{시}] #{성명} 님께 #{부서}에서 알려 드립니다\n합계 #{금액}\n" + BODY}, "lock_screen"),
        ({"body": BODY + "\nhttps://pay.gimpo.go.kr"}, "link"),
        ({"body": BODY + "\nbit.ly/3x"}, "link"),
        ({"body": BODY + "\n위택스 www . wetax . go . kr"}, "link"),
        ({"body": BODY + "\n김포시.한국 에서"}, "link"),
        ({"body": BODY + "\n아래 링크를 눌러 주세요"}, "link"),
        ({"body": BODY + "\n앱을 설치해 주세요"}, "install"),
        ({"body": BODY + "\n내지 않으면 형사 처벌됩니다"}, "threat"),
        ({"body": BODY + "\n직장으로 통보합니다"}, "threat"),
        ({"body": BODY + "\n[긴급]"}, "alarm"),
        ({"body": BODY.replace("#{금액}", "")}, "missing_value"),
        ({"body": BODY.replace("#{전화}", "")}, "missing_value"),
        ({"body": BODY.replace("#{가상계좌}", "")}, "missing_value"),
        ({"body": BODY.replace("분납이나 유예를", "")}, "no_route"),
        ({"body": BODY.replace("이 안내는 송달이 아닙니다.", "")}, "not_service"),
        ({"body": BODY + "#{주민번호}"}, "unknown_value"),
        ({"body": BODY + "\n감사합니다 😊"}, "cp949"),
        ({"body": BODY + "\n" + "가" * 1000}, "too_long"),
        ({"kind": "alimtalk"}, "no_key"),
        ({"subject": ""}, "no_subject"),
        ({"level": "dun", "kind": "sms"}, "needs_room"),
        ({"level": "dun"}, "said_by_letter"),
        ({"level": "dun", "body": BODY.replace("#{납부기한}", "#{문서번호}")}, "said_by_letter"),
        ({"level": "dun", "body": BODY.replace("#{전화}", "")}, "missing_value"),
    ],
)
def test_it_names_what_stands_against_an_approval(changed: dict[str, str], code: str, settings: Settings) -> None:
    rules, carrier = settings.arrears.notices, settings.messaging.sms_bytes
    bad = replace(GOOD, **changed)  # type: ignore[arg-type]
    assert code in {one.code for one in checked(bad, rules, carrier).findings}
    assert checked(GOOD, rules, carrier).findings == ()


async def test_words_that_do_not_pass_are_approved_by_nobody(tx: AsyncConnection, settings: Settings) -> None:
    bad = replace(GOOD, body=BODY + "\nbit.ly/3x")
    draft = await write(tx, CITY, bad, await _officer(tx, "writer.nine"), NOW)
    with pytest.raises(BadInput, match="링크"):
        await _approve(tx, draft, await _officer(tx, "second.nine"), settings)


async def test_the_words_that_ship_pass_every_check_and_still_wait_for_two_people(
    tx: AsyncConnection, settings: Settings
) -> None:
    writer, second = await _officer(tx, "writer.five"), await _officer(tx, "second.five")
    drafts = await defaults.enter(tx, CITY, writer, NOW)
    assert {one.level for one in drafts} == set(settings.arrears.notices.levels)
    for level in settings.arrears.notices.levels:
        assert await approved(tx, CITY, level) == {}
    for one in drafts:
        await _approve(tx, one, second, settings)
    kinds = set(await approved(tx, CITY, "reminder"))
    assert kinds == {("alimtalk", "ko"), ("alimtalk", "en"), ("lms", "ko"), ("lms", "en"), ("sms", "ko")}
    assert await defaults.enter(tx, CITY, writer, NOW) == []


@pytest.mark.parametrize("lang", ["ko", "en"])
def test_the_word_beside_a_dunning_letter_keeps_its_secrets_and_says_that_the_letter_counts(
    lang: str, settings: Settings
) -> None:
    (beside,) = [one for one in defaults.shipped() if (one.level, one.kind, one.lang) == ("dun", "lms", lang)]
    named = set(PLACEHOLDER.findall(beside.subject + beside.body))
    assert named == {"시", "성명", "부서", "전화"}, "no sum, no account, no number: the letter says them"
    assert ("송달이 아닙니다" if lang == "ko" else "not a formal service") in beside.body
    assert ("우편" if lang == "ko" else "by post") in beside.body


def test_a_short_message_is_counted_as_a_carrier_counts(settings: Settings) -> None:
    (sms,) = [one for one in defaults.shipped() if (one.level, one.kind) == ("reminder", "sms")]
    found = checked(sms, settings.arrears.notices, settings.messaging.sms_bytes)
    assert (found.size, found.unit) == (len(found.text.encode("cp949")), "byte")
    assert found.size <= 90
    assert cp949.refused(found.text) == ()


async def test_a_message_names_nobody_in_full(tx: AsyncConnection) -> None:
    draft = await write(tx, CITY, GOOD, await _officer(tx, "writer.six"), NOW)
    given = {**values.sample("ko"), "성명": values.masked_name("김가람수")}
    found = rendered(draft, given, "ko", "lms")
    assert "김**수 님" in found.text and "#{" not in found.text
    with pytest.raises(BadInput, match="금액"):
        rendered(draft, {**given, "금액": ""}, "ko", "lms")
    with pytest.raises(BadInput):
        rendered(draft, given, "en", "lms")


async def test_an_alimtalk_carries_its_key_and_the_values_that_it_names(tx: AsyncConnection) -> None:
    alimtalk = replace(GOOD, kind="alimtalk", alimtalk_key="arrears_reminder")
    draft = await write(tx, CITY, alimtalk, await _officer(tx, "writer.seven"), NOW)
    found = rendered(draft, values.sample("ko"), "ko", "alimtalk")
    assert found.key == "arrears_reminder"
    assert found.values is not None
    assert set(found.values) == {"시", "성명", "금액", "납부기한", "은행", "가상계좌", "전화"}


async def test_words_may_be_refused_with_a_reason(tx: AsyncConnection) -> None:
    writer, second = await _officer(tx, "writer.eight"), await _officer(tx, "second.eight")
    draft = await write(tx, CITY, GOOD, writer, NOW)
    with pytest.raises(Forbidden):
        await words.reject(tx, CITY, draft.id, writer, frozenset({1}), NOW, "내 글")
    refused = await words.reject(tx, CITY, draft.id, second, frozenset({1}), NOW, "조금 더 부드럽게 써 주세요")
    assert (refused.state, refused.reason) == ("rejected", "조금 더 부드럽게 써 주세요")


@pytest.mark.parametrize(
    ("name", "masked"),
    [("김철수", "김*수"), ("이산", "이*"), ("남궁민수", "남**수"), ("한빛산업", "한**업"), ("박", "*")],
)
def test_a_masked_name_is_told_apart_and_no_more(name: str, masked: str) -> None:
    assert values.masked_name(name) == masked

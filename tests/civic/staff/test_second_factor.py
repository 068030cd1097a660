"""The second factor: what is stored, codes worth something once, guesses counted with those of the password."""

import asyncio
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit
from xml.etree import ElementTree

import pyotp
import pytest
from sqlalchemy import select

from civic.staff import second_factor
from civic.staff.credentials import take_factor_away
from civic.staff.second_factor import Wrong
from civic.staff.sessions import SignedIn
from civic.staff.sign_in import Refused
from civic.staff.tables import recovery_codes
from core.db import Database
from core.errors import BadInput, Conflict, Forbidden, NotSignedIn
from core.rotation import new_key, reseal
from core.vault import SealBroken
from tests.civic.cases.rows import CITY, NOW
from tests.civic.staff.people import (
    PASSWORD,
    add,
    answer,
    challenged,
    enrolled,
    first_step,
    row_of,
    seat,
    set_row,
    signed_in,
)

STEP = timedelta(seconds=30)


async def test_enrolling_shows_secret_address_and_picture_and_stores_them_sealed(database: Database) -> None:
    member = await add(database, "factor.one")
    async with database.transaction() as tx:
        made = await second_factor.enrol(tx, member.id, "김포시 신문고", NOW)
    address = urlsplit(made.uri)
    assert (address.scheme, address.netloc) == ("otpauth", "totp")
    assert parse_qs(address.query)["secret"] == [made.secret]
    assert parse_qs(address.query)["issuer"] == ["김포시 신문고"]
    assert ElementTree.fromstring(made.qr_svg).tag == "{http://www.w3.org/2000/svg}svg"
    row = await row_of(database, member)
    assert row.totp_confirmed_at is None
    assert made.secret.encode() not in row.totp_sealed
    assert isinstance(await first_step(database, "factor.one"), SignedIn), "it does not count before it is confirmed"


async def test_a_wrong_first_code_confirms_nothing(database: Database) -> None:
    member = await add(database, "factor.two")
    async with database.transaction() as tx:
        with pytest.raises(Conflict):
            await second_factor.confirm(tx, member.id, "123456", NOW, session_id=None)
        made = await second_factor.enrol(tx, member.id, "김포시", NOW)
    wrong = "000000" if pyotp.TOTP(made.secret).at(NOW) != "000000" else "111111"
    async with database.transaction() as tx:
        with pytest.raises(BadInput):
            await second_factor.confirm(tx, member.id, wrong, NOW + timedelta(hours=3), session_id=None)
    assert (await row_of(database, member)).totp_confirmed_at is None


async def test_confirming_ends_other_sessions_and_gives_ten_codes_whose_hashes_are_kept(database: Database) -> None:
    member = await add(database, "factor.three")
    old = await signed_in(database, "factor.three")
    _, codes = await enrolled(database, member)
    assert len(set(codes)) == 10
    assert all(len(code) == 19 and code.count("-") == 3 for code in codes)
    async with database.transaction() as tx:
        kept = select(recovery_codes.c.code_hash).where(recovery_codes.c.staff_id == member.id)
        hashes = set((await tx.execute(kept)).scalars())
    assert len(hashes) == 10 and not hashes & {code.replace("-", "") for code in codes}
    with pytest.raises(NotSignedIn):
        await seat(database, old.token)
    async with database.transaction() as tx:
        with pytest.raises(Conflict):
            await second_factor.enrol(tx, member.id, "김포시", NOW)


async def test_signing_in_takes_the_password_and_then_a_code_of_now(database: Database) -> None:
    member = await add(database, "factor.four")
    totp, _ = await enrolled(database, member)
    later = NOW + timedelta(hours=1)
    challenge = await challenged(database, "factor.four", now=later)
    with pytest.raises(NotSignedIn):
        await seat(database, challenge, later)
    result = await answer(database, challenge, totp.at(later), now=later)
    assert isinstance(result, SignedIn)
    assert (await seat(database, result.token, later)).member.id == member.id
    assert isinstance(await answer(database, challenge, totp.at(later + STEP), now=later), Refused), "used up"


@pytest.mark.parametrize(("offset", "is_taken"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)])
async def test_a_code_is_taken_one_step_around_now(database: Database, offset: int, is_taken: bool) -> None:
    member = await add(database, f"factor.window.{offset}")
    totp, _ = await enrolled(database, member, NOW - timedelta(hours=1))
    challenge = await challenged(database, member.login)
    result = await answer(database, challenge, totp.at(NOW + offset * STEP))
    assert isinstance(result, SignedIn) is is_taken


async def test_a_code_is_worth_something_once_also_on_a_fresh_challenge_and_also_an_older_one(
    database: Database,
) -> None:
    member = await add(database, "factor.replay")
    totp, _ = await enrolled(database, member, NOW - timedelta(hours=1))
    code, older = totp.at(NOW), totp.at(NOW - STEP)
    assert isinstance(await answer(database, await challenged(database, "factor.replay"), code), SignedIn)
    assert isinstance(await answer(database, await challenged(database, "factor.replay"), code), Refused)
    assert isinstance(await answer(database, await challenged(database, "factor.replay"), older), Refused)


async def test_the_code_that_confirmed_is_used_up(database: Database) -> None:
    member = await add(database, "factor.confirming")
    totp, _ = await enrolled(database, member)
    challenge = await challenged(database, "factor.confirming")
    assert isinstance(await answer(database, challenge, totp.at(NOW)), Refused)


async def test_the_same_code_sent_twice_at_once_opens_one_session(database: Database) -> None:
    member = await add(database, "factor.twice")
    totp, _ = await enrolled(database, member, NOW - timedelta(hours=1))
    tries = [await challenged(database, "factor.twice") for _ in range(3)]
    results = await asyncio.gather(*(answer(database, one, totp.at(NOW)) for one in tries))
    assert sorted(type(one).__name__ for one in results) == ["Refused", "Refused", "SignedIn"]


async def test_a_recovery_code_is_worth_something_once(database: Database) -> None:
    member = await add(database, "factor.recovery")
    _, codes = await enrolled(database, member)
    first = await challenged(database, "factor.recovery")
    assert isinstance(await answer(database, first, f" {codes[3].upper()} "), SignedIn)
    again = await challenged(database, "factor.recovery")
    assert isinstance(await answer(database, again, codes[3]), Refused)
    assert isinstance(await answer(database, again, codes[4].replace("-", "")), SignedIn)
    async with database.transaction() as tx:
        assert await second_factor.codes_left(tx, member.id) == 8


async def test_somebody_elses_codes_are_worth_nothing(database: Database) -> None:
    mine, his = await add(database, "factor.mine"), await add(database, "factor.his")
    await enrolled(database, mine)
    totp, codes = await enrolled(database, his)
    later = NOW + timedelta(minutes=10)
    challenge = await challenged(database, "factor.mine", now=later)
    assert isinstance(await answer(database, challenge, codes[0], now=later), Refused)
    assert isinstance(await answer(database, challenge, totp.at(later), now=later), Refused)


async def test_a_challenge_is_over_after_five_minutes(database: Database) -> None:
    member = await add(database, "factor.late")
    totp, _ = await enrolled(database, member, NOW - timedelta(hours=1))
    challenge, late = await challenged(database, "factor.late"), NOW + timedelta(minutes=5)
    assert isinstance(await answer(database, challenge, totp.at(late), now=late), Refused)


async def test_wrong_codes_lock_like_wrong_passwords_and_a_right_password_between_forgets_none(
    database: Database,
) -> None:
    member = await add(database, "factor.guess")
    totp, codes = await enrolled(database, member, NOW - timedelta(hours=1))
    for _ in range(5):
        challenge = await challenged(database, "factor.guess")
        assert isinstance(await answer(database, challenge, "guess-guess"), Refused)
    assert (await row_of(database, member)).locked_until == NOW + timedelta(minutes=15)
    assert isinstance(await answer(database, challenge, totp.at(NOW)), Refused)
    assert isinstance(await first_step(database, "factor.guess"), Refused)
    free = NOW + timedelta(minutes=15)
    assert isinstance(
        await answer(database, await challenged(database, "factor.guess", now=free), codes[0], now=free), SignedIn
    )


async def test_parallel_guesses_of_codes_are_counted_one_by_one(database: Database) -> None:
    member = await add(database, "factor.parallel")
    await enrolled(database, member)
    challenge = await challenged(database, "factor.parallel")
    await asyncio.gather(*(answer(database, challenge, f"guess-number-{number}") for number in range(5)))
    assert (await row_of(database, member)).locked_until == NOW + timedelta(minutes=15)


async def test_removing_takes_password_and_code_and_counts_what_was_wrong(database: Database) -> None:
    member = await add(database, "factor.remove")
    totp, _ = await enrolled(database, member, NOW - timedelta(hours=1))

    async def remove(password: str, code: str) -> Wrong | None:
        async with database.transaction() as tx:
            return await second_factor.remove(tx, member.id, password, code, NOW)

    assert isinstance(await remove("wrong password 1", totp.at(NOW)), Wrong)
    assert isinstance(await remove(PASSWORD, "not-a-code"), Wrong)
    assert (await row_of(database, member)).failed_logins == 2
    assert await remove(PASSWORD, totp.at(NOW)) is None
    row = await row_of(database, member)
    assert (row.totp_sealed, row.totp_confirmed_at) == (None, None)
    with pytest.raises(Conflict):
        await remove(PASSWORD, totp.at(NOW))
    assert isinstance(await first_step(database, "factor.remove"), SignedIn)


async def test_an_admin_takes_a_lost_factor_away_but_not_his_own(database: Database) -> None:
    admin, member = await add(database, "factor.admin", "admin"), await add(database, "factor.lost")
    await enrolled(database, admin)
    _, codes = await enrolled(database, member)
    opened = await answer(database, await challenged(database, "factor.lost"), codes[0])
    assert isinstance(opened, SignedIn)
    async with database.transaction() as tx:
        with pytest.raises(Forbidden):
            await take_factor_away(tx, CITY, admin.id, NOW, by=admin)
        await take_factor_away(tx, CITY, member.id, NOW, by=admin)
    with pytest.raises(NotSignedIn):
        await seat(database, opened.token)
    assert isinstance(await first_step(database, "factor.lost"), SignedIn)


async def test_a_role_that_must_have_one_gets_days_of_grace_and_then_a_session_that_may_only_enrol(
    database: Database,
) -> None:
    manager = await add(database, "factor.grace", "manager")
    session = await signed_in(database, "factor.grace")
    due = NOW + timedelta(days=14)
    assert (session.needs, session.second_factor_due) == ((), due)
    assert (await signed_in(database, "factor.grace", now=due - timedelta(minutes=10))).needs == ()
    last = await signed_in(database, "factor.grace", now=due - timedelta(minutes=1))
    assert (await seat(database, last.token, due)).needs == ("second_factor",), "grace also ends within a session"
    assert (await signed_in(database, "factor.grace", now=due)).needs == ("second_factor",)
    totp, _ = await enrolled(database, manager, due)
    later = due + timedelta(hours=1)
    challenge = await challenged(database, "factor.grace", now=later)
    session_after = await answer(database, challenge, totp.at(later), now=later)
    assert isinstance(session_after, SignedIn) and session_after.needs == ()


async def test_removing_it_begins_no_new_days_of_grace(database: Database) -> None:
    manager = await add(database, "factor.again", "manager")
    await set_row(database, manager, totp_asked_at=NOW - timedelta(days=20))
    totp, _ = await enrolled(database, manager, NOW - timedelta(hours=1))
    async with database.transaction() as tx:
        assert await second_factor.remove(tx, manager.id, PASSWORD, totp.at(NOW), NOW) is None
    assert (await signed_in(database, "factor.again")).needs == ("second_factor",)


async def test_an_agent_is_not_asked(database: Database) -> None:
    await add(database, "factor.agent")
    session = await signed_in(database, "factor.agent")
    assert (session.needs, session.second_factor_due) == ((), None)


async def test_a_rotation_of_keys_seals_the_secret_anew_and_codes_stay_right(database: Database) -> None:
    member = await add(database, "factor.rotation")
    totp, _ = await enrolled(database, member, NOW - timedelta(hours=1))
    before = (await row_of(database, member)).totp_sealed
    assert database.vault is not None
    await new_key(database, database.vault, NOW)
    await reseal(database, database.vault)
    assert (await row_of(database, member)).totp_sealed[:3] != before[:3], "another key"
    challenge = await challenged(database, "factor.rotation")
    assert isinstance(await answer(database, challenge, totp.at(NOW)), SignedIn)


async def test_a_secret_moved_to_another_row_opens_nobodys_account(database: Database) -> None:
    mine, his = await add(database, "factor.thief"), await add(database, "factor.owner")
    totp, _ = await enrolled(database, mine, NOW - timedelta(hours=1))
    await enrolled(database, his, NOW - timedelta(hours=1))
    await set_row(database, his, totp_sealed=(await row_of(database, mine)).totp_sealed)
    challenge = await challenged(database, "factor.owner")
    with pytest.raises(SealBroken):
        await answer(database, challenge, totp.at(NOW))

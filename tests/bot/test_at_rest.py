"""What a copy of the database shows of a citizen: nothing of who he is and nothing of what he typed to us."""

import os
import subprocess
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import select, text, update

from bot.care import Care
from civic.cases import anonymise
from civic.cases.tables import case_events, cases
from civic.people.tables import citizens, retention_runs
from civic.staff import anchors, chain, verify
from civic.staff.tables import access_log, audit_log
from core import backup
from core.ids import new_id
from tests.bot.city import City

NAME, PHONE = "남궁봄빛", "010-7391-8264"
FILE = ("장기동에 가로등이 꺼졌어요. 제 주민번호는 900101-1234567이에요", "네", "오늘", "사진 없음", "동의하고 민원")


def dump(url: str, tmp_path: Path) -> str:
    """The whole database as text, as a thief of a backup would read it."""
    parts = psycopg.conninfo.conninfo_to_dict(url)
    names = {"host": "PGHOST", "port": "PGPORT", "user": "PGUSER", "password": "PGPASSWORD", "dbname": "PGDATABASE"}
    environment = os.environ | {names[key]: str(value) for key, value in parts.items() if key in names}
    file = tmp_path / "all.sql"
    command = [backup.tool("pg_dump"), "--format=plain", "--file", str(file)]
    subprocess.run(command, env=environment, check=True)
    return file.read_text("utf-8")


def care(city: City) -> Care:
    house = city.house
    return Care(house.db, house.vault, house.settings, house.files, house.var, house.secret, house.clock)


async def test_a_dump_after_a_whole_dialogue_shows_neither_name_nor_number_nor_words(
    city: City, database_url: str, tmp_path: Path
) -> None:
    citizen = city.citizen()
    for line in (*FILE, f"{NAME}입니다", PHONE.replace("-", " ")):
        await citizen.say(line)
    midway = dump(database_url, tmp_path)  # the form is open: the state holds what was typed
    said = await citizen.say("접수")
    async with city.house.db.transaction() as tx:
        case = (await tx.execute(select(cases).order_by(cases.c.received_at.desc()).limit(1))).one()
    assert any(case.receipt_no in message.text for message in said)
    after = dump(database_url, tmp_path)
    for written in (midway, after):
        assert NAME not in written and NAME[2:] not in written
        assert PHONE not in written and PHONE.replace("-", "") not in written and PHONE.replace("-", " ") not in written
        assert "900101-1234567" not in written and "1234567" not in written
        assert "동의하고 민원" not in written
    assert case.receipt_no in after and "가로등" in after  # what staff must find by words stays readable (ADR 0013)
    assert "******-*******" in case.body


async def test_a_closed_case_is_anonymised_when_its_time_is_over_and_a_held_one_is_not(city: City) -> None:
    numbers = []
    for place in ("장기동 한강중앙공원", "구래동 호수공원"):
        citizen = city.citizen()
        for line in (f"{place} 앞 가로등이 꺼졌어요", "네", "오늘", "사진 없음", "동의하고 민원", NAME, PHONE, "접수"):
            await citizen.say(line)
        async with city.house.db.transaction() as tx:
            case = (
                await tx.execute(select(cases).order_by(cases.c.received_at.desc(), cases.c.id.desc()).limit(1))
            ).one()
            numbers.append(case.receipt_no)
            closed = {"closed_at": city.clock.now(), "status": "answered", "answer": f"{NAME} 님, 고쳤습니다."}
            await tx.execute(update(cases).where(cases.c.id == case.id).values(**closed, rating=5, rating_text="최고"))
            await anonymise.hold(tx, case.id, "행정심판 2026-3" if len(numbers) == 2 else None)
    keep = city.house.settings.city.retention_days
    city.move(days=keep - 1)
    await care(city).anonymise()
    async with city.house.db.transaction() as tx:
        assert (
            await tx.execute(select(cases.c.anonymised_at).where(cases.c.receipt_no == numbers[0]))
        ).scalar() is None
    city.move(days=2)
    await care(city).anonymise()
    async with city.house.db.transaction() as tx:
        gone, kept = [(await tx.execute(select(cases).where(cases.c.receipt_no == number))).one() for number in numbers]
        events = (await tx.execute(select(case_events).where(case_events.c.case_id == gone.id))).all()
        runs = (await tx.execute(select(retention_runs).where(retention_runs.c.kind == "case"))).all()
        person = (await tx.execute(select(citizens).where(citizens.c.id == kept.citizen_id))).one()
    assert (gone.body, gone.place, gone.occurred, gone.answer, gone.rating_text) == ("", "", "", "", "")
    assert (gone.citizen_id, gone.conversation_id) == (None, None)
    assert gone.title == "가로등" or gone.title
    assert (gone.category, gone.department_id, gone.rating, gone.received_at) == (
        kept.category, kept.department_id, 5, gone.received_at
    )  # fmt: skip
    assert gone.lat is None or gone.lat == round(gone.lat, 2)
    assert "anonymised" in {event.kind for event in events} and {event.text for event in events} == {""}
    assert kept.anonymised_at is None and "구래동" in kept.body + kept.place + kept.title
    assert person.name_sealed is not None
    assert [run.rows for run in runs] == [1]
    await care(city).anonymise()
    async with city.house.db.transaction() as tx:
        assert len((await tx.execute(select(retention_runs).where(retention_runs.c.kind == "case"))).all()) == 1


async def test_logs_past_their_time_go_with_a_trace_and_the_chain_stays_whole(town: City) -> None:
    house, city_id = town.house, town.house.settings.city.id
    await care(town).link()
    now = town.clock.now()
    async with house.db.transaction() as tx:
        for days in (800, 10):
            await tx.execute(
                access_log.insert().values(
                    id=new_id(), city_id=city_id, at=now - timedelta(days=days), staff_id=new_id(), action="case.read",
                    subject_kind="case", subject_id=f"GP-{days}", source_ip="",
                )
            )  # fmt: skip
    await care(town).purge_logs()
    async with house.db.transaction() as tx:
        left = list(await tx.scalars(select(access_log.c.subject_id).where(access_log.c.subject_id.like("GP-%"))))
        trace = (await tx.execute(select(audit_log).where(audit_log.c.action == "access_log.purged"))).one()
    assert left == ["GP-10"] and trace.detail["rows"] >= 1
    await care(town).link()
    async with house.db.transaction() as tx:
        before = await verify.verify(tx, house.vault, city_id, town.clock.now())
    assert before.finding is None and before.rows == before.head.seq


async def test_a_purged_chain_begins_anew_at_its_checkpoint(town: City) -> None:
    house, city_id = town.house, town.house.settings.city.id
    async with house.db.transaction() as tx:
        for number in range(5):
            await tx.execute(
                audit_log.insert().values(
                    id=new_id(), city_id="oldtown", at=town.clock.now() - timedelta(days=2000 - 400 * number),
                    actor_kind="system", action="a.b", object_kind="c", object_id=str(number), detail={},
                )
            )  # fmt: skip
        await chain.chain(tx, house.vault, "oldtown", town.clock.now())
    old = house.settings.model_copy(update={"city": house.settings.city.model_copy(update={"id": "oldtown"})})
    keeper = Care(house.db, house.vault, old, house.files, house.var, house.secret, house.clock)
    await keeper.purge_logs()
    await keeper.link()
    async with house.db.transaction() as tx:
        left = await tx.execute(text("SELECT seq, action FROM audit_log WHERE city_id = 'oldtown' ORDER BY seq"))
        assert [tuple(row) for row in left][-1][1] == "audit_log.purged"
        verdict = await verify.verify(tx, house.vault, "oldtown", town.clock.now())
    assert verdict.finding is None and verdict.head.base_seq >= 1 and verdict.head.seq == 6
    assert city_id != "oldtown"


async def test_the_head_is_anchored_once_and_a_changed_anchor_does_not_count(city: City) -> None:
    house, city_id = city.house, city.house.settings.city.id
    await care(city).anchor()
    await care(city).anchor()
    file = house.var / anchors.FILE
    mine = [line for line in file.read_text("utf-8").splitlines() if f'"{city_id}"' in line]
    known, broken = anchors.read_anchors(house.var, [house.secret], city_id)
    assert len(known) == len(mine) >= 1 and broken == []
    async with house.db.transaction() as tx:
        verdict = await verify.verify(tx, house.vault, city_id, city.clock.now(), known)
    assert verdict.finding is None
    file.write_text(file.read_text("utf-8").replace(known[-1]["hash"][:8], "00000000"), "utf-8")
    _, broken = anchors.read_anchors(house.var, [house.secret], city_id)
    assert broken
    file.unlink()


@pytest.mark.parametrize("closed", [None, timedelta(days=1)])
async def test_nothing_of_an_open_or_lately_closed_case_is_due(city: City, closed: timedelta | None) -> None:
    citizen = city.citizen()
    for line in ("사우동 도로가 패였어요", "네", "오늘", "사진 없음", "동의하고 민원", NAME, PHONE, "접수"):
        await citizen.say(line)
    async with city.house.db.transaction() as tx:
        case = (await tx.execute(select(cases).order_by(cases.c.received_at.desc(), cases.c.id.desc()).limit(1))).one()
        if closed is not None:
            await tx.execute(update(cases).where(cases.c.id == case.id).values(closed_at=city.clock.now() - closed))
        before = city.clock.now() - timedelta(days=city.house.settings.city.retention_days)
        assert case.id not in await anonymise.due(tx, city.house.settings.city.id, before)

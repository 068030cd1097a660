"""Queuing looks again: who was told since the list was made, by whatever run, is left out with the reason."""

from datetime import timedelta

from tests.civic.arrears.runs.town import Town

PHONE, OTHER = "010-7000-0001", "010-7000-0002"


async def test_two_runs_of_one_level_approved_together_tell_a_person_once(town: Town) -> None:
    (both,) = await town.owe(phone=PHONE)
    first, second = await town.approved(), await town.approved()
    (late,) = await town.owe(phone=OTHER)
    await town.runs.work(first["id"])
    town.clock.move(timedelta(days=1))
    third = await town.approved()
    await town.runs.work(second["id"])
    await town.runs.work(third["id"])
    await town.send()
    row = await town.row(second, both)
    assert ((await town.row(first, both)).state, row.state, row.reason) == ("queued", "stopped", "too_soon")
    assert row.body == {} and not row.address
    assert (await town.row(third, late)).state == "queued"
    assert (len(town.got(PHONE)), len(town.got(OTHER))) == (1, 1)


async def test_a_person_has_no_more_messages_a_day_than_the_city_allows(town: Town) -> None:
    people = await town.owe(8, phone=PHONE)
    first, second = await town.approved(), await town.approved()
    (free,) = await town.owe(phone=OTHER)
    again = await town.approved()
    for run in (first, second, again):
        await town.runs.work(run["id"])
    rows = [await town.row(run, one) for run in (second, again) for one in people]
    assert {(row.state, row.reason) for row in rows} == {("stopped", "day_limit")}
    assert (await town.row(again, free)).state == "queued"

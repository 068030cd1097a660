"""The ledger over HTTP: files sent and read by a worker, debtors found and looked at, stops; each look is logged."""

import csv
import io
from typing import Any
from uuid import UUID

import openpyxl
import pytest
from sqlalchemy import select, text

from bot.arrears.importing import Importing
from civic.staff.tables import access_log
from core.ids import new_id
from tests.api.house import SmallHouse
from tests.civic.arrears import made
from tests.civic.cases.rows import CITY, NOW

WHY = {"X_Access_Reason": "payment%20question"}
DEBTORS = "납세번호,성명,휴대전화,주소\n{0}-1,가람하나,010-1111-0001,김포시 사우로 1\n{0}-2,나래두리,,김포시 사우로 2\n"
BILLS = """납세번호,과세번호,세목,과세연도,본세,고지일,납기,과세대상
{0}-1,{0}-B1,재산세,2025,100000,2025-09-10,2025-09-30,사우동 1
{0}-1,{0}-B2,자동차세,2025,-5,2025-12-10,2025-12-31,12가3456
{0}-9,{0}-B3,재산세,2025,100000,2025-09-10,2025-09-30,
합계,3건,,,199995,,,
"""


async def sent(house: SmallHouse, kind: str, body: str, **asked: Any) -> dict[str, Any]:
    """The file sent and read: the import as the API tells it."""
    async with house.client("agent") as agent:
        url = "/api/v1/arrears/imports"
        answer = await agent.post(url, params={"kind": kind, **asked}, content=body.encode("cp949"))
        assert answer.status_code == 202, answer.text
        given = answer.json()
        assert (given["state"], given["bytes"]) == ("waiting", len(body.encode("cp949")))
        await Importing(house.db, house.settings.arrears, CITY, house.clock).run(UUID(given["id"]))
        return dict((await agent.get(f"{url}/{given['id']}")).json())


async def test_a_file_is_sent_read_and_told_of_with_its_refused_rows(house: SmallHouse) -> None:
    debtors = await sent(house, "debtors", DEBTORS.format("401"), filename="체납자.csv")
    assert (debtors["state"], debtors["new_rows"]) == ("done", 2)
    whole = await sent(house, "bills", BILLS.format("401"))
    assert (whole["state"], whole["reason"], whole["refused_rows"]) == ("refused", "rows_refused", 2)
    dry = await sent(house, "bills", BILLS.format("401"), is_whole=False, is_dry_run=True)
    done = await sent(house, "bills", BILLS.format("401"), is_whole=False)
    for each in (dry, done):
        assert (each["state"], each["new_rows"], each["refused_rows"], each["total_krw"]) == ("done", 1, 2, 199_995)
    assert done["control"][""] == {"rows": 3, "krw": 199_995}
    async with house.client("agent") as agent:
        rejects = (await agent.get(f"/api/v1/arrears/imports/{done['id']}/rejects")).json()
        assert [(row["line"], row["column"], row["code"], row["key"]) for row in rejects["items"]] == [
            (3, "본세", "principal", "401-B2"),
            (4, "납세번호", "unknown_debtor", "401-B3"),
        ]
        file = await agent.get(f"/api/v1/arrears/imports/{done['id']}/rejects/file")
        rows = list(csv.reader(io.StringIO(file.content.decode("utf-8-sig"))))
        assert rows[1][:4] == ["3", "본세", "401-B2", "principal"]
        assert "가람" not in file.text and "401-9" not in file.text
        book = await agent.get(f"/api/v1/arrears/imports/{done['id']}/rejects/file", params={"format": "xlsx"})
        sheet = openpyxl.load_workbook(io.BytesIO(book.content)).active
        assert sheet is not None and sheet.cell(2, 3).value == "401-B2"
        listed = (await agent.get("/api/v1/arrears/imports")).json()["items"]
        assert [one["id"] for one in listed][:3] == [done["id"], dry["id"], whole["id"]]


async def test_totals_that_are_told_with_the_file_must_add_up(house: SmallHouse) -> None:
    await sent(house, "debtors", DEBTORS.format("402"))
    body = "".join(BILLS.format("402").splitlines(keepends=True)[:2])
    for control, state in ((["rows=1,krw=100000"], "done"), (["rows=1,krw=99999"], "refused"), ([], "refused")):
        assert (await sent(house, "bills", body, control=control, is_dry_run=True))["state"] == state
    async with house.client("agent") as agent:
        wrong = await agent.post("/api/v1/arrears/imports", params={"kind": "bills", "control": "1000"}, content=b"x")
    assert wrong.status_code == 422


async def test_a_file_larger_than_the_settings_allow_is_refused(house: SmallHouse) -> None:
    ledger = house.settings.arrears.ledger.model_copy(update={"most_bytes": 1_000})
    before = house.settings
    house.settings = before.model_copy(update={"arrears": before.arrears.model_copy(update={"ledger": ledger})})
    try:
        async with house.client("agent") as agent:
            answer = await agent.post("/api/v1/arrears/imports", params={"kind": "bills"}, content=b"x" * 1_001)
    finally:
        house.settings = before
    assert answer.status_code == 413


async def test_real_data_and_the_practice_never_lie_in_one_store(house: SmallHouse) -> None:
    async with house.client("agent") as agent:
        answer = await agent.post(
            "/api/v1/arrears/imports", params={"kind": "debtors", "source": "practice"}, content=b"x"
        )
    assert answer.status_code == 409


async def test_a_debtor_is_found_by_exact_values_masked_and_with_a_reason(house: SmallHouse) -> None:
    async with house.db.transaction() as tx:
        debtor = await made.debtor(tx, city_id=CITY, now=NOW, name="다솜찾기", phone="010-1234-7001", tax_no="403-1")
        await made.bill(tx, debtor, city_id=CITY, now=NOW, bill_no="403-B1")
    async with house.client("agent") as agent:
        assert (await agent.post("/api/v1/arrears/debtors/find", json={"tax_no": "4031"})).status_code == 422
    async with house.client("agent", **WHY) as agent:
        for sought in ({"tax_no": "4031"}, {"name": "다솜찾기"}, {"phone": "01012347001"}, {"bill_no": "403-B1"}):
            found = (await agent.post("/api/v1/arrears/debtors/find", json=sought)).json()["items"]
            assert [(one["id"], one["name"], one["phone"]) for one in found] == [
                (str(debtor), "다**기", "010-****-7001")
            ]
            assert found[0]["total_krw"] > 500_000 - 1
        assert (await agent.post("/api/v1/arrears/debtors/find", json={})).status_code == 422
    assert {(one.action, one.why) for one in await looks(house, debtor)} == {("arrears.find", "payment question")}


async def looks(house: SmallHouse, debtor: UUID) -> list[Any]:
    async with house.db.transaction() as tx:
        wanted = select(access_log).where(access_log.c.subject_id == str(debtor))
        return list(await tx.execute(wanted.order_by(access_log.c.id)))


async def test_the_sheet_tells_what_is_owed_and_shows_numbers_only_when_asked(house: SmallHouse) -> None:
    async with house.db.transaction() as tx:
        debtor = await made.debtor(
            tx, city_id=CITY, now=NOW, name="라온본인", phone="010-1234-7002", tax_no="404-12345"
        )
        bill = await made.bill(tx, debtor, city_id=CITY, now=NOW, bill_no="404-B1", detail="12가3456")
    url = f"/api/v1/arrears/debtors/{debtor}"
    async with house.client("agent") as agent:
        assert (await agent.get(url)).status_code == 422
    async with house.client("agent", **WHY) as agent:
        sheet = (await agent.get(url)).json()
        whole = (await agent.get(url, params={"with_contact": "true"})).json()
        assert (await agent.get(f"/api/v1/arrears/debtors/{new_id()}")).status_code == 404
    assert (sheet["name"], sheet["tax_no"], sheet["phone"], sheet["address"]) == (
        "라온본인", "******345", "010-****-7002", "",
    )  # fmt: skip
    assert (whole["tax_no"], whole["phone"]) == ("404-12345", "010-1234-7002")
    (line,) = sheet["bills"]
    assert (line["id"], line["detail"], line["principal_krw"]) == (str(bill), "12가3456", 500_000)
    assert line["owed_krw"] == sheet["total_krw"] == line["tax_krw"] + line["surcharge_krw"] + line["costs_krw"]
    assert line["tax_krw"] == 500_000 and line["surcharge_krw"] > 0
    assert [one.action for one in await looks(house, debtor)] == ["arrears.sheet", "arrears.contact"]


async def test_the_greatest_are_listed_without_names(house: SmallHouse) -> None:
    async with house.db.transaction() as tx:
        rich = await made.debtor(tx, city_id=CITY, now=NOW, name="마루거액")
        await made.bill(tx, rich, city_id=CITY, now=NOW, principal_krw=9_000_000_000)
        await made.bill(tx, rich, city_id=CITY, now=NOW, principal_krw=1_000)
    async with house.client("agent") as agent:
        answer = await agent.get("/api/v1/arrears/debtors", params={"limit": 1})
    (first,) = answer.json()["items"]
    assert (first["id"], first["bills"], first["made_out_krw"]) == (str(rich), 2, 9_000_001_000)
    assert "마루" not in answer.text


async def test_a_stop_is_added_and_ended_with_its_ground_and_in_the_books(house: SmallHouse) -> None:
    async with house.db.transaction() as tx:
        debtor = await made.debtor(tx, city_id=CITY, now=NOW)
    async with house.client("agent", **WHY) as agent:
        url = f"/api/v1/arrears/debtors/{debtor}"
        wanted = {"kind": "deferral", "from_on": "2026-11-20", "until_on": "2027-01-31", "basis": "제25조 통지 2026-3"}
        stop = await agent.post(f"{url}/stops", json=wanted)
        assert stop.status_code == 201
        assert [one["basis"] for one in (await agent.get(url)).json()["stops"]] == ["제25조 통지 2026-3"]
        end = f"/api/v1/arrears/stops/{stop.json()['id']}/end"
        assert (await agent.post(end, json={"reason": "취소"})).json()["debtor_id"] == str(debtor)
        assert (await agent.post(end, json={"reason": "취소"})).status_code == 409
        assert (await agent.post(f"/api/v1/arrears/stops/{new_id()}/end", json={"reason": "x"})).status_code == 404
        assert (await agent.post(f"{url}/stops", json={**wanted, "until_on": "2026-01-01"})).status_code == 422
    async with house.db.transaction() as tx:
        touched = await tx.scalars(
            text("SELECT why FROM arrears_touched WHERE debtor_id = :d ORDER BY id"), {"d": debtor}
        )
        assert list(touched) == ["stop_ended"]  # the stop itself was followed at once
        books = text("SELECT action FROM audit_log WHERE object_id = :s ORDER BY action")
        assert list(await tx.scalars(books, {"s": stop.json()["id"]})) == ["arrears_stop.add", "arrears_stop.end"]


@pytest.mark.parametrize("path", ["/api/v1/arrears/debtors", "/api/v1/arrears/imports"])
async def test_another_department_sees_nothing_of_the_ledger(house: SmallHouse, path: str) -> None:
    before = house.settings
    others = before.arrears.model_copy(update={"department": "parks"})
    house.settings = before.model_copy(update={"arrears": others})
    try:
        async with house.client("agent", **WHY) as agent:
            assert (await agent.get(path)).status_code == 403
    finally:
        house.settings = before

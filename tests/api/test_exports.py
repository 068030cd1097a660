"""Downloads: complete, within scope, harmless in a spreadsheet, noted with reason and fingerprint before they leave."""

import csv
import hashlib
import io
from typing import Any

import httpx
import openpyxl
import pytest
from sqlalchemy import update

from civic.cases.find import read_case
from civic.cases.tables import cases
from civic.exports.files import harmless
from civic.people.citizens import name_citizen
from core.clock import SEOUL
from core.vault import vault_of
from tests.api.house import SmallHouse
from tests.api.opened import looks, opened
from tests.civic.cases.rows import CITY, NOW

REASON = "10월 도로 민원 처리 현황 보고"
EVIL = ['=HYPERLINK("http://x")', "+1+1", "-2+3", "@SUM(A1)"]
HIDDEN = ["\t=1+1", "\r=1+1", "\n+1", " =1+1", "\u3000=1+1", "＝1+1", "－1", "＋1", "＠x"]
"""What filing itself would have straightened; old rows and other doors may not."""


async def taken(client: httpx.AsyncClient, **body: Any) -> httpx.Response:
    return await client.post("/api/v1/exports", json={"reason": REASON, **body})


def read_csv(answer: httpx.Response) -> list[list[str]]:
    assert answer.status_code == 200, answer.text
    assert answer.content.startswith(b"\xef\xbb\xbf"), "Excel takes UTF-8 without it for something else"
    return list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"), newline="")))


@pytest.fixture
async def manager(house: SmallHouse) -> Any:
    async with house.client("manager") as client:
        yield client


async def test_it_holds_every_case_of_the_filters_and_scope_over_many_pages(
    house: SmallHouse, manager: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.exports.making.PAGE", 2)
    mine = [await opened(house, place="가현로") for _ in range(5)]
    await opened(house, place="가현로", department_id="parks")
    answer = await taken(manager, filters={"q": "가현로"}, columns=["receipt_no", "received_at", "department"])
    head, *lines = read_csv(answer)
    assert head == ["접수번호 (No.)", "접수 (Received)", "부서 (Department)"]
    assert sorted(line[0] for line in lines) == sorted(case.receipt_no for case in mine)
    assert {tuple(line[1:]) for line in lines} == {("2026-09-23 16:00:00", "도로관리과")}
    assert answer.headers["x-export-rows"] == "5"


async def test_no_text_becomes_a_formula_in_a_csv(house: SmallHouse, manager: httpx.AsyncClient) -> None:
    for text in EVIL:
        await opened(house, title=text, place="수식로")
    _, *lines = read_csv(await taken(manager, filters={"q": "수식로"}, columns=["title", "extensions"]))
    assert sorted(line[0] for line in lines) == sorted(f"'{text}" for text in EVIL)
    assert {line[1] for line in lines} == {"0"}


@pytest.mark.parametrize(
    "text", [*EVIL, "\t=1+1", "\r=1+1", "\n+1", " =1+1", "\u3000=1+1", "＝1+1", "－1", "＋1", "＠x"]
)
def test_a_dangerous_beginning_is_defused(text: str) -> None:
    assert harmless(text) == f"'{text}"


@pytest.mark.parametrize("text", ["가로등", "3-1 번지", "a=b", "", "010-1234-5678", "'인용'"])
def test_a_plain_text_stays_as_it_is(text: str) -> None:
    assert harmless(text) == text


async def test_an_xlsx_has_typed_dates_and_texts_that_are_no_formulas(
    house: SmallHouse, manager: httpx.AsyncClient
) -> None:
    for text in EVIL:
        await opened(house, title=text, place="엑셀로", lat=37.6, lon=126.7)
    columns = ["title", "received_at", "closed_at", "lat"]
    answer = await taken(manager, filters={"q": "엑셀로"}, columns=columns, format="xlsx")
    assert answer.status_code == 200, answer.text
    sheet = openpyxl.load_workbook(io.BytesIO(answer.content)).worksheets[0]
    rows: list[Any] = list(sheet.iter_rows())
    head, *lines = rows
    assert [cell.value for cell in head] == ["제목 (Title)", "접수 (Received)", "종결 (Closed)", "위도 (Latitude)"]
    assert sorted(line[0].value for line in lines) == sorted(EVIL)
    assert {line[0].data_type for line in lines} == {"s"}
    assert {(line[1].value, line[1].is_date, line[2].value, line[3].value) for line in lines} == {
        (NOW.astimezone(SEOUL).replace(tzinfo=None), True, None, 37.6)
    }


async def test_it_is_noted_with_reason_numbers_and_fingerprint(house: SmallHouse, manager: httpx.AsyncClient) -> None:
    case = await opened(house, place="기록로")
    answer = await taken(manager, filters={"q": "기록로", "overdue": False})
    sha256 = hashlib.sha256(answer.content).hexdigest()
    assert answer.headers["x-content-sha256"] == sha256
    look = (await looks(house, "case.export"))[-1]
    assert (look.subject_kind, look.subject_id) == ("export", answer.headers["x-export-id"])
    assert look.reason.startswith(f"{REASON} | q=(text) | receipt_no,status,")
    assert look.reason.endswith(f"1 rows | sha256 {sha256}")
    assert (await looks(house, "case.export.rows"))[-1].reason == case.receipt_no
    async with house.client("auditor") as auditor:
        book = (await auditor.get("/api/v1/exports")).json()["items"]
    row = next(one for one in book if one["id"] == look.subject_id)
    assert (row["login"], row["reason"], row["rows"], row["sha256"]) == ("manager.one", REASON, 1, sha256)
    assert (row["filters"], row["size"], row["source_ip"]) == ({"q": "(text)"}, len(answer.content), "10.1.2.3")


async def test_nothing_leaves_that_could_not_be_noted(
    house: SmallHouse, manager: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: Any) -> None:
        raise ConnectionError

    monkeypatch.setattr("api.exports.making.exports.note", broken)
    answer = await taken(manager)
    assert (answer.status_code, answer.json()["type"]) == (500, "/problems/internal")
    assert list((house.var / "exports").iterdir()) == []


async def test_names_and_numbers_only_for_whom_may_and_when_asked(
    house: SmallHouse, manager: httpx.AsyncClient
) -> None:
    case = await opened(house, place="이름로")
    async with house.db.transaction() as tx:
        found = await read_case(tx, CITY, case.id)
        assert found.conversation_id is not None
        citizen = await name_citizen(tx, vault_of(tx), found.conversation_id, CITY, "홍길동", "010-1234-5678", NOW)
        await tx.execute(update(cases).where(cases.c.id == case.id).values(citizen_id=citizen))
    asked = {"filters": {"q": "이름로"}, "columns": ["receipt_no", "citizen_name", "citizen_phone"]}
    refused = await taken(manager, **asked)
    async with house.client("admin") as admin:
        with_names = await taken(admin, **asked)
        usual = await taken(admin, filters={"q": "이름로"})
    assert refused.status_code == 403
    assert read_csv(with_names)[1] == [case.receipt_no, "홍길동", "010-1234-5678"]
    assert "홍길동" not in usual.text and "1234-5678" not in usual.text
    assert "citizen_phone" in (await looks(house, "case.export"))[-2].reason


async def test_too_many_for_one_file_are_refused_before_anything_is_noted(
    house: SmallHouse, manager: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(2):
        await opened(house, place="많은로")
    before = len(await looks(house, "case.export"))
    web = house.settings.web.model_copy(update={"export_rows": 1})
    monkeypatch.setattr(house, "settings", house.settings.model_copy(update={"web": web}))
    answer = await taken(manager, filters={"q": "많은로"})
    assert answer.status_code == 422
    assert "한 번에 1건까지" in answer.json()["detail"]
    assert len(await looks(house, "case.export")) == before
    assert list((house.var / "exports").iterdir()) == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"reason": "짧은 까닭"},
        {"reason": " " * 20},
        {"columns": ["password_hash"]},
        {"columns": []},
        {"format": "pdf"},
        {"filters": {"limit": 5}},
        {"filters": {"status": ["nowhere"]}},
    ],
)
async def test_a_wrong_request_is_refused(manager: httpx.AsyncClient, wrong: dict[str, Any]) -> None:
    assert (await taken(manager, **wrong)).status_code == 422


async def test_an_officer_takes_no_lists_home(agent: httpx.AsyncClient) -> None:
    assert (await taken(agent)).status_code == 403
    assert (await agent.get("/api/v1/exports")).status_code == 403

"""Staff and the person behind many channels: one thread of them all, the history of links, undoing with a reason."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select, update

from civic.cases.open import open_case
from civic.cases.tables import cases
from civic.conversations.outbound import Draft, queue
from civic.conversations.tables import conversations, inbound
from civic.people.codes import phone_index
from civic.people.links import link_by_phone
from civic.people.service import name_citizen
from civic.people.tables import person_links
from civic.staff.tables import access_log, audit_log
from core.ids import new_id
from core.settings import People
from tests.api.house import SmallHouse
from tests.civic.cases.rows import CITY, NOW, conversation, draft, said

NUMBER = "010-4321-{:04}"
REASON = "다른 분의 번호로 이어짐"


async def two(house: SmallHouse, last: int, department_id: str = "road") -> dict[str, Any]:
    """A person who filed by chat and by text, linked: messages on both in turns."""
    phone = NUMBER.format(last)
    async with house.db.transaction() as tx:
        chat = await conversation(tx, channel="kakao")
        text = await conversation(tx, channel="sms", address=f"hash-{new_id()}", created_at=NOW + timedelta(hours=1))
        await said(tx, text, "지난주의 인사", channel="sms", received_at=NOW - timedelta(days=7))
        first = await said(tx, chat, "가로등이 꺼졌어요", channel="kakao")
        one = await name_citizen(tx, house.vault, chat, CITY, "홍길동", phone, NOW)
        other = await name_citizen(tx, house.vault, text, CITY, "홍 길동", phone, NOW + timedelta(hours=1))
        case = await open_case(tx, draft(chat, citizen_id=one, department_id=department_id), NOW)
        # Routing by rules is not under test.
        await tx.execute(update(cases).where(cases.c.id == case.id).values(department_id=department_id))
        await link_by_phone(
            tx, People(), city_id=CITY, conversation_id=chat, sms_conversation_id=text, phone=phone,
            number=phone_index(house.vault, phone), now=NOW,
        )  # fmt: skip
    return {"chat": chat, "text": text, "first": first, "case": case, "was": other, "is": one}


async def spoken(house: SmallHouse, conversation_id: UUID, channel: str, words: str, **values: Any) -> None:
    async with house.db.transaction() as tx:
        given = {"channel": channel, "received_at": NOW + timedelta(minutes=1), **values}
        await said(tx, conversation_id, words, **given)


async def answered(house: SmallHouse, conversation_id: UUID, channel: str, words: str, case_id: UUID | None) -> None:
    timing: dict[str, Any] = {"valid_until": NOW, "next_attempt_at": NOW}
    message = Draft(CITY, conversation_id, channel, {"text": words}, "case_notice", 3, case_id=case_id, **timing)
    async with house.db.transaction() as tx:
        await queue(tx, message, NOW + timedelta(minutes=2))


async def test_the_thread_of_a_case_is_one_order_over_all_channels_page_by_page(house: SmallHouse) -> None:
    made = await two(house, 1)
    await spoken(house, made["text"], "sms", "문자로도 여쭙니다")
    await answered(house, made["text"], "sms", "문자로 답합니다", made["case"].id)
    await spoken(house, made["chat"], "kakao", "감사합니다")
    words = ["가로등이 꺼졌어요", "문자로도 여쭙니다", "문자로 답합니다", "감사합니다"]
    path = f"/api/v1/cases/{made['case'].receipt_no}/thread"
    async with house.client("admin") as admin:
        whole = (await admin.get(path)).json()
        pages, cursor = [], None
        for _ in range(3):
            page = (await admin.get(path, params={"limit": 2} | ({"cursor": cursor} if cursor else {}))).json()
            pages.append([item["text"] for item in page["items"]])
            cursor = page["next_cursor"]
            if cursor is None:
                break
        wrong = await admin.get(path, params={"cursor": "어제"})
    assert [item["text"] for item in whole["items"]] == words
    assert [item["channel"] for item in whole["items"]] == ["kakao", "sms", "sms", "kakao"]
    assert [item["direction"] for item in whole["items"]] == ["in", "in", "out", "in"]
    seqs = [item["seq"] for item in whole["items"]]
    assert seqs == sorted(seqs) and whole["channels"] == ["kakao", "sms"] and whole["next_cursor"] is None
    assert (pages == [words[2:], words[:2]] and wrong.status_code == 422) or wrong.status_code == 400
    async with house.db.transaction() as tx:
        looks = (await tx.execute(select(access_log).where(access_log.c.action == "case.thread"))).all()
    assert looks and looks[-1].citizen_id == made["is"]


async def test_the_thread_shows_of_another_channel_nothing_from_before_the_case(house: SmallHouse) -> None:
    made = await two(house, 2)
    await spoken(house, made["text"], "sms", "작년에 다른 일로", received_at=NOW - timedelta(days=90))
    async with house.client("admin") as admin:
        shown = (await admin.get(f"/api/v1/cases/{made['case'].receipt_no}/thread")).json()
    assert [item["text"] for item in shown["items"]] == ["가로등이 꺼졌어요"]


async def test_what_another_department_has_on_another_channel_is_not_in_the_thread(house: SmallHouse) -> None:
    made = await two(house, 3)
    async with house.db.transaction() as tx:
        theirs = await open_case(tx, draft(made["text"], citizen_id=made["is"]), NOW)
        await tx.execute(update(cases).where(cases.c.id == theirs.id).values(department_id="parks"))
    await spoken(house, made["text"], "sms", "공원 일입니다")
    await answered(house, made["text"], "sms", "이 민원의 안내입니다", made["case"].id)
    path = f"/api/v1/cases/{made['case'].receipt_no}/thread"
    async with house.client("agent") as agent, house.client("admin") as admin:
        seen = [item["text"] for item in (await agent.get(path)).json()["items"]]
        everything = [item["text"] for item in (await admin.get(path)).json()["items"]]
    assert seen == ["가로등이 꺼졌어요", "이 민원의 안내입니다"]
    assert "공원 일입니다" in everything


async def test_staff_see_the_links_and_undo_one_with_a_reason_once(house: SmallHouse) -> None:
    made = await two(house, 4)
    here = f"/api/v1/conversations/{made['chat']}/links"
    async with house.client("manager") as manager:
        links = (await manager.get(here)).json()
        (line,) = links["history"]
        assert [one["channel"] for one in links["channels"]] == ["kakao", "sms"]
        assert (line["conversation_id"], line["from_citizen_id"]) == (str(made["text"]), str(made["was"]))
        assert (await manager.post(f"{here}/{line['id']}/undo", json={})).status_code == 422
        done = await manager.post(f"{here}/{line['id']}/undo", json={"reason": REASON})
        again = await manager.post(f"{here}/{line['id']}/undo", json={"reason": REASON})
        after = (await manager.get(here)).json()
    assert done.json() == {"conversations": 1} and again.status_code == 404
    assert [one["channel"] for one in after["channels"]] == ["kakao"]
    assert (after["history"][0]["undone_by"], after["history"][0]["reason"]) == ("staff", REASON)
    async with house.db.transaction() as tx:
        whose = await tx.scalar(select(conversations.c.citizen_id).where(conversations.c.id == made["text"]))
        act = (await tx.execute(select(audit_log).where(audit_log.c.action == "citizen.unlinked"))).all()[-1]
        look = (await tx.execute(select(access_log).where(access_log.c.action == "person.unlink"))).all()
    assert whose == made["was"] and act.actor_kind == "staff" and act.detail["reason"] == REASON
    assert {one.why for one in look} == {REASON}


async def test_an_agent_may_not_undo_and_a_link_of_somebody_else_is_not_there(house: SmallHouse) -> None:
    made, others = await two(house, 5), await two(house, 6)
    async with house.db.transaction() as tx:
        wanted = select(person_links.c.id).where(person_links.c.conversation_id == others["text"])
        link = await tx.scalar(wanted)
    async with house.client("agent") as agent, house.client("admin") as admin:
        path = f"/api/v1/conversations/{made['chat']}/links/{link}/undo"
        assert (await agent.post(path, json={"reason": REASON})).status_code == 403
        assert (await admin.post(path, json={"reason": REASON})).status_code == 404


@pytest.mark.parametrize("form", ["json", "text"])
async def test_a_persons_file_holds_all_his_channels_with_their_numbers_and_links(house: SmallHouse, form: str) -> None:
    made = await two(house, 7 if form == "json" else 8)
    number = "+82104321" + ("0007" if form == "json" else "0008")
    async with house.db.transaction() as tx:
        sealed = house.vault.seal_text(number, f"conversations.address:{made['text']}")
        await tx.execute(update(conversations).where(conversations.c.id == made["text"]).values(address_sealed=sealed))
        assert await tx.scalar(select(inbound.c.id).where(inbound.c.conversation_id == made["chat"]))
    async with house.client("admin") as admin:
        path = f"/api/v1/subjects/{made['is']}/export"
        answer = await admin.get(path, params={"reason": "열람 청구", "format": form})
        found = await admin.post("/api/v1/subjects/find", json={"phone": "0" + number[3:], "reason": "열람 청구"})
    if form == "json":
        file = answer.json()
        assert {one["address"] for one in file["conversations"]} >= {number}
        assert [line["channel"] for line in file["links"]] == ["sms"]
    else:
        assert "채널 연결 1건" in answer.text
    assert [(one["citizen_id"], one["channels"]) for one in found.json()["items"]] == [
        (str(made["is"]), ["kakao", "sms"])
    ]

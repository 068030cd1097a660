"""Requests over the API on real rows: granted as asked, changed, refused; plans, locks, and what the citizen hears."""

import asyncio
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest
from sqlalchemy import event, select

from bot.arrears.plans import Plans
from bot.arrears.telling import Word
from civic.arrears.asking import proving, requests
from civic.arrears.asking.desk import ArrearsDesk
from civic.arrears.asking.paid import note_payments
from civic.arrears.asking.planning import parts, proposed
from civic.arrears.asking.tables import arrears_identified, arrears_plans
from civic.arrears.ledger.stops import stops_on
from civic.arrears.money.taking import NewPayment, take_payment
from civic.arrears.touched import take_touched
from civic.conversations.tables import outbound
from civic.staff.tables import access_log, audit_log, staff_notices
from core.clock import SEOUL
from core.ids import new_id
from core.vault import vault_of
from tests.api.house import SmallHouse
from tests.civic.arrears import made
from tests.civic.cases.rows import CITY, conversation

WHY = {"X_Access_Reason": "request%20looked%20at"}


class Agent:
    """An officer of the collecting department."""

    def __init__(self, house: SmallHouse) -> None:
        self._house = house

    async def get(self, path: str) -> httpx.Response:
        async with self._house.client("agent", **WHY) as client:
            return await client.get(f"/api/v1/arrears/{path}")

    async def post(self, path: str, body: dict[str, Any], version: int | None = None) -> httpx.Response:
        given = {"If-Match": f'"{version}"'} if version is not None else {}
        async with self._house.client("agent", **WHY) as client:
            return await client.post(f"/api/v1/arrears/{path}", json=body, headers=given)


class Asked:
    """A debtor of 600,000 won who has shown who he is in a conversation."""

    def __init__(self, house: SmallHouse, debtor_id: UUID, conversation_id: UUID, phone: str) -> None:
        self.house, self.id, self.conversation_id, self.phone = house, debtor_id, conversation_id, phone
        self.desk = ArrearsDesk(
            house.db, house.vault, CITY, house.settings.arrears, house.settings.city.days_off, house.channels
        )

    @property
    def now(self) -> Any:
        return self.house.clock.now()

    @property
    def today(self) -> date:
        day: date = self.now.astimezone(SEOUL).date()
        return day

    async def asks(self, kind: requests.Kind, wish: dict[str, Any], deemed_on: date | None = None) -> requests.Request:
        async with self.house.db.transaction() as tx:
            return await self.desk.ask(
                tx, self.id, kind, wish, self.now, conversation_id=self.conversation_id, deemed_on=deemed_on
            )

    async def asks_for_parts(self, months: int = 3) -> requests.Request:
        planned = parts(600_000, months, self.today + timedelta(days=30), self.desk.days.next)
        return await self.asks("instalment", {"parts": [[one.due_on.isoformat(), one.amount_krw] for one in planned]})

    async def heard(self) -> list[str]:
        """What was queued for him, oldest first, all marked as tax data."""
        async with self.house.db.transaction() as tx:
            wanted = select(outbound.c.body, outbound.c.secrecy, outbound.c.purpose).where(
                outbound.c.conversation_id == self.conversation_id
            )
            rows = (await tx.execute(wanted.order_by(outbound.c.seq))).all()
        assert {(row.secrecy, row.purpose) for row in rows} <= {("tax", "arrears")}
        return [row.body["text"] for row in rows]

    async def stopped(self) -> set[str]:
        async with self.house.db.transaction() as tx:
            return {one.kind for one in (await stops_on(tx, CITY, [self.id], self.today)).get(self.id, ())}

    async def pays(self, krw: int) -> None:
        """Paid, and what follows it, as the jobs do."""
        async with self.house.db.transaction() as tx:
            payment = NewPayment("test", new_id().hex, krw, self.today, "virtual_account", debtor_id=self.id)
            await take_payment(tx, CITY, payment, self.now)
            await take_touched(tx, CITY, 100)
            await note_payments(tx, CITY, [self.id], self.now, self.house.settings.arrears.asking)

    def plans(self) -> Plans:
        house = self.house
        word = Word(house.fitter.texts, house.settings, house.channels)
        return Plans(house.db, house.settings, word, house.clock)


async def asker(house: SmallHouse, **bill: Any) -> Asked:
    now = house.clock.now()
    on = now.astimezone(SEOUL).date()
    number = new_id().int % 10**8
    phone = f"010-{1000 + number // 10_000 % 9000}-{number % 10_000:04}"
    async with house.db.transaction() as tx:
        who = await made.debtor(tx, now=now, phone=phone)
        given: dict[str, Any] = {
            "due_on": on - timedelta(days=2),
            "notified_on": on - timedelta(days=20),
            "principal_krw": 600_000,
        }
        await made.bill(tx, who, now=now, **(given | bill))
        here = await conversation(tx)
        await tx.execute(
            arrears_identified.insert().values(
                id=new_id(),
                city_id=CITY,
                conversation_id=here,
                debtor_id=who,
                how="birth",
                at=now,
                until=now + timedelta(minutes=30),
            )
        )
    return Asked(house, who, here, phone)


async def test_a_plan_is_granted_as_asked_and_stops_what_was_running(house: SmallHouse) -> None:
    one = await asker(house)
    asked = await one.asks_for_parts()
    agent = Agent(house)
    read = await agent.get(f"requests/{asked.id}")
    assert read.status_code == 200 and len(read.json()["wish"]["parts"]) == 3
    done = await agent.post(f"requests/{asked.id}/grant", {"answer": "확인했습니다"}, 1)
    assert done.status_code == 200 and done.json()["state"] == "granted"
    assert await one.stopped() == {"instalment"}
    (said,) = await one.heard()
    assert "승인되었습니다" in said and said.count("200,000원") == 3 and "확인했습니다" in said
    again = await agent.post(f"requests/{asked.id}/grant", {}, 2)
    assert again.status_code == 409 and len(await one.heard()) == 1
    async with house.db.transaction() as tx:
        noted = await tx.scalars(select(audit_log.c.action).where(audit_log.c.object_id == str(asked.id)))
        looked = await tx.scalars(select(access_log.c.action).where(access_log.c.subject_id == str(one.id)))
        assert list(noted) == ["arrears.request_granted"]
        assert set(looked) == {"arrears.request.read", "arrears.request.grant"}
        told = await tx.scalars(select(staff_notices.c.text_ko).where(staff_notices.c.kind == "arrears_request"))
        assert any("나눠 내기" in text for text in told)


async def test_an_officer_changes_the_parts_and_the_citizen_reads_them(house: SmallHouse) -> None:
    one = await asker(house)
    asked = await one.asks_for_parts()
    agent = Agent(house)
    days = [one.today + timedelta(days=14), one.today + timedelta(days=45)]
    given = [{"due_on": day.isoformat(), "amount_krw": 300_000} for day in days]
    done = await agent.post(f"requests/{asked.id}/grant", {"parts": given}, 1)
    assert done.status_code == 200
    (said,) = await one.heard()
    assert "조금 바꾸었습니다" in said and said.count("300,000원") == 2
    shown = await agent.get(f"debtors/{one.id}/plans")
    (plan,) = shown.json()["items"]
    assert [part["amount_krw"] for part in plan["parts"]] == [300_000, 300_000]


async def test_changed_parts_that_pay_less_than_was_to_be_split_are_refused(house: SmallHouse) -> None:
    one = await asker(house)
    asked = await one.asks_for_parts()
    agent = Agent(house)
    given = [{"due_on": (one.today + timedelta(days=14)).isoformat(), "amount_krw": 100_000}]
    refused = await agent.post(f"requests/{asked.id}/grant", {"parts": given}, 1)
    assert refused.status_code == 422 and "600,000원보다 적습니다" in refused.json()["detail"]
    assert await one.stopped() == set() and await one.heard() == []
    await one.pays(500_000)
    left = await agent.get(f"debtors/{one.id}")
    owed_krw = left.json()["total_krw"]
    given[0]["amount_krw"] = owed_krw
    assert (await agent.post(f"requests/{asked.id}/grant", {"parts": given}, 1)).status_code == 200


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("instalment", "나눠 내기"),
        ("release", "압류 해제"),
        ("deferral", "징수유예"),
        ("dispute", "이의"),
        ("court", "파산·회생 알림"),
    ],
)
async def test_each_kind_of_request_is_refused_in_words_that_name_it(
    house: SmallHouse, kind: requests.Kind, name: str
) -> None:
    one = await asker(house)
    asked = await one.asks(kind, {"which": "bankrupt", "ground": "wage", "months": 2, "parts": [], "files": []})
    done = await Agent(house).post(f"requests/{asked.id}/refuse", {"answer": "자료를 더 보내 주세요."}, 1)
    assert done.status_code == 200
    (said,) = await one.heard()
    assert f"{name} 신청을 받아들이지 못했습니다" in said and "까닭: 자료를 더 보내 주세요." in said
    assert await one.stopped() == set()


async def test_a_refusal_needs_a_reason_that_the_citizen_reads(house: SmallHouse) -> None:
    one = await asker(house)
    asked = await one.asks("dispute", {"text": "이미 냈습니다"})
    agent = Agent(house)
    empty = await agent.post(f"requests/{asked.id}/refuse", {"answer": " "}, 1)
    assert empty.status_code == 422
    stale = await agent.post(f"requests/{asked.id}/refuse", {"answer": "영수증"}, 9)
    assert stale.status_code == 412
    done = await agent.post(
        f"requests/{asked.id}/refuse",
        {"answer": "영수증이 다른 세금의 것입니다"},
        1,
    )
    assert done.status_code == 200 and await one.stopped() == set()
    (said,) = await one.heard()
    assert "영수증이 다른 세금의 것입니다" in said


async def test_welfare_money_is_let_go_by_a_stop_at_once(house: SmallHouse) -> None:
    one = await asker(house)
    asked = await one.asks("release", {"ground": "welfare", "seizures": [], "files": []})
    assert asked.due_at is not None and asked.due_at - one.now <= timedelta(hours=3)
    agent = Agent(house)
    done = await agent.post(f"requests/{asked.id}/grant", {}, 1)
    assert done.status_code == 200 and await one.stopped() == {"welfare"}
    assert "바로 해제를 요청" in (await one.heard())[0]


async def test_a_court_told_of_stops_what_it_stops_once_an_officer_confirmed_it(house: SmallHouse) -> None:
    asked, agent = await asker(house), Agent(house)
    made_ = await asked.asks("court", {"which": "rehabilitation", "text": "인천지방법원 2026개회12345", "files": []})
    assert await asked.stopped() == set()
    (listed,) = [one for one in (await agent.get("requests?kind=court")).json()["items"] if one["id"] == str(made_.id)]
    assert listed["due_at"] and "wish" not in listed
    one = (await agent.get(f"requests/{made_.id}")).json()
    assert one["wish"] == {"which": "rehabilitation", "text": "인천지방법원 2026개회12345", "files": []}
    assert (await agent.post(f"requests/{made_.id}/grant", {}, one["version"])).status_code == 200
    assert await asked.stopped() == {"rehabilitation"}
    (said,) = await asked.heard()
    assert "법원 절차를 확인해" in said and "멈추었습니다" in said


async def test_a_plan_reminds_warns_and_ends_and_is_told_each_step_once(house: SmallHouse) -> None:
    one = await asker(house)
    asked = await one.asks_for_parts()
    agent = Agent(house)
    await agent.post(f"requests/{asked.id}/grant", {}, 1)
    async with house.db.transaction() as tx:
        first = (await requests.read(tx, CITY, asked.id)).wish["parts"]
    days = [date.fromisoformat(day) for day, _ in first]
    started = one.today
    for until in (days[0] - timedelta(days=3), days[0] + timedelta(days=1), days[1] - timedelta(days=3)):
        house.clock.move(timedelta(days=(until - one.today).days))
        await one.plans().look()
        await one.plans().look()
    said = await one.heard()
    assert ["승인" in said[0], "다가옵니다" in said[1], "들어오지 않았습니다" in said[2]] == [True] * 3
    assert "앞으로 1번" in said[2] and "이번에 빠지시면 나눠 내기가 끝납니다" in said[3] and len(said) == 4
    house.clock.move(timedelta(days=(days[1] + timedelta(days=1) - one.today).days))
    await one.plans().look()
    assert "2번 지켜지지 않아" in (await one.heard())[-1] and await one.stopped() == set()
    async with house.db.transaction() as tx:
        state = await tx.scalar(select(arrears_plans.c.state).where(arrears_plans.c.debtor_id == one.id))
    assert state == "broken"
    house.clock.move(timedelta(days=-(one.today - started).days))


async def test_a_payment_is_thanked_once_and_fills_the_plan(house: SmallHouse) -> None:
    one = await asker(house)
    asked = await one.asks_for_parts()
    agent = Agent(house)
    await agent.post(f"requests/{asked.id}/grant", {}, 1)
    await one.pays(250_000)
    await one.plans().thank()
    await one.plans().thank()
    said = (await one.heard())[1:]
    assert len(said) == 1 and "입금 250,000원" in said[0] and "남은 금액" in said[0]
    assert "다음은 2회" in said[0] and "150,000원" in said[0]
    (plan,) = (await agent.get(f"debtors/{one.id}/plans")).json()["items"]
    assert [part["paid_krw"] for part in plan["parts"]] == [200_000, 50_000, 0]


async def test_all_paid_keeps_the_plan_and_ends_its_stop(house: SmallHouse) -> None:
    one = await asker(house)
    asked = await one.asks_for_parts()
    agent = Agent(house)
    await agent.post(f"requests/{asked.id}/grant", {}, 1)
    await one.pays(600_000 + 18_000)
    await one.plans().thank()
    await one.plans().look()
    said = await one.heard()
    assert "모두 내셨습니다" in said[1] and "끝까지 지켜 주셔서" in said[2] and await one.stopped() == set()


async def test_a_plan_is_ended_by_an_officer_with_a_reason(house: SmallHouse) -> None:
    one = await asker(house)
    asked = await one.asks_for_parts()
    agent = Agent(house)
    await agent.post(f"requests/{asked.id}/grant", {}, 1)
    (plan,) = (await agent.get(f"debtors/{one.id}/plans")).json()["items"]
    done = await agent.post(f"plans/{plan['id']}/cancel", {"reason": "본인 요청"}, 1)
    assert done.status_code == 200 and done.json()["state"] == "cancelled" and await one.stopped() == set()
    assert "본인 요청" in (await one.heard())[-1]


async def test_an_application_nobody_answers_is_granted_on_the_tenth_day_and_staff_knew(house: SmallHouse) -> None:
    one = await asker(house)
    started, due = one.today, one.today + timedelta(days=10)
    asked = await one.asks("deferral", {"until_on": (started + timedelta(days=60)).isoformat()}, deemed_on=due)
    for days, hour_is_over in ((9, True), (1, False)):
        house.clock.move(timedelta(days=days))
        moved = house.clock.now().astimezone(SEOUL)
        if not hour_is_over:
            house.clock.move(timedelta(hours=17 - moved.hour, minutes=59 - moved.minute))
        await one.plans().deem()
        assert await one.stopped() == set(), days
    house.clock.move(timedelta(minutes=2))
    assert one.today == due
    await one.plans().deem()
    await one.plans().deem()
    assert await one.stopped() == {"deferral"}
    async with house.db.transaction() as tx:
        done = await requests.read(tx, CITY, asked.id)
        warned = await tx.scalars(select(staff_notices.c.text_ko).where(staff_notices.c.kind == "arrears_deemed_soon"))
        assert done.decided_by == "law" and any(str(due) in text for text in warned)
    (said,) = await one.heard()
    assert "제25조의3" in said
    house.clock.move(timedelta(days=-10))


async def test_five_at_once_over_two_conversations_are_five_and_an_officer_lifts_the_lock(house: SmallHouse) -> None:
    one = await asker(house)
    number = house.vault.index("citizens.phone", one.phone)
    async with house.db.transaction() as tx:
        other = await conversation(tx)
    rules = house.settings.arrears.asking

    async def tries(here: UUID) -> str:
        async with house.db.transaction() as tx:
            return (await proving.judge(tx, rules, CITY, here, number, "0000", one.now)).kind

    seen = await asyncio.gather(*(tries(here) for here in (one.conversation_id, other) * 5))
    assert sorted(seen) == ["locked"] * 6 + ["wrong"] * 4
    agent = Agent(house)
    (lock,) = (await agent.get(f"debtors/{one.id}/locks")).json()["items"]
    assert lock["failures"] == 5
    lifted = await agent.post(f"locks/{lock['id']}/lift", {"reason": "전화로 확인"})
    assert lifted.status_code == 204
    async with house.db.transaction() as tx:
        found = await proving.judge(tx, rules, CITY, other, number, "800101", one.now)
        assert found.kind == "right" and vault_of(tx) is not None


async def test_as_many_questions_are_asked_of_the_store_for_nobody_as_for_somebody(house: SmallHouse) -> None:
    one = await asker(house)
    counted: list[int] = []
    for phone in (one.phone, "010-2222-0000"):
        said: list[str] = []
        async with house.db.transaction() as tx:
            here = await conversation(tx)
            connection = tx.sync_connection
            assert connection is not None

            def note(*given: Any) -> None:
                said.append(given[2])  # noqa: B023 - used within this round

            event.listen(connection, "before_cursor_execute", note)
            number = house.vault.index("citizens.phone", phone)
            verdict = await proving.judge(tx, house.settings.arrears.asking, CITY, here, number, "0000", one.now)
            event.remove(connection, "before_cursor_execute", note)
        assert verdict.kind == "wrong"
        counted.append(len(said))
    assert counted[0] == counted[1]


def test_the_proposal_stays_within_the_citys_bounds(house: SmallHouse) -> None:
    rules = house.settings.arrears.asking.plans
    assert proposed(600_000, rules) == 6 and proposed(30_000, rules) == 3 and proposed(5_000, rules) == 2

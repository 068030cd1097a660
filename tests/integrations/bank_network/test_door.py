"""The network's door: only calls that our key signed, just now and unchanged, are done."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import orjson
import pytest

from core.contracts.banks import BankFailed
from core.signed_calls import headers
from integrations.bank_network.book import totals
from integrations.bank_network.faults import Faults
from integrations.banks import network
from tests.integrations.banks.kits import BANK, KEY, Kit, asked, over_http
from tests.waiting import until


async def called(kit: Kit, body: bytes, target: str, /, **signed: object) -> int:
    settings = {"key": KEY, "method": "POST", "target": target, "body": body, "at": datetime.now(UTC), "call_id": "1"}
    given = headers(**{**settings, **signed})  # type: ignore[arg-type]
    base = kit.gateway._settings.url  # type: ignore[attr-defined]
    async with httpx.AsyncClient(trust_env=False) as http:
        return (await http.post(f"{base}{target}", content=body, headers=given)).status_code


@pytest.mark.parametrize(
    ("signed", "status"),
    [
        ({}, 200),
        ({"key": "another key"}, 401),
        ({"target": "/v1/banks/902/requests"}, 401),
        ({"method": "GET"}, 401),
        ({"body": b'{"requests": [] }'}, 401),
        ({"at": datetime.now(UTC) - timedelta(minutes=6)}, 401),
    ],
    ids=["ours", "another-key", "another-bank", "another-method", "another-body", "old"],
)
async def test_a_call_that_is_not_ours_to_the_letter_is_refused(
    tmp_path: Path, signed: dict[str, object], status: int
) -> None:
    async with over_http(tmp_path) as kit:
        assert await called(kit, b'{"requests": []}', f"/v1/banks/{BANK}/requests", **signed) == status


async def test_a_wrong_key_fails_without_anything_done_and_may_be_put_right(tmp_path: Path) -> None:
    async with over_http(tmp_path) as kit:
        kit.open("901-1", 1_000)
        base = kit.gateway._settings.url  # type: ignore[attr-defined]
        wrong = network.build("practice", network.Settings(url=base, key="wrong", inside=("127.0.0.1",)))
        with pytest.raises(BankFailed, match="서명") as failed:
            await wrong.ask(BANK, [asked("seize", account="901-1", amount_krw=10)])
        await wrong.aclose()
        assert (failed.value.retry, failed.value.unknown) == (True, False)
        assert totals(kit.book)["held"] == 0


@pytest.mark.parametrize(
    "body",
    [{"requests": [{}]}, {"requests": "x"}, {}, {"requests": [{"request_id": "1", "amount_krw": -5}]}],
    ids=["empty", "text", "nothing", "negative"],
)
async def test_a_body_that_is_no_request_is_refused_as_a_whole(tmp_path: Path, body: object) -> None:
    async with over_http(tmp_path) as kit:
        assert await called(kit, orjson.dumps(body), f"/v1/banks/{BANK}/requests") == 422


@pytest.mark.parametrize(
    ("end", "is_unknown", "is_done"),
    [
        ("500", True, False),
        ("503", False, False),
        ("cut", True, False),
        ("hang", True, True),
        ("cut_after", True, True),
        ("500_after", True, True),
    ],
)
async def test_each_bad_end_of_a_call_says_whether_it_may_have_been_done(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, end: str, is_unknown: bool, is_done: bool
) -> None:
    monkeypatch.setattr("integrations.bank_network.faults.Dice.end", lambda _: end)
    async with over_http(tmp_path, Faults(latency_ms=0, hang_s=3)) as kit:
        patient = kit.gateway._settings  # type: ignore[attr-defined]
        hasty = patient.model_copy(update={"timeout_s": 0.5})
        kit.gateway._settings = hasty if end == "hang" else patient  # type: ignore[attr-defined]
        kit.open("901-1", 1_000)
        seize = asked("seize", account="901-1", amount_krw=10)
        with pytest.raises(BankFailed) as failed:
            await kit.gateway.ask(BANK, [seize])
        assert (failed.value.retry, failed.value.unknown) == (True, is_unknown)
        await until(lambda: totals(kit.book)["held"] == (10 if is_done else 0))
        kit.gateway._settings = patient  # type: ignore[attr-defined]
        monkeypatch.setattr("integrations.bank_network.faults.Dice.end", lambda _: "")
        (told,) = await kit.gateway.ask(BANK, [seize])
        assert (told.status, told.amount_krw, totals(kit.book)["held"]) == ("done", 10, 10)

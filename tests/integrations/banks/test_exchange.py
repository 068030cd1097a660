"""Files to and from banks: whole or not at all, in the order of their numbers, each once."""

import hashlib
import os
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from core.contracts.banks import BankFailed, BankRequest, Person
from integrations.banks._folder import found, put
from integrations.banks._records import Name, Refused, Values, read, write
from tests.integrations.banks.kits import BANK, SOMEBODY, Kit, asked, over_files

NOW = datetime(2026, 11, 23, 4, 5, 6, tzinfo=UTC)
GOLDEN = (
    b"HANS9012026112300000120261123130506"
    + b"\r\n"
    + b"D00000001"
    + b"0192f0c1a2b37c4d8e5f60718293a4b5"
    + b"partly  "
    + b"000000000123456"
    + b"insufficient        "
    + b"2026-11-23T04:05:06.000Z"
    + b"0001\r\n"
    + b"A00000002"
    + b"0192f0c1a2b37c4d8e5f60718293a4b5"
    + b"901-1                         "
    + b"deposit "
    + b"000000000500000"
    + b"000000000000000"
    + b"\xb0\xa1\xbb\xf3\xc0\xce"
    + b" " * 54
    + b"\r\n"
)
"""The bytes as the manual's table says (docs/desk/arrears-banks.md), written by hand."""


def files(kit: Kit, folder: str) -> Path:
    return Path(str(kit.gateway._folder)) / folder / BANK  # type: ignore[attr-defined]


def test_an_answer_file_is_laid_out_as_the_manual_says() -> None:
    name = Name("ANS", BANK, date(2026, 11, 23), 1, "fixed")
    tail = b"T00000001000000000000123456" + b"00000001" + hashlib.sha256(GOLDEN).hexdigest().encode() + b"\r\n"
    (one, other) = read(name, GOLDEN + tail)
    assert one[1]["status"] == "partly" and int(one[1]["amount_krw"]) == 123_456
    assert (other[0], other[1]["holder"], int(other[1]["balance_krw"])) == ("A", "가상인", 500_000)
    data: Values = {
        "request_id": "0192f0c1a2b37c4d8e5f60718293a4b5",
        "status": "partly",
        "amount_krw": 123_456,
        "reason": "insufficient",
        "at": "2026-11-23T04:05:06.000Z",
        "accounts": 1,
    }
    account: Values = {
        "request_id": data["request_id"],
        "account": "901-1",
        "kind": "deposit",
        "balance_krw": 500_000,
        "held_krw": 0,
        "holder": "가상인",
    }
    assert write(name, "20261123130506", [("D", data), ("A", account)]) == GOLDEN + tail


def test_a_name_that_is_too_long_is_cut_between_letters() -> None:
    name = Name("ASK", BANK, date(2026, 11, 23), 1, "fixed")
    content = write(name, "20261123130506", [("D", {"name": "가" * 29 + "a" + "나" * 5})])
    ((_, values),) = read(name, content)
    assert values["name"] == "가" * 29 + "a"


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (lambda whole: whole[:-30], "잘렸"),
        (lambda whole: whole.replace(b"done    000000000000700", b"done    000000000000701"), "합계"),
        (lambda whole: whole.replace(b"T00000001", b"T00000002"), "건수"),
        (lambda whole: whole.replace(b"done    ", b"refused "), "바뀌었"),
        (lambda whole: whole.replace(b"HANS901", b"HANS902"), "머리"),
        (lambda whole: whole.replace(b"D00000001", b"D00000009"), "일련번호"),
        (lambda whole: whole.replace(b"D00000001", b"X00000001"), "모양"),
    ],
    ids=["cut", "sum", "count", "content", "head", "line-number", "record"],
)
async def test_a_broken_file_is_refused_whole_and_a_right_one_under_its_name_is_taken(
    tmp_path: Path, spoil: Callable[[bytes], bytes], reason: str
) -> None:
    async with over_files("fixed")(tmp_path) as kit:
        kit.open("901-1", 700)
        seize = asked("seize", account="901-1", amount_krw=700)
        await kit.gateway.ask(BANK, [seize])
        kit.work()
        ((path, _),) = found(files(kit, "in"), "ANS", BANK)
        whole = path.read_bytes()
        path.write_bytes(spoil(whole))
        with pytest.raises(BankFailed, match=reason) as failed:
            await kit.gateway.answers(BANK, "")
        assert not failed.value.retry and SOMEBODY.name not in str(failed.value)
        assert reason in (path.parent / "refused" / f"{path.name}.1.txt").read_text()
        with pytest.raises(BankFailed, match="거부한 1번 파일을 은행이 다시"):
            await kit.gateway.answers(BANK, "")
        path.write_bytes(whole)
        (told,), position = await kit.gateway.answers(BANK, "")
        assert (told.request_id, told.amount_krw, position) == (seize.request_id, 700, "1")


async def test_a_file_that_came_before_is_ignored_and_another_under_its_number_refused(tmp_path: Path) -> None:
    async with over_files("fixed")(tmp_path) as kit:
        kit.open("901-1", 700)
        await kit.gateway.ask(BANK, [asked("lookup")])
        kit.work()
        ((path, name),) = found(files(kit, "in"), "ANS", BANK)
        whole = path.read_bytes()
        _, position = await kit.gateway.answers(BANK, "")
        assert await kit.gateway.answers(BANK, position) == ([], "1")
        path.write_bytes(whole)
        assert await kit.gateway.answers(BANK, position) == ([], "1")
        assert not path.exists()
        path.write_bytes(write(name, "20261123130506", []))
        with pytest.raises(BankFailed, match="이미 받은 번호"):
            await kit.gateway.answers(BANK, position)


async def test_a_file_waits_for_the_one_before_it(tmp_path: Path) -> None:
    async with over_files("csv")(tmp_path) as kit:
        kit.open("901-1", 700)
        for _ in range(2):
            await kit.gateway.ask(BANK, [asked("lookup")])
            kit.work()
        (first, _), (later, _) = found(files(kit, "in"), "ANS", BANK)
        kept = first.read_bytes()
        first.unlink()
        with pytest.raises(BankFailed, match="1번 파일이 오지 않아") as failed:
            await kit.gateway.answers(BANK, "")
        assert failed.value.retry
        yesterday = datetime.now(UTC).timestamp() - 86_400
        os.utime(later, (yesterday, yesterday))
        with pytest.raises(BankFailed, match="15분 넘게") as failed:
            await kit.gateway.answers(BANK, "")
        assert not failed.value.retry, "staff hear of it"
        first.write_bytes(kept)
        _, position = await kit.gateway.answers(BANK, "")
        _, position = await kit.gateway.answers(BANK, position)
        assert position == "2"


async def test_a_batch_goes_from_lookup_to_release_by_files_alone(tmp_path: Path) -> None:
    async with over_files("fixed")(tmp_path) as kit:
        people = [Person(f"F{number:04}", f"가상인 {number}") for number in range(200)]
        told = await kit.final(*(asked("lookup", person=one) for one in people))
        found_ = [(person, one) for person, answer in zip(people, told, strict=True) for one in answer.found]
        able = [(person, one) for person, one in found_ if one.kind == "deposit" and one.balance_krw > one.held_krw]
        assert len(able) > 10

        def each(kind: object) -> list[BankRequest]:
            half = 2 if kind != "seize" else 1
            return [
                asked(kind, person=person, account=one.account, amount_krw=(one.balance_krw - one.held_krw) // half)  # type: ignore[arg-type]
                for person, one in able
                if one.balance_krw - one.held_krw > 1
            ]

        held = sum(one.amount_krw for one in await kit.final(*each("seize")))
        paid = sum(one.amount_krw for one in await kit.final(*each("collect")))
        freed = sum(one.amount_krw for one in await kit.final(*each("release")))
        lines = await kit.lines()
        sums = {kind: sum(krw for what, _, krw in lines if what == kind) for kind in ("seize", "collect", "release")}
        assert sums == {"seize": held, "collect": paid, "release": freed}
        assert held > 0 and paid > 0


def test_a_file_never_replaces_another(tmp_path: Path) -> None:
    name = Name("ASK", BANK, date(2026, 11, 23), 1, "fixed")
    assert put(tmp_path, name, b"one")
    assert not put(tmp_path, name, b"two")
    assert [path.read_bytes() for path in tmp_path.iterdir()] == [b"one"]


def test_a_number_that_does_not_fit_is_an_error_and_not_cut() -> None:
    name = Name("ASK", BANK, date(2026, 11, 23), 1, "fixed")
    with pytest.raises(ValueError, match="does not fit"):
        write(name, "20261123130506", [("D", {"amount_krw": 10**15})])


def test_a_file_of_another_form_is_refused() -> None:
    name = Name("LED", BANK, date(2026, 11, 23), 1, "csv")
    with pytest.raises(Refused):
        read(name, b"\xff\xfe\r\nx\r\ny\r\n")

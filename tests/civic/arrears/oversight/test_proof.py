"""A proof tells what is stored, hangs together, and shows every byte that was changed, without our store."""

import os
import re
import subprocess
import sys
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from typing import Any

import orjson
import pytest
from pypdf import PdfReader
from sqlalchemy import insert, select

from civic.arrears.oversight import keyring, proof, proof_chain, proof_pdf
from civic.arrears.oversight.signed_file import PROOF, RESULT, Broken, canonical, read, write
from civic.arrears.oversight.tables import arrears_proof_keys, arrears_proofs
from civic.staff import chain
from civic.staff.tables import audit_log
from core.db import Database
from core.errors import NotFound
from core.ids import new_id
from core.loading import ROOT
from core.signatures import Key, jwk, public_key
from core.vault import vault_of
from tests.civic.arrears.made import CITY, NOW, TODAY, debtor
from tests.civic.arrears.oversight.timeline import WORDS, Told, happened

KIMPO = {"id": CITY, "ko": "김포시", "en": "Gimpo"}


@pytest.fixture(scope="module")
async def told(database: Database) -> Told:
    async with database.transaction() as tx:
        return await happened(tx)


@pytest.fixture(scope="module")
async def made(database: Database, told: Told) -> proof.Proof:
    async with database.transaction() as tx:
        await chain.chain(tx, vault_of(tx), CITY, NOW)
        return await proof.make(
            tx, KIMPO, told.debtor_id, bill_id=None, staff_id=told.officers[0], why="소송 제출", anchor=None, now=NOW
        )


def test_a_proof_tells_what_is_stored_in_the_order_in_which_it_happened(made: proof.Proof, told: Told) -> None:
    document = read(made.data).document
    kinds = [one["kind"] for one in document["events"]]
    assert [kind for kind in kinds if kind.startswith(("bill", "letter"))] == [
        "bill.notified", "bill.overdue", "bill.dunned", "letter.listed", "letter.printed", "letter.sent",
        "letter.served",
    ]  # fmt: skip
    assert {"run.listed", "stop.began", "payment.received", "entry.payment", "seizure.held"} <= set(kinds)
    messages = [one for one in document["events"] if one["kind"].startswith("message")]
    assert [one["kind"] for one in messages] == ["message.queued", "message.sent", "message.delivered"]
    assert messages[0]["facts"]["text"] == WORDS and messages[0]["facts"]["provider_id"] == "M-1"
    (held,) = [one for one in document["events"] if one["kind"] == "seizure.held"]
    assert (held["article"], held["document"], held["actor"]) == ("지방세징수법 제52조", "압류-2026-1", "bank")


def test_a_message_is_told_to_be_no_service_and_a_served_demand_is_one(made: proof.Proof) -> None:
    document = read(made.data).document
    by_kind = {one["kind"]: one["service"] for one in document["events"]}
    assert by_kind["message.delivered"] == "no"
    assert (by_kind["letter.sent"], by_kind["letter.served"]) == ("pending", "served")
    assert document["service"]["is_demand_served"] is True
    assert "송달이 아닙니다" in document["service"]["ko"] and document["service"]["messages"] == 1


def test_a_proof_hangs_on_the_record_of_changes(made: proof.Proof) -> None:
    start = read(made.data).document["start"]
    assert start["audit_seq"] > 0 and len(start["audit_hash"]) == 64


async def test_the_making_is_recorded_with_the_digest_and_the_file_is_kept_sealed(
    database: Database, made: proof.Proof
) -> None:
    async with database.transaction() as tx:
        wanted = select(audit_log).where(audit_log.c.object_id == str(made.id))
        (row,) = (await tx.execute(wanted)).all()
        stored = (await tx.exec_driver_sql("SELECT document FROM arrears_proofs")).scalars().all()
        again = await proof.read(tx, CITY, made.id)
    assert (row.action, row.detail["sha256"]) == ("arrears_proof.made", made.digest)
    assert again.data == made.data
    assert not any("가람하늘" in one for one in stored)


def test_any_changed_byte_is_noticed(made: proof.Proof) -> None:
    data = made.data
    for at in range(0, len(data), max(1, len(data) // 400)):
        changed = bytearray(data)
        changed[at] ^= 1
        with pytest.raises(Broken):
            proof_chain.check(read(bytes(changed)).document)
    for changed_whole in (data + b" ", data[:-1], b" " + data, data.replace(b'":', b'": ', 1)):
        with pytest.raises(Broken):
            read(changed_whole)


def _signed_anew(data: bytes, change: Any) -> bytes:
    """As somebody would who holds a key: the signature holds, and the chain tells."""
    document = orjson.loads(data)["document"]
    change(document)
    return write(PROOF, document, Key.of(b"7" * 32))


@pytest.mark.parametrize("gone", ["first", "middle", "last"])
def test_a_removed_event_is_noticed_even_by_a_good_signature(made: proof.Proof, gone: str) -> None:
    def remove(document: dict[str, Any]) -> None:
        events = document["events"]
        at = {"first": 0, "middle": len(events) // 2, "last": -1}[gone]
        del events[at]
        document["count"] = len(events)

    with pytest.raises(Broken):
        proof_chain.check(read(_signed_anew(made.data, remove)).document)


def test_events_that_changed_places_are_noticed(made: proof.Proof) -> None:
    def swap(document: dict[str, Any]) -> None:
        events = document["events"]
        events[2], events[3] = events[3], events[2]

    with pytest.raises(Broken):
        proof_chain.check(read(_signed_anew(made.data, swap)).document)


def test_a_file_of_one_kind_does_not_pass_for_another(made: proof.Proof) -> None:
    whole = orjson.loads(made.data)
    whole["format"] = RESULT
    with pytest.raises(Broken):
        read(canonical(whole) + b"\n")


def test_a_number_that_is_no_whole_one_is_not_signed() -> None:
    with pytest.raises(TypeError):
        write(PROOF, {"amount": 1.5}, Key.of(b"7" * 32))


async def test_a_new_key_signs_and_what_the_old_one_signed_stays_checkable(
    database: Database, told: Told, made: proof.Proof
) -> None:
    async with database.transaction() as tx:
        keys = await keyring.rotate(tx, CITY, NOW, by=told.officers[0])
        later = await proof.make(
            tx, KIMPO, told.debtor_id, bill_id=told.bill_id, staff_id=told.officers[0], why="열람", anchor=None, now=NOW
        )
        stored = (await tx.execute(select(arrears_proof_keys.c.retired_at).order_by(arrears_proof_keys.c.id))).all()
    known = {one.fingerprint for one in keys}
    assert {made.key_id, later.key_id} == known and made.key_id != later.key_id
    assert [row.retired_at for row in stored] == [NOW, None]
    assert read(made.data).key_id == made.key_id


async def test_a_proof_of_one_bill_is_refused_for_somebody_elses(database: Database, told: Told) -> None:
    async with database.transaction() as tx:
        other = await debtor(tx)
        with pytest.raises(NotFound):
            await proof.timeline(tx, CITY, other, TODAY, told.bill_id)


async def test_the_same_rows_make_the_same_timeline(database: Database, told: Told) -> None:
    async with database.transaction() as tx:
        first = await proof.timeline(tx, CITY, told.debtor_id, TODAY, None)
        second = await proof.timeline(tx, CITY, told.debtor_id, TODAY, None)
    assert [one.plain() for one in first] == [one.plain() for one in second]


# -- somebody without our house ------------------------------------------------------------------------------------


def _check(file: Path, *given: str) -> subprocess.CompletedProcess[str]:
    """The command in a process of its own, without store, secret or network to use."""
    plain = {"PATH": os.environ["PATH"], "DATABASE_URL": "postgresql://nobody@127.0.0.1:1/nothing", "HOME": str(ROOT)}
    command = [sys.executable, "-m", "commands", "arrears", "check", str(file), *given]
    return subprocess.run(command, cwd=ROOT, env=plain, capture_output=True, text=True, timeout=60, check=False)


@pytest.fixture
async def published(database: Database, made: proof.Proof, tmp_path: Path) -> Path:
    """The keys as the route shows them."""
    async with database.transaction() as tx:
        keys = await keyring.listed(tx, CITY)
    file = tmp_path / "keys.json"
    file.write_bytes(orjson.dumps({"keys": [jwk(public_key(one.public_key)) for one in keys]}))
    return file


async def test_the_command_vouches_for_a_whole_file_by_the_published_keys(
    made: proof.Proof, published: Path, tmp_path: Path
) -> None:
    file = tmp_path / "proof.json"
    file.write_bytes(made.data)
    whole, keyless = _check(file, "--key", str(published)), _check(file)
    assert (whole.returncode, keyless.returncode) == (0, 3), whole.stderr + keyless.stderr
    assert made.key_id in whole.stdout and "송달이 아닙니다" in whole.stdout


async def test_the_command_refuses_a_changed_file_and_a_strangers_key(
    made: proof.Proof, published: Path, tmp_path: Path
) -> None:
    changed, forged = tmp_path / "changed.json", tmp_path / "forged.json"
    changed.write_bytes(made.data.replace(b"613,000", b"613,001"))
    document = orjson.loads(made.data)["document"]
    forged.write_bytes(write(PROOF, document, Key.of(b"9" * 32)))
    assert _check(changed, "--key", str(published)).returncode == 1
    assert _check(forged, "--key", str(published)).returncode == 1


async def test_nothing_else_is_told_of_a_proof_than_what_it_is(database: Database, told: Told) -> None:
    async with database.transaction() as tx:
        await tx.execute(
            insert(arrears_proofs).values(
                id=new_id(), city_id="elsewhere", debtor_id=told.debtor_id, document="", digest="", key_id="",
                events=0, staff_id=told.officers[0], made_at=NOW,
            )
        )  # fmt: skip
        mine = await proof.of_debtor(tx, CITY, told.debtor_id)
    assert mine and all(one["digest"] for one in mine) and "document" not in mine[0]


async def test_the_command_says_what_of_a_changed_file_was_changed_and_what_to_do(
    made: proof.Proof, tmp_path: Path
) -> None:
    document = read(made.data).document
    (place,) = [one["number"] for one in document["events"] if one["kind"] == "message.queued"]
    changes = {
        "event": (made.data.replace(b"613,000", b"13,000"), f"{place}번째 사건", f"Event {place} "),
        "reason": (
            made.data.replace("소송 제출".encode(), "민원 제출".encode()),
            "사건의 사슬은 이어지므로",
            "The events hang",
        ),
        "cut": (made.data[:700], "증명 파일이 아니거나 손상", "no signed file, or it is damaged"),
    }
    for name, (data, ko, en) in changes.items():
        file = tmp_path / f"{name}.json"
        file.write_bytes(data)
        said = _check(file)
        assert said.returncode == 1 and data != made.data
        assert ko in said.stdout and en in said.stdout, said.stdout
        assert sha256(data).hexdigest() in said.stdout and "원본을 다시 받아" in said.stdout
    paper = tmp_path / "proof.pdf"
    paper.write_bytes(proof_pdf.pdf(document, made.key_id, made.digest, made.made_at))
    said = _check(paper)
    assert said.returncode == 1 and "서명된 파일(JSON)을 넣어 주세요" in said.stdout


def test_the_sheets_bear_the_signed_files_digest_on_each_and_how_to_check_it(made: proof.Proof) -> None:
    document = read(made.data).document
    paper = proof_pdf.pdf(document, made.key_id, made.digest, made.made_at)
    assert paper == proof_pdf.pdf(document, made.key_id, made.digest, made.made_at)
    book = PdfReader(BytesIO(paper))
    sheets = [page.extract_text() for page in book.pages]
    assert all(sha256(made.data).hexdigest() in sheet for sheet in sheets)
    whole = re.sub(r"[\s\u200b]+", "", "".join(sheets))
    for words in (
        "arrearscheck", "--key", made.key_id, document["last"], "송달이아닙니다", "소송제출",
        *(one["document_no"] for one in document["service"]["served"]), *(one["bill_no"] for one in document["owed"]),
    ):  # fmt: skip
        assert words.replace(" ", "") in whole, words
    assert all(one["ko"].replace(" ", "") in whole for one in document["events"])
    assert book.metadata is not None and book.metadata.title == "고지 증명서"
    root: Any = book.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"] and root["/Lang"].startswith("ko")

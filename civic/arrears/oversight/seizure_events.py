"""Steps of seizure and what the citizen asked for, for the proof of notice."""

from uuid import UUID

from sqlalchemy import and_, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.arrears.asking.tables import arrears_requests
from civic.arrears.oversight.event import Event, staff
from civic.arrears.seizure.paths import stage_of
from civic.arrears.seizure.reasons import reason
from civic.arrears.seizure.tables import (
    arrears_batch_debtors,
    arrears_batches,
    arrears_seizure_events,
    arrears_seizures,
)

_ASKED = {
    "instalment": ("분납 신청", "Instalments asked for", "지방세징수법 제25조"),
    "release": ("압류 해제 신청", "Release asked for", "지방세징수법 제63조"),
    "deferral": ("징수유예 신청", "Deferral asked for", "지방세징수법 제25조의3"),
    "dispute": ("이의", "Disputed", "지방세기본법 제89조"),
    "wrong_number": ("번호 잘못 신고", "Wrong number told", ""),
}
_DECIDED = {"granted": ("승인", "granted"), "refused": ("불승인", "refused"), "withdrawn": ("취하", "withdrawn")}


async def of_seizures(tx: AsyncConnection, debtor_id: UUID) -> list[Event]:
    """Steps of his seizures, and those of the batches that he was in while he was."""
    events = arrears_seizure_events
    batches = select(arrears_batch_debtors.c.batch_id).where(arrears_batch_debtors.c.debtor_id == debtor_id)
    his = select(arrears_seizures.c.id).where(arrears_seizures.c.debtor_id == debtor_id)
    of_batch = and_(events.c.batch_id.in_(batches), events.c.debtor_id.is_(None), events.c.seizure_id.is_(None))
    wanted = select(events).where(or_(events.c.debtor_id == debtor_id, events.c.seizure_id.in_(his), of_batch))
    banks = select(arrears_seizures.c.id, arrears_seizures.c.bank, arrears_seizures.c.kind).where(
        arrears_seizures.c.debtor_id == debtor_id
    )
    named = {row.id: row for row in await tx.execute(banks)}
    found = []
    for row in (await tx.execute(wanted)).mappings():
        stage = stage_of(row["step"], is_batch=row["seizure_id"] is None)
        seizure = named.get(row["seizure_id"])
        facts = {
            "from": row["from_state"],
            "to": row["to_state"],
            "bank": seizure.bank if seizure else "",
            "seizure": str(row["seizure_id"]) if row["seizure_id"] else "",
            "batch": str(row["batch_id"]),
            **{key: value for key, value in row["detail"].items() if isinstance(value, str | int)},
        }
        who = staff(row["staff_id"]) if row["actor_kind"] == "staff" else row["actor_kind"]
        source = ("arrears_seizure_events", row["id"])
        article, told = row["article"] or stage.article, (f"seizure.{row['step']}", stage.ko, stage.en)
        found.append(Event(row["at"], *told, source, article, row["document"], who, facts=facts))
    return found + await _left_out(tx, debtor_id)


async def _left_out(tx: AsyncConnection, debtor_id: UUID) -> list[Event]:
    """Batches that did not take him, and why: that he was spared is a fact of his, too."""
    of, batches = arrears_batch_debtors, arrears_batches
    wanted = (
        select(of.c.id, of.c.reasons, batches.c.id.label("batch"), batches.c.created_at)
        .join(batches, batches.c.id == of.c.batch_id)
        .where(of.c.debtor_id == debtor_id, of.c.state == "excluded")
    )
    found = []
    for row in (await tx.execute(wanted)).mappings():
        codes = [str(one["code"] if isinstance(one, dict) else one) for one in row["reasons"]]
        why = [reason(code) for code in codes]
        facts = {"batch": str(row["batch"]), "reasons": [f"{one.code}: {one.text_ko}" for one in why]}
        source = ("arrears_batch_debtors", row["id"])
        article = ", ".join(dict.fromkeys(one.article for one in why))
        told = ("seizure.left_out", "압류에서 제외", "Left out of a batch")
        found.append(Event(row["created_at"], *told, source, article, facts=facts))
    return found


async def of_requests(tx: AsyncConnection, debtor_id: UUID) -> list[Event]:
    """What he asked for, and what was decided: kinds and days, not his words."""
    found = []
    wanted = select(arrears_requests).where(arrears_requests.c.debtor_id == debtor_id)
    for row in (await tx.execute(wanted)).mappings():
        ko, en, article = _ASKED[row["kind"]]
        source = ("arrears_requests", row["id"])
        found.append(Event(row["received_at"], "request.received", ko, en, source, article, actor="citizen"))
        if row["decided_at"] is not None:
            done_ko, done_en = _DECIDED[row["state"]]
            who = staff(row["staff_id"]) if row["decided_by"] == "staff" else str(row["decided_by"])
            told = (f"request.{row['state']}", f"{ko} {done_ko}", f"{en}: {done_en}")
            found.append(Event(row["decided_at"], *told, source, article, actor=who))
    return found

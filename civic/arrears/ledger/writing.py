"""From the staged rows into the ledger: a few statements for all of them, whether there are three or a million."""

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from core.db import Driver


class Entered(NamedTuple):
    """What became of the staged rows."""

    new: int
    changed: int
    same: int


_COUNT = """SELECT count(*) FILTER (WHERE verdict = 'N'), count(*) FILTER (WHERE verdict = 'C'),
count(*) FILTER (WHERE verdict = 'S') FROM {table}"""
_NEW_DEBTORS = """INSERT INTO arrears_debtors (id, city_id, tax_no_index, name_index, phone_index, person, is_company,
lang, told, created_at, updated_at)
SELECT id, %(city)s, tax_no_index, name_index, phone_index, person, is_company, lang, told, %(now)s, %(now)s
FROM staged_debtors WHERE verdict = 'N' ORDER BY tax_no_index"""
_CHANGED_DEBTORS = """WITH changed AS (
UPDATE arrears_debtors d SET name_index = s.name_index, phone_index = s.phone_index, person = s.person,
is_company = s.is_company, lang = s.lang, told = s.told, version = d.version + 1, updated_at = %(now)s
FROM staged_debtors s WHERE s.verdict = 'C' AND d.id = s.id RETURNING d.id, d.version)
INSERT INTO arrears_changes (id, city_id, import_id, debtor_id, version, before, at)
SELECT gen_random_uuid(), %(city)s, %(import)s, id, version, '{}', %(now)s FROM changed"""
_TOUCHED_DEBTORS = """INSERT INTO arrears_touched (id, city_id, debtor_id, why, rank, at)
SELECT gen_random_uuid(), %(city)s, id, 'contact', 1, %(now)s FROM staged_debtors WHERE verdict = 'C'"""
_TOUCHED_BILLS = """INSERT INTO arrears_touched (id, city_id, debtor_id, why, rank, at)
SELECT gen_random_uuid(), %(city)s, debtor_id, 'bill', 1, %(now)s
FROM (SELECT DISTINCT debtor_id FROM staged_bills WHERE verdict IN ('N', 'C')) s
WHERE EXISTS (SELECT 1 FROM arrears_bills b WHERE b.debtor_id = s.debtor_id)"""
_CHANGED_BILLS = """WITH before AS (
SELECT b.id, b.debtor_id, b.version + 1 AS version, b.principal_krw AS was_krw, jsonb_strip_nulls(jsonb_build_object(
'principal_krw', CASE WHEN b.principal_krw <> s.principal_krw THEN b.principal_krw END,
'notified_on', CASE WHEN b.notified_on <> s.notified_on THEN b.notified_on END,
'due_on', CASE WHEN b.due_on <> s.due_on THEN b.due_on END,
'dunned_on', CASE WHEN b.dunned_on <> s.dunned_on THEN b.dunned_on END,
'dun_due_on', CASE WHEN b.dun_due_on <> s.dun_due_on THEN b.dun_due_on END,
'tax_item', CASE WHEN b.tax_item <> s.tax_item THEN b.tax_item END,
'tax_year', CASE WHEN b.tax_year <> s.tax_year THEN b.tax_year END,
'period', CASE WHEN b.period <> s.period THEN b.period END,
'pay_no', CASE WHEN b.pay_no <> s.pay_no THEN b.pay_no END)) AS before
FROM arrears_bills b JOIN staged_bills s ON s.id = b.id WHERE s.verdict = 'C'
), noted AS (
INSERT INTO arrears_changes (id, city_id, import_id, debtor_id, bill_id, version, before, at)
SELECT gen_random_uuid(), %(city)s, %(import)s, debtor_id, id, version, before, %(now)s FROM before)
UPDATE arrears_bills b SET pay_no = s.pay_no, tax_item = s.tax_item, tax_year = s.tax_year, period = s.period,
detail = s.detail, principal_krw = s.principal_krw, notified_on = s.notified_on, due_on = s.due_on,
dunned_on = coalesce(s.dunned_on, b.dunned_on), dun_due_on = coalesce(s.dun_due_on, b.dun_due_on), told = s.told,
prescribes_on = CASE WHEN b.due_on = s.due_on THEN b.prescribes_on END,
state = CASE WHEN b.state = 'paid' AND s.principal_krw > b.principal_krw THEN 'open' ELSE b.state END,
closed_on = CASE WHEN b.state = 'paid' AND s.principal_krw > b.principal_krw THEN NULL ELSE b.closed_on END,
version = b.version + 1, updated_at = %(now)s
FROM staged_bills s WHERE s.verdict = 'C' AND s.id = b.id"""
_NEW_BILLS = """INSERT INTO arrears_bills (id, city_id, debtor_id, bill_no, pay_no, tax_item, tax_year, period, detail,
principal_krw, notified_on, due_on, dunned_on, dun_due_on, told, created_at, updated_at)
SELECT id, %(city)s, debtor_id, bill_no, pay_no, tax_item, tax_year, period, detail, principal_krw, notified_on,
due_on, dunned_on, dun_due_on, told, %(now)s, %(now)s
FROM staged_bills WHERE verdict = 'N' ORDER BY bill_no"""


_TWINS = {
    "debtors": """DELETE FROM staged_debtors s USING (SELECT tax_no_index AS key FROM staged_debtors
GROUP BY 1 HAVING count(*) > 1) t WHERE s.tax_no_index = t.key RETURNING s.line, '', 0""",
    "bills": """DELETE FROM staged_bills s USING (SELECT bill_no AS key FROM staged_bills
GROUP BY 1 HAVING count(*) > 1) t WHERE s.bill_no = t.key RETURNING s.line, s.bill_no, s.principal_krw""",
    "payments": """DELETE FROM staged_payments s USING (SELECT payment_no AS key FROM staged_payments
GROUP BY 1 HAVING count(*) > 1) t WHERE s.payment_no = t.key RETURNING s.line, s.payment_no, s.amount_krw""",
}


async def take_out_twins(connection: Driver, kind: str) -> list[tuple[int, str, int]]:
    """Rows whose key another row of the file has, taken out: line, number, won. Nobody knows which of them holds."""
    await connection.execute("SET LOCAL work_mem = '64MB'")
    rows = await (await connection.execute(_TWINS[kind])).fetchall()
    return sorted((line, key, krw) for line, key, krw in rows)


async def counted(connection: Driver, kind: str) -> Entered:
    """How many staged rows are new, changed and as they were; kind is debtors or bills."""
    row = await (await connection.execute(_COUNT.format(table=f"staged_{kind}"))).fetchone()
    assert row is not None
    return Entered(*row)


async def write_debtors(connection: Driver, city_id: str, now: datetime, import_id: UUID | None = None) -> Entered:
    """New ones enter, changed ones take a version, leave a note and are touched; what is as it was is left alone."""
    entered = await counted(connection, "debtors")
    values = {"city": city_id, "now": now, "import": import_id}
    if entered.new:
        await connection.execute(_NEW_DEBTORS, values)
    if entered.changed:
        await connection.execute(_CHANGED_DEBTORS, values)
        await connection.execute(_TOUCHED_DEBTORS, values)
    return entered


async def write_bills(connection: Driver, city_id: str, now: datetime, import_id: UUID | None = None) -> Entered:
    """As `write_debtors`. A debtor who had bills before is touched, since what runs against him must know."""
    entered = await counted(connection, "bills")
    values = {"city": city_id, "now": now, "import": import_id}
    if entered.new or entered.changed:
        await connection.execute(_TOUCHED_BILLS, values)
    if entered.changed:
        await connection.execute(_CHANGED_BILLS, values)
    if entered.new:
        await connection.execute(_NEW_BILLS, values)
    return entered

"""The statements behind the figures: each counts by the store, over a span of Korean days."""

_SPAN = "BETWEEN %(first)s AND %(last)s"
_MONTH = "to_char({0} AT TIME ZONE 'Asia/Seoul', 'YYYY-MM')"
_DAY = "({0} AT TIME ZONE 'Asia/Seoul')::date"


def _spread(value: str) -> str:
    """How many, median and 90th percentile of an expression; those without a value do not count."""
    return (
        f"count({value})::int AS n, percentile_cont(0.5) WITHIN GROUP (ORDER BY {value})::float AS median,"
        f" percentile_cont(0.9) WITHIN GROUP (ORDER BY {value})::float AS p90"
    )


def _hours(until: str, since: str) -> str:
    return f"extract(epoch FROM {until} - {since}) / 86400"


COLLECTED = f"""
SELECT way, to_char(paid_on, 'YYYY-MM') AS month, count(*)::int AS payments,
    sum(amount_krw - excess_krw)::bigint AS krw
FROM arrears_payments WHERE city_id = %(city)s AND state = 'allocated' AND paid_on {_SPAN}
    AND source <> 'commission-before' GROUP BY 1, 2
"""  # noqa: S608 - our own names
"""Without excess, which goes back to whoever paid it, and without what was paid at a city that commissioned us."""

COSTS = f"""
SELECT to_char(happened_on, 'YYYY-MM') AS month, -sum(costs_krw)::bigint AS krw FROM arrears_entries
WHERE city_id = %(city)s AND kind = 'cost' AND happened_on {_SPAN} GROUP BY 1
"""  # noqa: S608 - our own names

MESSAGES = f"""
SELECT COALESCE(way, '') AS way, status, {_DAY.format("created_at")} AS on, count(*)::int AS n
FROM outbound WHERE city_id = %(city)s AND purpose = 'arrears' AND {_DAY.format("created_at")} {_SPAN} GROUP BY 1, 2, 3
"""  # noqa: S608 - our own names

LETTERS = f"""
SELECT l.kind, {_DAY.format("e.at")} AS on, count(DISTINCT e.letter_id)::int AS n
FROM arrears_letter_events e JOIN arrears_letters l ON l.id = e.letter_id
WHERE e.city_id = %(city)s AND e.what = 'printed' AND l.state <> 'cancelled' AND {_DAY.format("e.at")} {_SPAN}
GROUP BY 1, 2
"""  # noqa: S608 - our own names

REACHED = f"""
SELECT {_DAY.format("r.queued_at")} AS on, n.level, count(*)::int AS n FROM arrears_run_recipients r
JOIN arrears_runs n ON n.id = r.run_id JOIN outbound o ON o.id = COALESCE(r.message_id, r.id)
WHERE r.city_id = %(city)s AND r.letter_id IS NULL AND o.status IN ('sent', 'delivered', 'read')
    AND {_DAY.format("r.queued_at")} {_SPAN} GROUP BY 1, 2
"""  # noqa: S608 - our own names
"""People who were told by telephone alone: each a letter that was not posted, but for levels always written."""

STAGES = f"""
SELECT 'notified_to_dunned' AS stage, {_spread("dunned_on - notified_on")} FROM arrears_bills
WHERE city_id = %(city)s AND dunned_on {_SPAN}
UNION ALL
SELECT 'dunned_to_warned', {_spread(f"{_DAY.format('r.queued_at')} - b.dunned_on")}
FROM arrears_run_recipients r JOIN arrears_runs n ON n.id = r.run_id AND n.level = 'warning'
CROSS JOIN LATERAL (SELECT max(dunned_on) AS dunned_on FROM arrears_bills
    WHERE debtor_id = r.debtor_id AND dunned_on <= {_DAY.format("r.queued_at")}) AS b
WHERE r.city_id = %(city)s AND {_DAY.format("r.queued_at")} {_SPAN}
UNION ALL
SELECT 'drafted_to_looked', {_spread(_hours("looked_at", "created_at"))} FROM arrears_batches
WHERE city_id = %(city)s AND {_DAY.format("looked_at")} {_SPAN}
UNION ALL
SELECT 'looked_to_seized', {_spread(_hours("s.held_at", "b.looked_at"))}
FROM arrears_seizures s JOIN arrears_batches b ON b.id = s.batch_id
WHERE s.city_id = %(city)s AND {_DAY.format("s.held_at")} {_SPAN}
UNION ALL
SELECT 'drafted_to_seized', {_spread(_hours("s.held_at", "b.created_at"))}
FROM arrears_seizures s JOIN arrears_batches b ON b.id = s.batch_id
WHERE s.city_id = %(city)s AND {_DAY.format("s.held_at")} {_SPAN}
UNION ALL
SELECT 'seized_to_collected', {_spread(_hours("collected_at", "held_at"))} FROM arrears_seizures
WHERE city_id = %(city)s AND {_DAY.format("collected_at")} {_SPAN}
UNION ALL
SELECT 'seized_to_released', {_spread(_hours("released_at", "held_at"))} FROM arrears_seizures
WHERE city_id = %(city)s AND {_DAY.format("released_at")} {_SPAN}
"""  # noqa: S608 - our own names

RELEASES = f"""
SELECT {_spread("extract(epoch FROM o.answered_at - s.freed_by) / 60")},
    count(*) FILTER (WHERE o.answered_at - s.freed_by > make_interval(mins => %(target)s))::int AS late
FROM arrears_orders o JOIN arrears_seizures s ON s.id = o.seizure_id
WHERE o.city_id = %(city)s AND o.kind = 'release' AND o.status IN ('done', 'partly') AND s.freed_by IS NOT NULL
    AND {_DAY.format("o.answered_at")} {_SPAN}
"""  # noqa: S608 - our own names
"""From the change that lets go (a payment, a deferral) to the bank's answer to the order."""

SEIZED = f"""
SELECT {_MONTH.format("held_at")} AS month, count(*)::int AS n, sum(held_krw)::bigint AS held_krw,
    sum(collected_krw)::bigint AS collected_krw, count(released_at)::int AS released
FROM arrears_seizures WHERE city_id = %(city)s AND {_DAY.format("held_at")} {_SPAN} GROUP BY 1
"""  # noqa: S608 - our own names

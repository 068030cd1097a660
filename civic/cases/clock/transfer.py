"""How long a case that belongs elsewhere may lie before it is passed on (이송)."""

from datetime import UTC, datetime

from civic.cases.clock import law as laws
from civic.cases.clock.calendar import DaysOff
from civic.cases.clock.due import Due
from civic.cases.clock.working import working_after


def transfer_due(received_at: datetime, inside: bool, days_off: DaysOff | None = None) -> Due:
    """Until when a case received at `received_at` (aware) must be passed on: to another department of the same body
    (`inside`) or to another body (민원 처리에 관한 법률 §16 and its decree §13).

    `Due.rule`: {kind: "transfer", hours, from, article, certainty, law_since, rule_ko, rule_en}.
    """
    law = laws.at(received_at)
    row = law.rules["transfer_inside_hours" if inside else "transfer_outside_hours"]
    hours = law.number(row.id)
    whom = ("같은 기관의 다른 부서로", "another department") if inside else ("다른 기관으로", "another body")
    rule = {
        "kind": "transfer",
        "hours": hours,
        "from": received_at.astimezone(UTC).isoformat(),
        "article": row.article,
        "certainty": row.certainty,
        "law_since": row.valid_from.isoformat(),
        "rule_ko": f"{whom[0]} 이송: 접수한 때부터 {hours}근무시간 이내",
        "rule_en": f"passed on to {whom[1]} within {hours} working hours of receipt",
    }
    return Due(working_after(received_at, hours, days_off or {}).astimezone(UTC), rule)

"""The buttons under a notice: what the citizen can do about it at once. Each names its case, so it works any time."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from civic.cases.case import Case

_ADD = ("add", "do:complaint_add_info:{no}")
_ANSWER = ("answer", "do:complaint_add_info:{no}")
_AGAIN = ("again", "do:complaint_reopen:{no}")
_RATE = tuple((f"rate_{points}", f"do:complaint_rate:{points}:{{no}}") for points in (5, 4, 3, 2, 1))
_CONSENT = (("agree", "do:complaint_consent:yes:{no}"), ("disagree", "do:complaint_consent:no:{no}"))

OFFERS: Mapping[str, tuple[tuple[str, str], ...]] = {
    "assigned": (_ADD,),
    "in_progress": (_ADD,),
    "progress": (_ADD,),
    "progress_late": (_ADD,),
    "waiting_citizen": (_ANSWER,),
    "reminded": (_ANSWER,),
    "answered": (*_RATE, _AGAIN),
    "refused": (*_RATE, _AGAIN),
    "reviewed": (_AGAIN,),
    "extension_asked": _CONSENT,
}
"""Notice → (label, payload)."""


def offers_with(case: Case, kind: str, lang: str) -> list[dict[str, str]]:
    """For the citizen whose case it is; whoever only joined it gets none."""
    return [
        {"label": labels(lang)[label], "payload": payload.format(no=case.receipt_no)}
        for label, payload in OFFERS.get(kind, ())
    ]


@cache
def labels(lang: str) -> dict[str, Any]:
    return dict(
        yaml.safe_load((Path(__file__).parent / f"offers.{'en' if lang == 'en' else 'ko'}.yml").read_text("utf-8"))
    )

"""How an attribute of an NGSI-LD entity is written, whatever the entity is: lots and air speak the same dialect.

Source: ETSI GS CIM 009 (NGSI-LD API) §4.5, §4.6.3.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Literal

Form = Literal["normalized", "concise", "keyValues"]
CORE_CONTEXT = "https://uri.etsi.org/ngsi-ld/v1/ngsi-ld-core-context-v1.8.jsonld"


def written(
    name: str, value: Any, form: Form, *, observed_at: datetime | None = None, more: Mapping[str, Any] | None = None
) -> Any:
    """The value in the form asked. `more`: members beside it (unitCode) and properties of it; keyValues has no room."""
    if form == "keyValues":
        return value
    kind = "GeoProperty" if name == "location" else "Property"
    wrapped: dict[str, Any] = {"value": value} if form == "concise" else {"type": kind, "value": value}
    if observed_at is not None:
        wrapped["observedAt"] = stamp(observed_at)
    for key, one in (more or {}).items():
        is_own = key in ("unitCode", "datasetId") or form == "concise"
        wrapped[key] = one if is_own else {"type": "Property", "value": one}
    return wrapped


def stamp(at: datetime) -> str:
    """ISO 8601 in UTC with milliseconds, as NGSI-LD wants it (§4.6.3)."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")

"""An entity of a context broker as plain attributes, whichever way it was written.

NGSI-v2 normalized and keyValues, NGSI-LD normalized, concise and simplified (ETSI GS CIM 009), names as URIs or short.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from core.errors import BadInput

_LD_TYPES = frozenset({"Property", "GeoProperty", "Relationship", "LanguageProperty", "JsonProperty", "VocabProperty"})
_HOLDERS = ("value", "object", "languageMap", "json", "vocab")
_BESIDE = frozenset(
    {*_HOLDERS, "type", "metadata", "observedAt", "unitCode", "datasetId", "createdAt", "modifiedAt", "instanceId"}
)
_KEPT = frozenset({"id", "type", "@context", "@id", "@type"})
_STAMPS = ("timestamp", "TimeInstant", "dateModified")


@dataclass(frozen=True, slots=True)
class Attribute:
    """`observed`: when this value was seen, as it came; "" when not told."""

    value: Any
    observed: str = ""


@dataclass(frozen=True, slots=True)
class Entity:
    """`id` "" where it has none."""

    id: str
    types: tuple[str, ...]
    attributes: Mapping[str, Attribute]

    def value(self, *names: str) -> Any:
        """The first of these attributes that says something."""
        for name in names:
            found = self.attributes.get(name)
            if found is not None and found.value not in (None, "", []):
                return found.value
        return None

    def observed(self, name: str) -> str:
        found = self.attributes.get(name)
        return found.observed if found else ""


def entities(body: bytes) -> Iterator[Entity]:
    """The entities of an answer (a list), a notification (`data`) or a file with one. Raises BadInput."""
    try:
        found = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise BadInput("JSON을 읽을 수 없습니다.", "The JSON cannot be read.") from None
    if isinstance(found, dict) and (not (_KEPT & set(found)) or _short(found.get("type")) == "Notification"):
        found = found.get("data")
    if isinstance(found, dict):
        found = [found]
    if not isinstance(found, list):
        raise BadInput("NGSI 엔티티의 목록이 아닙니다.", "Not a list of NGSI entities.")
    return (entity(one) for one in found)


def entity(raw: Any) -> Entity:
    """One entity; what is no entity at all has neither id nor attributes."""
    if not isinstance(raw, dict):
        return Entity("", (), {})
    told_id = raw.get("id", raw.get("@id"))
    types = raw.get("type", raw.get("@type"))
    listed = types if isinstance(types, list) else [types]
    return Entity(
        told_id.strip() if isinstance(told_id, str) else "",
        tuple(_short(one) for one in listed if isinstance(one, str)),
        {_short(name): _attribute(value) for name, value in raw.items() if name not in _KEPT},
    )


def _short(name: Any) -> str:
    """`https://smartdatamodels.org/dataModel.Parking/totalSpotNumber` → `totalSpotNumber`."""
    if not isinstance(name, str):
        return ""
    return name.rpartition("#")[2].rpartition("/")[2] if name.startswith(("http://", "https://")) else name


def _attribute(raw: Any) -> Attribute:
    if isinstance(raw, list) and raw and all(isinstance(one, dict) and "datasetId" in one for one in raw[1:]):
        raw = raw[0] if _is_wrapped(raw[0]) else raw
    if not _is_wrapped(raw):
        return Attribute(raw)
    holder = next(name for name in _HOLDERS if name in raw)
    value = raw[holder]
    if holder == "languageMap" and isinstance(value, dict):
        value = value.get("ko") or value.get("en") or next(iter(value.values()), None)
    if isinstance(value, dict) and value.get("@value") is not None:
        value = value["@value"]
    return Attribute(value, _observed(raw))


def _is_wrapped(raw: Any) -> bool:
    """A value with its type around it, and not a value that is an object (a GeoJSON point, an address)."""
    if not isinstance(raw, dict) or not any(name in raw for name in _HOLDERS):
        return False
    return str(raw.get("type")) in _LD_TYPES or set(raw) <= _BESIDE or "metadata" in raw or "observedAt" in raw


def _observed(raw: Mapping[str, Any]) -> str:
    told = raw.get("observedAt")
    metadata = raw.get("metadata")
    if told is None and isinstance(metadata, dict):
        stamp = next(
            (metadata[name] for name in ("timestamp", "TimeInstant", "dateModified") if name in metadata), None
        )
        told = stamp.get("value") if isinstance(stamp, dict) else stamp
    if isinstance(told, dict):
        told = told.get("value")
    return told if isinstance(told, str) else ""

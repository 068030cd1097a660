"""Applies a mapping to the items of a document: one lot and one number each, or the reason why not."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from opening_hours import validate

from core.contracts.parking import Audience, FeeKind, OpeningStatus, ParkingRecord, RealtimeRecord
from core.contracts.tariff import Tariff
from core.errors import BadInput
from integrations.parking._hub_values import (
    NO_BAYS,
    NO_CAPACITY,
    NO_ID,
    NO_NAME,
    NO_NUMBER,
    NOWHERE,
    OUTSIDE,
    UID_MOST,
    Account,
    Bounds,
    moment,
    number,
    words,
)
from integrations.parking._mapping import (
    AUDIENCES,
    CHOICES,
    FIELDS,
    REALTIME,
    TARIFF,
    Kind,
    Mapped,
    Path,
    path_of,
    plain,
)
from integrations.parking._places import representative

MISSING, UNKNOWN_WORD, UNREAD_HOURS = "missing_field", "unknown_word", "hours_not_osm"
_YES = frozenset({"true", "1", "yes", "y", "t", "ja", "oui", "예", "있음", "유", "o"})
_NO = frozenset({"false", "0", "no", "n", "f", "nein", "non", "아니오", "없음", "무", "x"})
Listed = Mapping[str, tuple[Any, ...]]
Placed = Callable[[float, float], tuple[float, float]]
"""East and north in the feed's system → latitude and longitude."""
_NOTHING = object()


@dataclass(frozen=True, slots=True)
class Rules:
    """A mapping, ready to be used. `needs`: paths without which an item is refused; `leave_out`, `only`: values by
    which items are no lots at all and are not counted. `geometry`: the path of a GeoJSON geometry.
    """

    name: str
    fields: Mapping[str, Mapped]
    realtime: Mapping[str, Mapped]
    when: Listed
    needs: tuple[Path, ...]
    leave_out: Listed
    only: Listed
    geometry: Path
    zone: ZoneInfo
    bounds: Bounds
    owner: str = ""


@dataclass
class Rows:
    """What the items of one document came to. `doubts` of single values are kept on the row that is being read."""

    rules: Rules
    now: datetime
    lots: Account[ParkingRecord] = field(default_factory=Account)
    numbers: Account[RealtimeRecord] = field(default_factory=Account)

    def take(self, items: list[Any], placed: Placed, *, wants_lots: bool, wants_numbers: bool) -> None:
        """Every item; a number whose lot is refused in the same document is none. Raises BadInput where a needed path
        is in no item at all: then the mapping is wrong, not the row.
        """
        self._check_paths(items, wants_lots=wants_lots)
        for item in items:
            if not isinstance(item, dict) or not self._is_wanted(item):
                continue
            refused = self._lot(item, placed) if wants_lots else ""
            if wants_numbers and self.rules.realtime:
                self._number(item, refused)

    def _check_paths(self, items: list[Any], *, wants_lots: bool) -> None:
        names = ("uid", "name", "capacity") if wants_lots else ("uid",)
        for name in names:
            mapped = (self.rules.realtime if name == "uid" and not wants_lots else {}).get(name)
            mapped = mapped or self.rules.fields[name]
            is_there = any(_found(item, path) is not _NOTHING for item in items for path in mapped.path)
            if mapped.path and items and not is_there:
                told = " / ".join(".".join(path) for path in mapped.path)
                raise BadInput(
                    f"매핑의 fields.{name}: 경로 {told!r}가 어느 항목에도 없습니다.",
                    f"mapping: fields.{name}: no item has the path {told!r}.",
                )

    def _is_wanted(self, item: Mapping[str, Any]) -> bool:
        rules = self.rules
        return not _has_any(item, rules.leave_out) and (not rules.only or _has_all(item, rules.only))

    def _lot(self, item: Mapping[str, Any], placed: Placed) -> str:
        """The reason why there is none; "" when it was taken."""
        self.lots.rows += 1
        values = {name: self._value(item, name, kind) for name, kind in FIELDS.items() if name in self.rules.fields}
        where = self._point(item, values, placed)
        refused = self._refusal(item, values, where)
        if refused:
            self.lots.skip(values["uid"], refused)
            return refused
        if not values["capacity"]:
            self.lots.doubt(values["uid"], NO_BAYS)
        self.lots.take(self._record(values, where))
        return ""

    def _refusal(self, item: Mapping[str, Any], values: Mapping[str, Any], where: tuple[float, float] | None) -> str:
        if not values["uid"] or len(values["uid"]) > UID_MOST:
            return NO_ID
        if any(_found(item, path) in (_NOTHING, None, "") for path in self.rules.needs):
            return MISSING
        if not values["name"]:
            return NO_NAME
        if values["capacity"] is None or not 0 <= values["capacity"] <= 1_000_000:
            return NO_CAPACITY
        if where is None or self.rules.bounds.take(*where) is None:
            has_address = values.get("address") or values.get("road_address")
            return "" if has_address else NOWHERE if where is None else OUTSIDE
        return ""

    def _point(self, item: Mapping[str, Any], values: dict[str, Any], placed: Placed) -> tuple[float, float] | None:
        lat, lon = values.pop("lat", None), values.pop("lon", None)
        if lat is None or lon is None:
            geometry = _found(item, self.rules.geometry)
            found = representative(geometry)
            if found is None and isinstance(geometry, dict):  # ArcGIS: {"x": …, "y": …}
                east, north = number(geometry.get("x")), number(geometry.get("y"))
                found = (east, north) if east is not None and north is not None else None
            return placed(*found) if found else None
        return placed(lon, lat)

    def _record(self, values: dict[str, Any], where: tuple[float, float] | None) -> ParkingRecord:
        inside = self.rules.bounds.take(*where) if where else None
        uid = values["uid"]
        own_id = values.pop("external_ids", "")
        prices = {name: values.pop(name, None) for name in TARIFF}
        known = {name: value for name, value in values.items() if value is not None and value != ""}
        made: dict[str, Any] = {**_PLAIN, "provider": self.rules.name, "owner": self.rules.owner, **known}
        if made["opening_hours"] is None and values.get("opening_hours") == "":
            made["hours_note"] = made["hours_note"] or "시간 확인 필요"
        if not made["address"] and made.get("road_address"):
            made["address"] = made["road_address"]
        tariff = Tariff(**prices)
        kind: FeeKind = made["fee_kind"]
        return ParkingRecord(
            **made,
            external_ids=tuple(dict.fromkeys((uid, own_id[:UID_MOST]) if own_id else (uid,))),
            lat=inside[0] if inside else None,
            lon=inside[1] if inside else None,
            tariff=None if tariff == Tariff() or kind == "free" else tariff,
        )

    def _number(self, item: Mapping[str, Any], refused: str) -> None:
        rules = self.rules
        if rules.when and not _has_all(item, rules.when):
            return
        self.numbers.rows += 1
        values = {name: self._value(item, name, kind, rules.realtime) for name, kind in REALTIME.items()
                  if name in rules.realtime}  # fmt: skip
        uid = values.pop("uid", None) or self._value(item, "uid", "text")
        if refused or not uid or len(uid) > UID_MOST:
            return self.numbers.skip(uid or "", refused or NO_ID)
        capacity = values.get("capacity")
        if capacity is None and "capacity" in rules.fields:
            capacity = self._value(item, "capacity", "whole")
        free, inside = values.get("free"), values.get("occupied")
        if inside is not None and capacity is not None:
            free = capacity - inside
        opening: OpeningStatus = values.get("opening_status") or "UNKNOWN"
        is_linked = values.get("is_linked") is not False
        if free is None and opening == "UNKNOWN" and is_linked:
            return self.numbers.skip(uid, NO_NUMBER)
        free_by: dict[Audience, int] = {
            one: told for one in AUDIENCES if (told := values.get(f"free_{one}")) is not None and told >= 0
        }
        self.numbers.take(
            RealtimeRecord(
                source=rules.name,
                uid=uid,
                free=free,
                fetched_at=self.now,
                updated_at=values.get("updated_at"),
                capacity=capacity if capacity is None or capacity >= 0 else None,
                opening_status=opening,
                is_linked=is_linked,
                free_by=free_by,
                reason="" if free is not None else NO_NUMBER,
            )
        )
        return None

    def _value(self, item: Mapping[str, Any], name: str, kind: Kind, fields: Mapping[str, Mapped] | None = None) -> Any:
        """The field's value in its canonical kind; None (text: "") when it is not told or cannot be read."""
        mapped = (self.rules.fields if fields is None else fields)[name]
        raw = _raw(item, mapped)
        if mapped.values or mapped.has_otherwise:
            key = plain(raw)
            if key in mapped.values:
                return _made(mapped.values[key], kind)
            if mapped.has_otherwise:
                return _made(mapped.otherwise, kind)
        if mapped.const is not None:
            return _made(mapped.const, kind)
        for word in mapped.strip:
            raw = raw.replace(word, "") if isinstance(raw, str) else raw
        if kind == "moment":
            return moment(raw, ZoneInfo(mapped.zone) if mapped.zone else self.rules.zone, mapped.format)
        if kind == "day":
            found = moment(raw, self.rules.zone, mapped.format)
            return found.astimezone(self.rules.zone).date() if found else None
        if name in CHOICES and raw not in CHOICES[name]:
            if raw not in (None, ""):
                account = self.lots if fields is None else self.numbers
                account.doubt("", UNKNOWN_WORD, f"{name}: {words(raw, 60)}")
            return None
        return _scaled(raw, mapped, kind)


def _scaled(raw: Any, mapped: Mapped, kind: Kind) -> Any:
    if kind in ("whole", "decimal"):
        found = number(raw)
        if found is None:
            return None
        found *= mapped.multiply
        return found if kind == "decimal" else round(found) if abs(found - round(found)) < 1e-6 else None
    return _made(raw, kind)


def _made(raw: Any, kind: Kind) -> Any:
    """A value that needs no reading any more, in its kind."""
    if kind == "flag":
        said = plain(raw).lower()
        return True if said in _YES else False if said in _NO else None
    if kind == "hours":
        text = words(raw)
        return text if text and validate(text) else "" if text else None
    if kind in ("whole", "decimal"):
        found = number(raw)
        return found if found is None or kind == "decimal" else round(found)
    return words(raw) if kind == "text" else raw


def _raw(item: Mapping[str, Any], mapped: Mapped) -> Any:
    told = [value for path in mapped.path if (value := _found(item, path)) not in (_NOTHING, None, "", " ")]
    if mapped.join is not None:
        return mapped.join.join(text for one in told if (text := words(one)))
    return told[0] if told else None


def _found(item: Any, path: Path) -> Any:
    """What lies at the path; `_NOTHING` where the item has no such path. Steps into lists are numbers."""
    for step in path:
        if isinstance(item, dict):
            item = item.get(step, _NOTHING)
        elif isinstance(item, list) and step.isdecimal() and int(step) < len(item):
            item = item[int(step)]
        else:
            return _NOTHING
    return item


def _has_any(item: Mapping[str, Any], wanted: Listed) -> bool:
    return any(plain(_found(item, path_of(path))) in {plain(one) for one in values} for path, values in wanted.items())


def _has_all(item: Mapping[str, Any], wanted: Listed) -> bool:
    return all(plain(_found(item, path_of(path))) in {plain(one) for one in values} for path, values in wanted.items())


def items_of(document: Any, path: Path) -> list[Any]:
    """The list at a path ("" is the document itself). Raises BadInput when there is none."""
    found = _found(document, path)
    if not isinstance(found, list):
        told = ".".join(path) or "(최상위)"
        raise BadInput(f"items 경로 {told!r}에 목록이 없습니다.", f"There is no list at items {told!r}.")
    return found


def values_in(mapping: Any) -> Iterator[tuple[str, Mapped]]:
    """The fields that a mapping names."""
    for name in type(mapping).model_fields:
        found = getattr(mapping, name)
        if isinstance(found, Mapped):
            yield name, found


_PLAIN: Mapping[str, Any] = {
    "ownership": "unknown",
    "type": "OTHER",
    "address": "",
    "has_disabled": None,
    "has_charging": None,
    "opening_hours": None,
    "hours_note": "",
    "fee_kind": "unknown",
    "payment": "",
    "remarks": "",
    "operator": "",
    "phone": "",
    "data_date": None,
}

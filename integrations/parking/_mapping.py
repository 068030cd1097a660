"""The mapping of a feed of one's own onto the canonical form, as config.yml holds it: which path is which field.

Everything that can be wrong in it is found when the file is read, and named by its key.
"""

import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Annotated, Any, Literal, get_args

from pydantic import AfterValidator, BeforeValidator, Field, create_model, field_validator, model_validator

from core.contracts.parking import Audience, FeeKind, LotType, OpeningStatus, Ownership, Purpose, Supervision
from core.section import Section
from integrations.parking._hub_values import Zone

Kind = Literal["text", "whole", "decimal", "flag", "moment", "day", "hours"]
Path = tuple[str, ...]
AUDIENCES: tuple[Audience, ...] = get_args(Audience)
CHOICES: Mapping[str, tuple[str, ...]] = {
    "type": get_args(LotType),
    "ownership": get_args(Ownership),
    "fee_kind": get_args(FeeKind),
    "purpose": get_args(Purpose),
    "supervision": get_args(Supervision),
    "opening_status": get_args(OpeningStatus),
}
TARIFF = ("first_minutes", "first_fee_krw", "step_minutes", "step_fee_krw", "day_cap_krw", "month_pass_krw")
_TEXTS = (
    "uid name address road_address hours_note payment remarks operator phone group_uid provider provider_name owner "
    "attribution zone_grade rotation fee_description public_url photo_url external_ids"
)
FIELDS: Mapping[str, Kind] = {
    **dict.fromkeys(_TEXTS.split(), "text"),
    **dict.fromkeys(("type", "ownership", "fee_kind", "purpose", "supervision"), "text"),
    **dict.fromkeys(("capacity", *(f"capacity_{one}" for one in AUDIENCES)), "whole"),
    **dict.fromkeys(("max_height_cm", "max_width_cm", "max_stay_minutes", *TARIFF), "whole"),
    **dict.fromkeys(("lat", "lon"), "decimal"),
    **dict.fromkeys(("has_disabled", "has_charging", "park_and_ride", "has_lighting", "is_covered"), "flag"),
    **dict.fromkeys(("has_realtime",), "flag"),
    "data_date": "day",
    "static_data_updated_at": "moment",
    "opening_hours": "hours",
}
REALTIME: Mapping[str, Kind] = {
    "uid": "text",
    **dict.fromkeys(("free", "occupied", "capacity", *(f"free_{one}" for one in AUDIENCES)), "whole"),
    "opening_status": "text",
    "is_linked": "flag",
    "updated_at": "moment",
}


def plain(value: Any) -> str:
    """A value as the keys of `values` are written: null, true, 3, words."""
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).strip()


def _keys_as_text(values: Any) -> Any:
    """YAML reads `1:`, `true:` and `null:` as other things than text."""
    return {plain(key): value for key, value in values.items()} if isinstance(values, dict) else values


@lru_cache(maxsize=1_024)
def path_of(text: str) -> Path:
    """`properties.name` → its steps; a dot that belongs to a name is written `\\.`. Raises ValueError."""
    steps = tuple(step.replace("\\.", ".") for step in re.split(r"(?<!\\)\.", text))
    if not text or len(text) > 300 or not all(steps):
        raise ValueError(f"{text[:40]!r}: 점으로 이은 경로여야 합니다 (expected a path such as properties.name)")
    return steps


def _paths(value: Any) -> Any:
    listed = [value] if isinstance(value, str) else value
    if isinstance(listed, list | tuple) and all(isinstance(one, str) for one in listed):
        return tuple(path_of(one) for one in listed)
    raise ValueError("경로 하나나 경로의 목록이어야 합니다 (expected a path or a list of paths)")


def _from_path(value: Any) -> Any:
    return {"path": value} if isinstance(value, str | list) else value


Texts = Annotated[dict[str, Any], BeforeValidator(_keys_as_text)]
Paths = Annotated[tuple[Path, ...], BeforeValidator(_paths)]
Listed = Annotated[dict[str, tuple[Any, ...]], BeforeValidator(lambda value: value or {})]


class Mapped(Section):
    """How one field is found. A bare text stands for `path`.

    `path`: the first of the paths that says something, or all, put together with `join`. `const`: the same for all
    items. `strip`: words taken away. `values`: what the feed's words mean here; `otherwise`: what all other words mean.
    `multiply`: for units (2.1 m × 100). `format`: of a time, as strptime, or `s`, `ms` since 1970; `zone`: its zone.
    """

    path: Paths = ()
    join: str | None = None
    const: str | int | float | bool | None = None
    values: Texts = Field(default_factory=dict)
    otherwise: str | int | float | bool | None = None
    strip: tuple[str, ...] = ()
    multiply: Annotated[float, Field(gt=0, le=1_000_000)] = 1
    format: str = ""
    zone: Zone | None = None

    @field_validator("strip", mode="before")
    @classmethod
    def _is_listed(cls, value: Any) -> Any:
        return (value,) if isinstance(value, str) else value

    @model_validator(mode="after")
    def _says_something(self) -> "Mapped":
        if not self.path and self.const is None:
            raise ValueError("path나 const가 있어야 합니다 (path or const is missing)")
        return self

    @property
    def has_otherwise(self) -> bool:
        return "otherwise" in self.model_fields_set


def _checked(name: str, kind: Kind) -> Callable[[Mapped | None], Mapped | None]:
    """Whether what `values`, `otherwise` and `const` give fits the field. Raises ValueError."""
    choices = CHOICES.get(name)

    def check(mapped: Mapped | None) -> Mapped | None:
        if mapped is None:
            return None
        for given in (*mapped.values.values(), mapped.otherwise, mapped.const):
            if given is None:
                continue
            if choices and given not in choices:
                raise ValueError(f"{given!r}: {', '.join(choices)} 가운데 하나여야 합니다 (not one of these)")
            if kind == "flag" and not isinstance(given, bool):
                raise ValueError(f"{given!r}: true나 false여야 합니다 (expected true or false)")
            if kind in ("whole", "decimal") and (isinstance(given, bool) or not isinstance(given, int | float)):
                raise ValueError(f"{given!r}: 숫자여야 합니다 (expected a number)")
        if mapped.format and kind not in ("moment", "day"):
            raise ValueError("format은 시각에만 씁니다 (format is for times only)")
        return mapped

    return check


def _model(name: str, kinds: Mapping[str, Kind], needed: tuple[str, ...]) -> type[Section]:
    mapped = Annotated[Mapped, BeforeValidator(_from_path)]
    parts: dict[str, Any] = {
        field: (
            Annotated[mapped if field in needed else mapped | None, AfterValidator(_checked(field, kind))],
            ... if field in needed else None,
        )
        for field, kind in kinds.items()
    }
    made: type[Section] = create_model(name, __base__=Section, **parts)
    return made


if TYPE_CHECKING:

    class Fields(Section): ...

    class _Realtime(Section): ...
else:
    Fields = _model("Fields", FIELDS, ("uid", "name", "capacity"))
    _Realtime = _model("_Realtime", REALTIME, ())


class Realtime(_Realtime):
    """How numbers are found: `free`, or `occupied` (cars inside, from which the free places are counted).

    `when`: path to values; only items that have one of them are counted. `items`, `uid`: for a document of its own.
    """

    items: Paths = ()
    when: Listed = Field(default_factory=dict)

    @model_validator(mode="after")
    def _counts_once(self) -> "Realtime":
        if getattr(self, "free", None) and getattr(self, "occupied", None):
            raise ValueError("free와 occupied 가운데 하나만 씁니다 (free or occupied, not both)")
        return self

    @field_validator("when")
    @classmethod
    def _are_paths(cls, value: dict[str, tuple[Any, ...]]) -> dict[str, tuple[Any, ...]]:
        return checked_paths(value)


def checked_paths(value: dict[str, tuple[Any, ...]]) -> dict[str, tuple[Any, ...]]:
    """Raises ValueError for a key that is no path."""
    for key in value:
        path_of(key)
    return value

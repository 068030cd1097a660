"""Opens the sources that config.yml switches on: a vendor's file is found by its name."""

from collections.abc import Iterator, Mapping
from types import ModuleType
from typing import Any

from core import loading
from core.contracts import air
from core.contracts.parking import Pulling, Pushing
from core.errors import ConfigError
from core.settings import Settings, section_settings

AirSources = dict[str, air.Pulling | air.Pushing]


def open_sources(settings: Settings) -> dict[str, Pulling | Pushing]:
    """Every source of parking that config.yml switches on, by its name there. Raises ConfigError as for channels."""
    return dict(_opened("parking", settings.parking.sources))


def open_air_sources(settings: Settings) -> AirSources:
    """Every source of air that config.yml switches on, likewise. Made-up hours and measured ones are never both on."""
    opened = dict(_opened("air", settings.air.sources))
    asked = {name: getattr(one, "asks_nobody", False) for name, one in opened.items() if hasattr(one, "pull")}
    if len(set(asked.values())) > 1:
        raise ConfigError(
            "config.yml의 'air.sources': 연습용 자료를 실제 출처와 함께 켤 수 없습니다. practice를 끄세요.",
            "config.yml: air.sources: the exercise and real sources are never both on; switch practice off.",
        )
    return opened


def _opened(kind: str, sections: Mapping[str, Mapping[str, Any]]) -> Iterator[tuple[str, Any]]:
    for name, section in sections.items():
        if section.get("enabled") is not True:
            continue
        module = _vendor_module(kind, name, str(section.get("vendor", "")))
        values = {key: value for key, value in section.items() if key not in ("enabled", "vendor")}
        made = section_settings(module.Settings, (kind, "sources", name), values)
        yield name, module.build(name, made)


def _vendor_module(kind: str, name: str, vendor: str) -> ModuleType:
    try:
        module = loading.file(f"integrations.{kind}", vendor)
        if hasattr(module, "build"):
            return module
    except KeyError:
        pass
    known = ", ".join(loading.files(f"integrations.{kind}"))
    raise ConfigError(
        f"config.yml의 '{kind}.sources.{name}.vendor': 그런 출처가 없습니다. 있는 출처: {known}",
        f"config.yml: {kind}.sources.{name}.vendor: no such source; there are: {known}",
    )

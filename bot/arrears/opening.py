"""Opens the gateways to banks that config.yml switches on: a vendor's file is found by its name."""

from sqlalchemy import select

from civic.arrears.banks.tables import arrears_bank_requests
from core import loading
from core.contracts.banks import Gateway
from core.db import Database
from core.errors import ConfigError
from core.settings import Settings, section_settings

Gateways = dict[str, Gateway]


def open_gateways(settings: Settings) -> Gateways:
    """Every gateway that config.yml switches on, by its name there. Raises ConfigError.

    A gateway of the practice network and a real one are never both on.
    """
    opened: Gateways = {}
    for name, section in settings.arrears.banks.gateways.items():
        if section.get("enabled") is not True:
            continue
        try:
            module = loading.file("integrations.banks", str(section.get("vendor", "")))
        except KeyError:
            known = ", ".join(loading.files("integrations.banks"))
            raise ConfigError(
                f"config.yml의 'arrears.banks.gateways.{name}.vendor': 그런 연결 방식이 없습니다. 있는 것: {known}",
                f"config.yml: arrears.banks.gateways.{name}.vendor: no such gateway; there are: {known}",
            ) from None
        values = {key: value for key, value in section.items() if key not in ("enabled", "vendor")}
        made = section_settings(module.Settings, ("arrears", "banks", "gateways", name), values)
        opened[name] = module.build(name, made)
    if len({one.is_practice for one in opened.values()}) > 1:
        raise ConfigError(
            "config.yml의 'arrears.banks.gateways': 연습용 은행망을 실제 은행 연결과 함께 켤 수 없습니다.",
            "config.yml: arrears.banks.gateways: the practice network and real banks are never both on.",
        )
    return opened


async def refuse_mixed_banks(settings: Settings, db: Database) -> None:
    """Raises ConfigError where real banks are switched on and the store holds requests of the exercise, or the reverse.

    A seizure that nobody made and one that took somebody's money look alike a month later: a city begins with a
    database of its own (docs/desk/arrears-banks.md).
    """
    opened = open_gateways(settings)
    try:
        kinds = {one.is_practice for one in opened.values()}
    finally:
        for one in opened.values():
            await one.aclose()
    table = arrears_bank_requests.c
    for is_practice in kinds:
        held = select(table.id).where(table.city_id == settings.city.id, table.is_practice == (not is_practice))
        async with db.reading() as tx:
            if await tx.scalar(held.limit(1)) is None:
                continue
        said = ("실제 은행에 물은", "연습용 은행망을", "real") if is_practice else ("연습용", "실제 은행을", "practice")
        raise ConfigError(
            f"config.yml의 'arrears.banks.gateways': {said[0]} 요청이 든 저장소에서는 {said[1]} 켤 수 없습니다. "
            "새 데이터베이스로 시작해 주세요.",
            f"config.yml: arrears.banks.gateways: this database holds {said[2]} requests; begin with a new one.",
        )

"""`./sinmungo air …`: sources and devices; the work is in `commands/air_sources.py` and `commands/air_devices.py`."""

from pathlib import Path
from typing import Annotated

import typer

air = typer.Typer(no_args_is_help=True, help="대기 측정 (air)")
device = typer.Typer(no_args_is_help=True, help="측정기와 굴뚝 측정기 (devices)")
air.add_typer(device, name="device")
Name = Annotated[str, typer.Argument(help="측정기 이름: 영어 소문자, 숫자, 붙임표")]


@air.command("sources")
def sources() -> None:
    """출처마다의 상태와 가장 새 시각을 보여 줍니다. 실패하고 있는 출처가 있으면 1로 끝납니다."""
    from commands.air_sources import sources as run

    raise typer.Exit(run())


@air.command("try")
def try_out(name: Annotated[str, typer.Argument(help="config.yml의 air.sources에 있는 이름")]) -> None:
    """켜 둔 출처를 한 번 불러 무엇이 오는지 봅니다. 저장하지 않습니다."""
    from commands.air_sources import try_out as run

    raise typer.Exit(run(name))


@air.command("fetch")
def fetch() -> None:
    """때가 된 출처를 지금 한 번 불러 저장합니다. 서버가 켜져 있으면 저절로 하는 일입니다."""
    from commands.air_sources import fetch as run

    raise typer.Exit(run())


@air.command("import-confirmed")
def import_confirmed(
    file: Annotated[Path, typer.Argument(help="에어코리아 확정자료 CSV (docs/sources/airkorea_confirmed.md)")],
    zero_is_missing: Annotated[str, typer.Option(help="0을 없는 값으로 볼 항목, 쉼표로 (예: PM10,PM25)")] = "",
) -> None:
    """확정자료 파일을 가져옵니다. 다시 가져와도 같습니다."""
    from commands.air_sources import import_confirmed as run

    raise typer.Exit(run(file, zero_is_missing))


@device.command("add")
def add(
    name: Name,
    title: Annotated[str, typer.Option(prompt="보이는 이름", help="보이는 이름")],
    place: Annotated[str, typer.Option(prompt="위도,경도", help="위도,경도 (예: 37.6150,126.6100)")],
    pollutants: Annotated[str, typer.Option(help="재는 항목, 쉼표로")] = "PM10,PM25",
    period: Annotated[int, typer.Option(help="값의 간격(초). 초마다면 1")] = 60,
    company: Annotated[str, typer.Option(help="굴뚝 측정기면 config.yml의 사업장")] = "",
    stack: Annotated[str, typer.Option(help="그 사업장의 배출구")] = "",
    source: Annotated[str, typer.Option(help="air.sources의 이름. 비우면 sensors, 사업장이면 stacks")] = "",
    model: Annotated[str, typer.Option(help="기기 모델")] = "",
    certified: Annotated[str, typer.Option(help="성능인증 등급")] = "",
    certified_source: Annotated[str, typer.Option(help="그 등급을 누가 주었는가")] = "",
) -> None:
    """측정기를 등록하고 HTTP 키를 만듭니다. 키는 한 번만 보입니다."""
    from commands.air_devices import add as run

    facts = {"model": model, "certified": certified, "certified_source": certified_source}
    run(name, title, place, pollutants, period, company=company, stack=stack, source=source, **facts)


@device.command("list")
def show() -> None:
    """측정기마다의 등급, 마지막 값, 켜짐을 보여 줍니다. 찾을 것이 있으면 1로 끝납니다."""
    from commands.air_devices import show as run

    raise typer.Exit(run())


@device.command("key")
def key(name: Name) -> None:
    """HTTP 키를 새로 만듭니다. 앞의 키는 끝납니다."""
    from commands.air_devices import new_key

    new_key(name)


@device.command("password")
def password(name: Name) -> None:
    """MQTT 비밀번호를 새로 만듭니다. 앞의 비밀번호로 붙어 있던 연결은 끊깁니다."""
    from commands.air_devices import new_password

    new_password(name)


@device.command("off")
def off(name: Name, reason: Annotated[str, typer.Option(prompt="이유", help="끄는 이유")]) -> None:
    """그때부터 값을 받지 않습니다. 남은 값은 그대로입니다."""
    from commands.air_devices import switch

    switch(name, is_on=False, reason=reason)


@device.command("on")
def on(name: Name) -> None:
    """다시 값을 받습니다. 키와 비밀번호는 앞의 것입니다."""
    from commands.air_devices import switch

    switch(name, is_on=True, reason="")


@air.command("broker")
def broker() -> None:
    """MQTT 브로커에 듣는 계정과 세션을 만듭니다 (deploy/mosquitto/README.md). 여러 번 해도 됩니다."""
    from commands.air_devices import prepare_broker

    prepare_broker()

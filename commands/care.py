"""The quiet commands: import, back up, restore."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType

from commands.house import console, running_store
from core import backup, loading, store
from core.contracts.channel import SendFailed
from core.errors import BadInput, Unavailable
from core.settings import read


def import_parking(file: Path, vendor: str = "") -> None:
    from civic.parking.importing import lines_ko, run_import

    if not file.exists():
        raise BadInput(f"파일이 없습니다: {file}", f"No such file: {file}")
    source = parking_reader(file, vendor)
    with running_store() as (settings, url):
        store.migrate(url)
        with console.status(f"{file.name} 파일을 읽습니다…"):
            parsed = source.read(file)
            report = asyncio.run(run_import(url, settings.city.id, parsed, datetime.now(UTC)))
    for line in lines_ko(report):
        console.print(line, highlight=False)


def parking_reader(file: Path, vendor: str = "") -> ModuleType:
    """The reader of that name, else the one that knows the file's first line; the national standard says what it lacks.

    Raises BadInput when no reader has that name.
    """
    readers = [name for name in loading.files("integrations.parking") if not vendor or name == vendor]
    first_line = file.read_bytes()[:8_192].partition(b"\n")[0]
    header = "".join(first_line.decode(encoding, "replace") for encoding in ("utf-8-sig", "cp949"))
    for name in sorted(readers, key=lambda one: one != NATIONAL):
        module = loading.file("integrations.parking", name)
        if hasattr(module, "read") and (vendor or getattr(module, "recognises", _nothing)(header)):
            return module
    if vendor:
        raise BadInput(f"파일을 읽는 출처가 아닙니다: {vendor}", f"No reader of files has this name: {vendor}")
    return loading.file("integrations.parking", NATIONAL)


NATIONAL = "kr_standard"


def _nothing(_: str) -> bool:
    return False


def register(name: str) -> None:
    """Tell a provider where our webhook is."""
    from bot.bootstrap import open_channels
    from core import secret
    from core.clock import SystemClock
    from core.contracts.channel import House, Registering
    from core.http import guarded_client

    settings = read()
    url = f"{settings.web.public_url}/channels/{name}"

    async def run() -> str:
        async with guarded_client(settings.outside.allowed_hosts) as http:
            var = settings.path(settings.var)
            house = House(http, _tell_nobody, secret.load(var), var, settings.web.public_url, SystemClock().now)
            channel = open_channels(settings, house).get(name)
            if channel is None:
                raise BadInput(f"켜진 채널이 아닙니다: {name}", f"{name} is not switched on in config.yml.")
            if not isinstance(channel, Registering):
                raise BadInput(
                    f"{name}의 웹훅은 제공자의 관리 화면에서 등록합니다. docs/channels/{name}.md를 봐 주세요.",
                    f"{name}'s webhook is registered on its provider's page; see docs/channels/{name}.md.",
                )
            try:
                return await channel.register(url)
            except SendFailed as failure:
                raise Unavailable(failure.reason, failure.reason) from None
            finally:
                await channel.aclose()

    console.print(f"등록했습니다: {asyncio.run(run())} → {url}")


async def _tell_nobody(topic: str, payload: str) -> None:
    return None


def back_up(folder: Path) -> None:
    with running_store() as (_, url), console.status("내려받습니다…"):
        file = backup.backup(url, folder)
    console.print(f"백업 파일: {file} ({file.stat().st_size / 1e6:.1f} MB)")


def restore(file: Path) -> None:
    with running_store() as (_, url), console.status("되돌립니다…"):
        backup.restore(url, file)
    console.print("되돌렸습니다.")

"""What the commands of every kind of source share: words of a state, ages, and asking one source without storing."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any, TypeVar

from commands.house import console
from core.contracts.sources import Http
from core.errors import NotFound, SinmungoError
from core.http import Outside
from core.settings import Settings

STATES = {"active": "정상", "backing_off": "다시 부름", "failing": "실패", "off": "꺼짐"}
P = TypeVar("P")


def ago(at: datetime | None, now: datetime) -> str:
    if at is None:
        return "없음"
    minutes = (now - at) // timedelta(minutes=1)
    return f"{minutes}분 전" if minutes < 120 else f"{minutes // 60}시간 전"


def asked_by_us(found: Any, name: str, section: str) -> Any:
    """The source itself. Raises NotFound where it is not switched on or calls us; `section` of config.yml."""
    if found is None or not hasattr(found, "pull"):
        raise NotFound(
            f"켜져 있고 우리가 부르는 출처가 아닙니다: {name} (config.yml의 {section})",
            f"No source that is switched on and asked by us: {name}",
        )
    return found


async def pulled_once(settings: Settings, deadline_s: int, pull: Callable[[Http], Awaitable[P]]) -> P | None:
    """What a source brings; None, with a line that says why, where it brings nothing."""
    async with Outside(settings.outside.allowed_hosts) as outside:
        try:
            async with asyncio.timeout(deadline_s):
                return await pull(outside)
        except SinmungoError as error:
            console.print(f"받지 못했습니다: {error.reason_ko}")
        except TimeoutError:
            console.print(f"{deadline_s}초 안에 답이 오지 않았습니다.")
    return None

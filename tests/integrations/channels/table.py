"""The table of what each channel can show, written from the code into docs/channels/README.md.

`python -m tests.integrations.channels.table` refreshes it; test_table.py fails when it is not fresh.
"""

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx

from core.contracts.channel import Capabilities, Channel, House
from core.loading import ROOT, files
from tests.integrations.channels.kits import kit_of

PAGE = ROOT / "docs" / "channels" / "README.md"
BEGIN, END = "<!-- table: begin -->", "<!-- table: end -->"
REFRESH = ".venv/bin/python -m tests.integrations.channels.table"
COLUMNS = (
    *("채널", "답하는 때", "글 한 통", "단추 (이름)", "카드", "위치 묻기", "사진 받기"),
    *("고치기", "스레드", "두 번 막기", "주소", "먼저 말하기"),
)


def written(house: House) -> str:
    """The table's lines, one row a channel found, in name order."""
    rows = [_row(name, kit.build(house, "http://127.0.0.1:9")) for name in _names() if (kit := kit_of(name))]
    return "\n".join([f"| {' | '.join(COLUMNS)} |", "|---" * len(COLUMNS) + "|", *rows])


def _names() -> list[str]:
    return files("integrations.channels")


def _row(name: str, channel: Channel) -> str:
    can = channel.capabilities
    cells = (
        f"[{_title(name)}]({name}.md)",
        "물을 때만" if channel.replies == "in_response" else "언제나",
        _length(can),
        f"{can.max_buttons}개 ({can.max_label}자)" if can.max_buttons else "번호로 답장",
        f"{can.cards}장" if can.cards else "-",
        _has(can.asks_place),
        _has(can.takes_photo),
        _has(can.edits),
        _has(can.threads),
        _has(can.idempotent),
        "전화번호(봉인)" if can.has_phone_address else "남이 봄" if can.is_public else "채널의 것",
        _first(channel, can),
    )
    return f"| {' | '.join(cells)} |"


def _length(can: Capabilities) -> str:
    if can.max_bytes is None:
        return f"{can.max_text:,}자"
    return f"{can.max_bytes:,}바이트 ({'CP949' if can.charset == 'cp949' else 'UTF-8'})"


def _has(is_there: bool) -> str:
    return "○" if is_there else "-"


def _first(channel: Channel, can: Capabilities) -> str:
    if channel.replies == "in_response":
        return "-"
    return f"마지막 말 뒤 {can.window_hours}시간 (뒤에는 승인된 글)" if can.window_hours else "○"


def _title(name: str) -> str:
    """The Korean name at the head of the channel's page."""
    page = PAGE.parent / f"{name}.md"
    first = page.read_text("utf-8").split("\n", 1)[0] if page.exists() else f"# {name}"
    return first.removeprefix("# ").split("(")[0].strip()


def in_page(table: str, page: str) -> str:
    """The page with this table between its marks."""
    before, rest = page.split(BEGIN, 1)
    after = rest.split(END, 1)[1]
    return f"{before}{BEGIN}\n{table}\n{END}{after}"


async def refresh() -> None:
    async def publish(topic: str, payload: str) -> None: ...

    async with httpx.AsyncClient(trust_env=False) as http:
        with TemporaryDirectory() as folder:
            house = House(
                http, publish, b"secret-of-the-table-0123456789ab", Path(folder), "http://h", lambda: datetime.now(UTC)
            )
            PAGE.write_text(in_page(written(house), PAGE.read_text("utf-8")), "utf-8")


if __name__ == "__main__":
    asyncio.run(refresh())

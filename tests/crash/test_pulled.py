"""A channel that is pulled (Mastodon), and a house killed while people write: each is answered once, in his order."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.crash.processes import City, write_config
from tests.integrations.channels.counterpart import serving
from tests.integrations.channels.kits.mastodon import TOKEN, account, said
from tests.integrations.channels.test_mastodon import Instance
from tests.waiting import until

pytestmark = [pytest.mark.crash, pytest.mark.timeout(300)]
SAID = {
    "구래동 주차장": "구래동 중심",
    "여권 어디서 만들어요?": "민원여권과",
    "장기동 주차장 알려주세요": "장기동 중심",
}
"""What is asked, and a word of its answer."""


def answers(instance: Instance, acct: str) -> list[str]:
    """What this person's eyes alone were shown, in order."""
    found = [instance.statuses[key] for key in instance.keys.values()]
    assert {one["visibility"] for one in found} <= {"direct"}
    return [text for name, _, text in (one["status"].partition(" ") for one in found) if name == f"@{acct}"]


def marks(instance: Instance, acct: str) -> list[str]:
    """Which questions were answered, in the order of the answers."""
    return [words for text in answers(instance, acct) for words, mark in SAID.items() if mark in text]


async def test_mentions_written_while_the_house_is_dead_are_answered_once_and_in_order(
    database_url: str, tmp_path: Path
) -> None:
    instance = Instance()
    async with serving(instance) as provider:
        section = {"enabled": True, "polling": True, "instance_url": provider.url, "access_token": TOKEN}
        own = {"poll_s": 0.1, "rate_per_second": 50}
        quiet = {"quiet_hours": {"start": "00:00", "end": "00:00"}}
        config = write_config(tmp_path, channels={"mastodon": section | own}, messaging=quiet)
        now = {"created_at": datetime.now(UTC).isoformat()}
        asked: dict[str, list[str]] = {"p0@far.example": [], "p1@far.example": []}
        instance.tell(said("구래동 주차장", "1", **now))
        city = City(config, database_url)
        try:
            await city.up()
            await until(lambda: marks(instance, "kim@far.example") == ["구래동 주차장"], 60)
            city.processes[0].kill()
            for number, words in enumerate([*SAID, *SAID], 2):
                acct = f"p{number % 2}@far.example"
                asked[acct].append(words)
                instance.tell(said(words, str(number), who=account(acct), **now))
            await city.kill_and_restart()
            await until(lambda: [marks(instance, acct) for acct in asked] == [*asked.values()], 90)
            assert marks(instance, "kim@far.example") == ["구래동 주차장"]
        finally:
            city.close()

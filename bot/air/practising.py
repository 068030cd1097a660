"""The exercise of air is there in a house whose jobs nobody runs: a chat of the terminal shows it at once."""

from bot.air.rounds import Rounds
from bot.sources.opening import open_air_sources
from core.clock import Clock
from core.db import Database
from core.http import Outside
from core.settings import Settings


async def practise(settings: Settings, url: str, clock: Clock) -> None:
    """Store what sources that ask nobody have since the last time; nothing where none is on, or none is due."""
    named = {name: one for name, one in open_air_sources(settings).items() if getattr(one, "asks_nobody", False)}
    if not named:
        return
    db = Database(url, pool_size=2)
    try:
        async with Outside([]) as nowhere:
            await Rounds(db, named, nowhere, settings.air, settings.city.id, clock, "practice").go()
    finally:
        await db.close()

"""Follows the histories of cases, and talks, and notes what is to be posted: it adds nothing to a filing or a turn."""

from bot.staffroom.cards import TOLD
from bot.staffroom.office import Office
from civic.cases import stream
from civic.cases.stream import Place
from civic.staffroom.service import posts, rooms
from core.contracts.staffroom import StaffRoom


class Following:
    """May run in any process and at any time: where it stands is kept with what it noted, in one transaction."""

    def __init__(self, office: Office) -> None:
        self._office = office

    async def go(self) -> None:
        for room in self._office.rooms:
            while await self._some(room):
                pass

    async def _some(self, room: StaffRoom) -> bool:
        """One page of what has been committed since; True when there is more."""
        office, now = self._office, self._office.clock.now()
        async with office.db.transaction() as tx:
            here = str(await stream.here(tx))
            said = await rooms.hold_place(tx, office.city_id, room.name, here, now)
            place = Place.read(said) if said is not None else None
            if place is None:
                return False
            await posts.listen(tx, office.city_id, room.name, now)
            batch = await stream.after(tx, office.city_id, place)
            if batch.rows:
                await posts.note(tx, office.city_id, room.name, batch.rows, room.rooms, TOLD, now)
                behind = Place(batch.since, batch.until, batch.rows[-1].seq)
                kept = Place(batch.until) if batch.is_last else behind
                await rooms.keep_place(tx, office.city_id, room.name, str(kept))
            return not batch.is_last

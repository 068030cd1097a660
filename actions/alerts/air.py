"""Notices of the air: for a place, some pollutants, from a level on, between hours; changed by saying so."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from actions.alerts import air_words
from civic.air.service import AirService
from civic.air.telling.wishes import AirWish, WishService
from civic.air.watch.service import Episode
from civic.air.watch.values import WATCHED
from civic.city.service import CityBook
from core.contracts.dialogue import Choice, Reply, Say, Turn

DROP, END, SHOWN, WANT = "air_alerts_drop", "air_alerts_end", "alerts_list", "air_alerts_want"
_END = Choice("do:unsubscribe:air", key="air_alerts.end")
_PRESSED: Mapping[str, dict[str, Any]] = {"bad": {"line": 1}, "advisory": {"line": 3}, "evening": {"evenings": True}}
_LIST = Choice(f"do:{SHOWN}", key="air_alerts.list_button")


async def subscribe(turn: Turn, wishes: WishService, air: AirService, book: CityBook) -> Reply:
    """Begin notices of the air, or change what lives by what is said now."""
    if not wishes.can_tell(turn.channel):
        return Reply((Say("air_alerts.cannot_tell"),))
    text = turn.understanding.text
    live = await wishes.of(turn.conversation_id)
    area, zone, site_id = await _place(turn, air, book, wishes)
    said = _said(text)
    is_only = air_words.is_only(text)
    if area:
        base = next((one for one in live if one.area == area), None) or next(
            (one for one in live if not one.area), AirWish()
        )
        # A place that is new takes over what was wished before, but what is named now is all of its pollutants.
        is_more = base.area == area and not is_only
        given = _beside(base, said) if is_more else said
        wanted = replace(base, area=area, zone=zone, site_id=site_id, **given)
        # Who names a place means that place: a wish for the whole city from before would say everything besides.
        kept = [one for one in live if one.area not in ("", area)] + [wanted]
        changed = [wanted]
    elif live:
        kept = changed = [replace(one, **(said if is_only else _beside(one, said))) for one in live]
    else:
        kept = changed = [AirWish(**said)]
    return await _kept(turn, wishes, kept, changed, is_new=not live, was=live)


async def _kept(
    turn: Turn,
    wishes: WishService,
    kept: Sequence[AirWish],
    changed: Sequence[AirWish],
    *,
    is_new: bool,
    was: Sequence[AirWish],
) -> Reply:
    async def keep(tx: AsyncConnection) -> Mapping[str, Any]:
        await wishes.keep(tx, turn.conversation_id, kept, turn.now)
        return {}

    now = [one for one in await wishes.standing() if any(_is_meant(one, wish) for wish in changed)]
    values = {
        "wishes": [_shown(wish, wishes) for wish in changed],
        "is_new": is_new,
        "is_same": list(was) == list(kept),
        "quiet": _quiet(wishes, changed),
        "standing": [_standing(one, wishes, turn.lang) for one in now],
    }
    lower = (Choice(f"do:{WANT}:bad", key="air_alerts.bad_button"),) if changed[0].line > 1 else ()
    return Reply((Say("air_alerts.begun", values, (*lower, _LIST, _END)),), write=keep)


async def wanted(turn: Turn, wishes: WishService, air: AirService, book: CityBook) -> Reply:
    """A button under the answer; or words that can mean nothing but "tell me whenever"."""
    if turn.argument:
        live = await wishes.of(turn.conversation_id)
        lower = _PRESSED.get(turn.argument, {})
        kept = [replace(one, **lower) for one in live] or [AirWish(**lower)]
        if not wishes.can_tell(turn.channel):
            return Reply((Say("air_alerts.cannot_tell"),))
        return await _kept(turn, wishes, kept, kept, is_new=not live, was=live)
    text = turn.message.text
    if air_words.MOMENT.search(text) and not air_words.evenings(text):
        return Reply()
    return await subscribe(turn, wishes, air, book)


async def drop(turn: Turn, wishes: WishService) -> Reply:
    """ "오존은 빼줘": the rest stays. Nothing is said where no notice of the air lives, or nothing is named."""
    text = turn.understanding.text or turn.message.text
    named = air_words.pollutants(text)
    live = await wishes.of(turn.conversation_id)
    if not live or named is None:
        return Reply()
    left = [one.without(named) for one in live]
    kept = [one for one in left if one.pollutants]

    async def keep(tx: AsyncConnection) -> Mapping[str, Any]:
        await wishes.keep(tx, turn.conversation_id, kept, turn.now)
        return {}

    values = {"dropped": list(named), "wishes": [_shown(one, wishes) for one in kept]}
    buttons = (_LIST, _END) if kept else (Choice("do:subscribe:air", key="air_alerts.again"),)
    return Reply((Say("air_alerts.dropped", values, buttons),), write=keep)


def listing(live: Sequence[AirWish], wishes: WishService) -> list[dict[str, Any]]:
    """For the list of notices."""
    return [_shown(one, wishes) for one in live]


def _beside(live: AirWish, said: Mapping[str, Any]) -> dict[str, Any]:
    """What is said now beside what lives: pollutants are added, and who gets all of them goes on to."""
    given = dict(said)
    if "pollutants" in given:
        mine = live.pollutants
        given["pollutants"] = (
            None if mine is None else tuple(one for one in WATCHED if one in {*mine, *said["pollutants"]})
        )
    return given


def _said(text: str) -> dict[str, Any]:
    """What the sentence says; what it leaves out stays as it was."""
    given: dict[str, Any] = {}
    if (named := air_words.pollutants(text)) is not None:
        given["pollutants"] = named
    if (line := air_words.line(text)) is not None:
        given["line"] = line
    if (hours := air_words.hours(text)) is not None:
        given["hours"] = hours
    if air_words.is_sensitive(text):
        given["sensitive"] = True
    if (nights := air_words.nights(text)) is not None:
        given["nights"] = nights
    if air_words.evenings(text):
        given["evenings"] = True
        given.pop("line", None)
    return given


async def _place(
    turn: Turn, air: AirService, book: CityBook, wishes: WishService
) -> tuple[str, str | None, int | None]:
    """The place named, the zone that it lies in, and the station that speaks for it; the nearest of a zone's own."""
    seen = turn.understanding.first("place")
    place = book.place(seen.value) if seen else None
    if seen is None or place is None or place.lat is None or place.lon is None:
        return (seen.value if seen else "", None, None)
    for found in await air.near(place.lat, place.lon, turn.now, most=20):
        names = {found.site.name, *found.site.former}
        zone = next((name for name, one in wishes.rules.zones.items() if names & set(one.stations)), None)
        if zone is not None:
            return seen.value, zone, found.site.id
    return seen.value, None, None


def _shown(wish: AirWish, wishes: WishService) -> dict[str, Any]:
    return {
        "area": wish.area,
        "pollutants": list(wish.pollutants or ()),
        "line": wish.line,
        "hours": [f"{minute // 60:02d}:{minute % 60:02d}" for minute in wish.hours] if wish.hours else [],
        "sensitive": wish.sensitive,
        "nights": wish.nights and bool(wishes.rules.telling.night_levels),
        "evenings": wish.evenings,
        "evening_at": wishes.rules.telling.evening,
    }


def _quiet(wishes: WishService, changed: Sequence[AirWish]) -> str:
    """What has to be said of the night: that it is kept, or that it cannot be broken though he asked."""
    if any(one.nights for one in changed):
        return "woken" if wishes.rules.telling.night_levels else "never"
    return "kept"


def _is_meant(episode: Episode, wish: AirWish) -> bool:
    is_named = not wish.pollutants or episode.pollutant in wish.pollutants
    return is_named and wish.zone in (None, episode.zone)


def _standing(episode: Episode, wishes: WishService, lang: str) -> dict[str, Any]:
    zone = wishes.rules.zones.get(episode.zone)
    name = zone.name if zone else None
    return {
        "zone": (name.en if lang == "en" else name.ko) if name else episode.zone,
        "pollutant": episode.pollutant,
        "level": episode.now_level or episode.level or "",
    }

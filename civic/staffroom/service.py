"""What other rooms may use of the staff room."""

from civic.staffroom import events, links, posts, rooms
from civic.staffroom.facts import Facts, Told, facts_of, told_of
from civic.staffroom.links import Link, WrongCode
from civic.staffroom.posts import Card, Line
from civic.staffroom.rooms import RoomState

__all__ = [
    "Card",
    "Facts",
    "Line",
    "Link",
    "RoomState",
    "Told",
    "WrongCode",
    "events",
    "facts_of",
    "links",
    "posts",
    "rooms",
    "told_of",
]

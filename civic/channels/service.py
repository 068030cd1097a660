"""What other rooms may use of the channels' room."""

from civic.channels.health import Calls, Gate, count_waiting, down, gate, give_up_waiting, note
from civic.channels.state import ChannelState, Incident, State, incidents_of, states

__all__ = [
    "Calls",
    "ChannelState",
    "Gate",
    "Incident",
    "State",
    "count_waiting",
    "down",
    "gate",
    "give_up_waiting",
    "incidents_of",
    "note",
    "states",
]

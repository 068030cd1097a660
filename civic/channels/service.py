"""What other rooms may use of the channels' room."""

from civic.channels.health import Calls, Gate, count_waiting, down, gate, give_up_waiting, note

__all__ = ["Calls", "Gate", "count_waiting", "down", "gate", "give_up_waiting", "note"]

"""What every door uses of the running house (bot.bootstrap.Running); each Protocol of theirs adds what else it uses."""

from typing import Protocol

from core.clock import Clock
from core.db import Database
from core.settings import Settings


class Ground(Protocol):
    @property
    def settings(self) -> Settings: ...
    @property
    def db(self) -> Database: ...
    @property
    def clock(self) -> Clock: ...

"""The pages on a real server on the loopback."""

from fastapi import FastAPI

from tests.serving import Served
from tests.web.house import SmallHouse
from web.limits import Limits, Rate, Rates
from web.routes import router

WIDE = Rates(session_messages=Rate(10_000, 100), ip_messages=Rate(10_000, 100), ip_reads=Rate(10_000, 100))


class Site(Served):
    def __init__(self, house: SmallHouse, rates: Rates = WIDE) -> None:
        self.house = house
        app = FastAPI()
        app.include_router(router(house, Limits(rates)))
        super().__init__(app)

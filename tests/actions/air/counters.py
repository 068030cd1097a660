"""An air counter on a test's own store, with the settings of the checkout and AirKorea's terms."""

from actions.air.counter import Counter
from bot.replies import Texts
from civic.air.alarms import Alarms
from civic.air.service import AirService
from civic.city.service import CityBook
from civic.parking.places import PlaceKind, SavedPlace
from core.air_rules import Air
from core.contracts.air import Terms
from core.db import Database
from core.loading import ROOT
from core.settings import read
from tests.actions.air.sky import CREDIT, SOURCE

FILES = {
    lang: [ROOT / f"actions/air/replies.{lang}.yml", ROOT / f"actions/air/advice.{lang}.yml"] for lang in ("ko", "en")
}
TEXTS = Texts(FILES, {"ko": {}, "en": {}})


def counter(
    database: Database,
    book: CityBook,
    city_id: str,
    own: dict[PlaceKind, SavedPlace] | None = None,
    rules: Air | None = None,
) -> Counter:
    settings = read()
    rules = rules or settings.air
    air = AirService(database, city_id, rules, {SOURCE: Terms(CREDIT, "출처표시")})
    return Counter(air, Alarms(database, city_id, rules), book, settings.city, rules, TEXTS, own or {})

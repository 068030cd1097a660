"""The parking counter: where to park, what it costs, and what is asked of a lot afterwards."""

from actions.parking import finding, following, prices
from actions.parking.counter import served
from core.contracts.dialogue import Form

INTENTS = {
    finding.FIND: served(finding.find),
    finding.FEE: served(prices.fee_hours),
}
PRESSED = {name: served(answer) for name, answer in following.ANSWERS.items()}
ANYBODYS = following.PHRASES
FORMS: tuple[Form, ...] = ()

"""What other rooms may use of consent."""

from civic.consent.asking import ConsentService
from civic.consent.giving import Source, say_word, stopped, take_back
from civic.consent.refusals import Way, lift, refuse_phone
from civic.consent.renewal import remind
from civic.consent.standing import ADVERTISING, Word, agrees, history, latest
from civic.consent.words import said

__all__ = [
    "ADVERTISING",
    "ConsentService",
    "Source",
    "Way",
    "Word",
    "agrees",
    "history",
    "latest",
    "lift",
    "refuse_phone",
    "remind",
    "said",
    "say_word",
    "stopped",
    "take_back",
]

"""Rasa's two doors, each there only where config.yml opens it."""

from fastapi import APIRouter

from api.rasa import actions, parse
from api.rasa.seam import House


def router(house: House) -> APIRouter:
    """The action server with the channel `rasa`, the language API with `nlu.http`; empty with neither."""
    made = APIRouter()
    if "rasa" in house.channels:
        made.include_router(actions.router(house))
    if house.settings.nlu.http.enabled:
        made.include_router(parse.router(house))
    return made

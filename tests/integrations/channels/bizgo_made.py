"""A Bizgo channel for its tests, and the id of what it sends there."""

from typing import Any
from uuid import UUID

from integrations.channels.bizgo import Bizgo, Settings
from tests.integrations.channels.conftest import Lent
from tests.integrations.channels.kits.bizgo import API_KEY, SECRET, SENDER

ID = UUID("01999999-0000-7000-8000-000000000001")


def made(lent: Lent, url: str = "http://127.0.0.1:9", **values: Any) -> Bizgo:
    settings = {"api_key": API_KEY, "sender": SENDER, "webhook_secret": SECRET, "base_url": url} | values
    return Bizgo(Settings.model_validate(settings), lent.house)

"""Every dialogue of tests/dialogs, played on the real house; one test each, named by its title."""

import pytest

from tests.bot import dialog_file
from tests.bot.city import City
from tests.bot.dialog_file import Dialog
from tests.bot.dialog_player import Player

DIALOGS = dialog_file.read_all()


@pytest.mark.parametrize("dialog", DIALOGS, ids=[dialog.title for dialog in DIALOGS])
async def test_dialog(city: City, dialog: Dialog) -> None:
    await Player(city, dialog).play()

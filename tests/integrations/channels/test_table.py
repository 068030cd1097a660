"""What the guide says of each channel is what the code says."""

from core.contracts.channel import Capabilities
from core.loading import files
from tests.integrations.channels import table
from tests.integrations.channels.conftest import Lent
from tests.integrations.channels.kits import kit_of


async def test_the_guides_table_is_that_of_the_code(lent: Lent) -> None:
    page = table.PAGE.read_text("utf-8")
    assert table.in_page(table.written(lent.house), page) == page, f"refresh it: {table.REFRESH}"


async def test_every_channel_has_its_row(lent: Lent) -> None:
    rows = table.written(lent.house).split("\n")[2:]
    named = [row.split("](", 1)[1].split(".md)", 1)[0] for row in rows]
    assert named == [name for name in files("integrations.channels") if kit_of(name)]


async def test_no_channel_promises_what_the_compiler_cannot_keep(lent: Lent) -> None:
    for name in files("integrations.channels"):
        if (kit := kit_of(name)) is None:
            continue
        can = kit.build(lent.house, "http://127.0.0.1:9").capabilities
        assert isinstance(can, Capabilities)
        assert can.max_text > 0 and can.max_buttons >= 0 and can.max_label >= 4, name
        assert (can.charset == "cp949") <= (can.max_bytes is not None), f"{name}: bytes are what CP949 is counted in"
        assert can.max_bytes is None or can.max_bytes >= 90, name
        assert not (can.is_public and can.has_phone_address), name

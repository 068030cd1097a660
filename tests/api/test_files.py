"""Files of a case: who opens them, by which address, and what the public sees."""

from datetime import timedelta
from io import BytesIO

import httpx
import pytest
from PIL import Image
from sqlalchemy import select, update

from civic.cases.case import OpenedCase
from civic.cases.open import open_case
from civic.cases.tables import cases
from civic.files.service import attach
from civic.files.tables import attachments
from civic.staff.tables import access_log, staff
from core.ids import new_id
from tests.api.house import SmallHouse
from tests.civic.cases.rows import NOW, conversation, draft
from tests.civic.files.made import made, with_gps
from tests.civic.files.test_redact import contrast, plate

PDF = b"%PDF-1.7 a paper"


async def filed(house: SmallHouse, data: bytes) -> tuple[OpenedCase, str]:
    """A case with this file; the file's id."""
    kept = (await house.files.keep(data)).file
    async with house.db.transaction() as tx:
        thread = await conversation(tx)
        one = await attach(tx, thread, None, kept, NOW)
        return await open_case(tx, draft(thread, attachment_ids=(one,)), NOW), str(one)


async def looks(house: SmallHouse, one: str) -> list[str]:
    async with house.db.transaction() as tx:
        found = await tx.execute(
            select(access_log.c.action).where(access_log.c.subject_id == one).order_by(access_log.c.id)
        )
        return list(found.scalars())


async def test_a_picture_is_shown_to_staff_without_its_place(house: SmallHouse, agent: httpx.AsyncClient) -> None:
    case, one = await filed(house, with_gps())
    (picture,) = (await agent.get(f"/api/v1/cases/{case.id}")).json()["pictures"]
    assert picture["id"] == one
    answer = await agent.get(picture["href"])
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/jpeg")
    assert answer.headers["content-disposition"] == f'inline; filename="{one}.jpeg"'
    with Image.open(BytesIO(answer.content)) as image:
        assert not image.getexif()
    small = await agent.get(picture["href"], params={"form": "small"})
    assert (small.status_code, small.headers["content-type"]) == (200, "image/webp")
    assert await looks(house, one) == ["attachment.read", "attachment.read"]
    assert (await agent.get(f"/api/v1/attachments/{new_id()}")).status_code == 404


async def test_a_paper_is_only_ever_saved(house: SmallHouse, agent: httpx.AsyncClient) -> None:
    _, one = await filed(house, PDF)
    answer = await agent.get(f"/api/v1/attachments/{one}")
    assert (answer.content, answer.headers["x-content-type-options"]) == (PDF, "nosniff")
    assert answer.headers["content-disposition"] == f'attachment; filename="{one}.pdf"'
    assert (await agent.get(f"/api/v1/attachments/{one}", params={"form": "small"})).status_code == 404


async def test_a_file_of_another_department_looks_like_none(house: SmallHouse, agent: httpx.AsyncClient) -> None:
    case, one = await filed(house, made("PNG"))
    async with house.db.transaction() as tx:
        await tx.execute(update(cases).where(cases.c.id == case.id).values(department_id="parks"))
    assert (await agent.get(f"/api/v1/attachments/{one}")).status_code == 404
    assert (await agent.post(f"/api/v1/attachments/{one}/link")).status_code == 404


async def test_a_file_that_nobody_scanned_yet_is_not_opened(house: SmallHouse, agent: httpx.AsyncClient) -> None:
    _, one = await filed(house, PDF + b" waiting")
    async with house.db.transaction() as tx:
        await tx.execute(update(attachments).where(attachments.c.id == one).values(scan="waiting"))
    assert (await agent.get(f"/api/v1/attachments/{one}")).status_code == 409


async def test_a_signed_address_opens_one_file_for_a_while_and_leaves_a_row(
    house: SmallHouse, agent: httpx.AsyncClient, stranger: httpx.AsyncClient
) -> None:
    _, one = await filed(house, PDF + b" signed")
    _, other = await filed(house, PDF + b" other")
    href = (await agent.post(f"/api/v1/attachments/{one}/link")).json()["href"]
    assert (await stranger.get(href)).content == PDF + b" signed"
    assert await looks(house, one) == ["attachment.link", "attachment.opened_by_link"]
    member = house.members["agent"].id
    forged = [
        href.replace(one, other),
        href.replace("form=whole", "form=small"),
        href.replace(str(member), str(house.members["manager"].id)),
        href[:-1] + ("A" if href[-1] != "A" else "B"),
        href.replace("until=", "until=9"),
    ]
    assert [(await stranger.get(address)).status_code for address in forged] == [403] * len(forged)
    house.clock.move(timedelta(minutes=house.settings.files.link_minutes, seconds=1))
    assert (await stranger.get(href)).status_code == 403
    house.clock.move(-timedelta(minutes=house.settings.files.link_minutes, seconds=1))


async def test_an_address_dies_with_the_account_that_made_it(house: SmallHouse, stranger: httpx.AsyncClient) -> None:
    _, one = await filed(house, PDF + b" left")
    async with house.client("colleague") as leaver:
        href = (await leaver.post(f"/api/v1/attachments/{one}/link")).json()["href"]
    gone = staff.c.id == house.members["colleague"].id
    async with house.db.transaction() as tx:
        await tx.execute(update(staff).where(gone).values(is_active=False))
    assert (await stranger.get(href)).status_code == 403
    async with house.db.transaction() as tx:
        await tx.execute(update(staff).where(gone).values(is_active=True))


async def test_the_public_sees_only_what_was_released_and_only_the_hidden_form(
    house: SmallHouse, stranger: httpx.AsyncClient
) -> None:
    _, one = await filed(house, plate())
    assert (await stranger.get(f"/api/v1/public-pictures/{one}")).status_code == 404
    async with house.client("manager") as manager:
        proposed = (await manager.get(f"/api/v1/attachments/{one}/suspects")).json()["boxes"]
        assert proposed
        released = await manager.put(f"/api/v1/attachments/{one}/publication", json={"boxes": proposed})
        shown = await stranger.get(released.json()["href"])
        assert (shown.status_code, shown.headers["content-type"]) == (200, "image/jpeg")
        whole = (await manager.get(f"/api/v1/attachments/{one}")).content
        assert of_plate(whole) > 200 > 120 > of_plate(shown.content)
        taken_back = await manager.delete(f"/api/v1/attachments/{one}/publication")
        assert taken_back.json() == {"id": one, "href": None, "boxes": []}
    assert (await stranger.get(f"/api/v1/public-pictures/{one}")).status_code == 404


def of_plate(data: bytes) -> int:
    """The contrast between the plate's letters and its ground."""
    with Image.open(BytesIO(data)) as image:
        return contrast(image.crop((205, 215, 440, 258)))


@pytest.mark.parametrize(
    ("data", "boxes", "status"),
    [(PDF, [], 409), (made("PNG"), [{"left": 900, "top": 0, "width": 5, "height": 5}], 422)],
)
async def test_a_release_that_makes_no_sense_is_refused(
    house: SmallHouse, data: bytes, boxes: list[dict[str, int]], status: int
) -> None:
    _, one = await filed(house, data)
    async with house.client("manager") as manager:
        answer = await manager.put(f"/api/v1/attachments/{one}/publication", json={"boxes": boxes})
    assert answer.status_code == status

"""What the public may read of a 민원: a text that staff wrote for it, free of whatever could name the citizen."""

import re
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from civic.cases import history
from civic.cases.case import Actor, Case
from civic.cases.writing import locked, store
from civic.people.service import contact_of
from core.errors import BadInput
from core.masking import mask
from core.vault import vault_of

_PHONE = re.compile(r"(?<!\d)(?:\+?82[-. ]?|0)\d{1,3}[-. )]{0,2}\d{3,4}[-. ]?\d{4}(?!\d)")
_MAIL = re.compile(r"[\w.+-]+@[\w-]+\.\w+")
_NOT_LETTER = re.compile(r"[\W_]+")


async def publish(
    tx: AsyncConnection, case_id: UUID, text: str | None, actor: Actor, now: datetime, *, expected_version: int | None
) -> Case:
    """Release `text` to everybody (Open311, the board's neighbours), or take it back with None.

    Raises BadInput for a text that holds an identity or telephone number, an e-mail address or the citizen's name;
    else like `change.change_status`. What the city itself may be called on is no exception: it stands elsewhere.
    """
    case = await locked(tx, case_id, expected_version)
    if text is not None:
        await _must_name_nobody(tx, case, text)
    await history.write(
        tx,
        city_id=case.city_id,
        case_id=case_id,
        actor=actor,
        kind="published",
        from_value="public" if case.public_text is not None else "closed",
        to_value="public" if text is not None else "closed",
        is_public=False,
        now=now,
    )
    return await store(tx, case, {"public_text": text}, now)


async def _must_name_nobody(tx: AsyncConnection, case: Case, text: str) -> None:
    if mask(text) != text:
        raise _refused("주민등록번호·카드·계좌 같은 번호", "an identity, card or account number")
    if _PHONE.search(text):
        raise _refused("전화번호", "a telephone number")
    if _MAIL.search(text):
        raise _refused("전자우편 주소", "an e-mail address")
    if case.citizen_id is None:
        return
    name, phone = await contact_of(tx, vault_of(tx), case.citizen_id)
    letters = _NOT_LETTER.sub("", text).casefold()
    if (said := _NOT_LETTER.sub("", name).casefold()) and said in letters:
        raise _refused("민원인의 성함", "the citizen's name")
    if (digits := re.sub(r"\D", "", phone)) and digits[-8:] in re.sub(r"\D", "", text):
        raise _refused("민원인의 전화번호", "the citizen's telephone number")


def _refused(korean: str, english: str) -> BadInput:
    return BadInput(f"공개할 글에서 빼 주세요: {korean}.", f"The public text holds {english}.")

"""Refused rows of an import, written below `var` until they are handed out."""

import asyncio
from collections.abc import Sequence

from api.deps import House
from api.exports.handing import Made, begun
from civic.arrears.ledger.imports import Import
from civic.arrears.ledger.rejecting import write_rejects
from civic.arrears.ledger.staging import Refusal
from civic.exports import service as exports
from civic.exports.service import Format


async def made_file(house: House, one: Import, refused: Sequence[Refusal], file_format: Format) -> Made:
    """The file, whole."""
    made = begun(house, file_format)
    try:
        rules = house.settings.arrears.ledger
        await asyncio.to_thread(write_rejects, made.path, one.kind, refused, file_format, rules)
        made.sha256, made.size = await asyncio.to_thread(exports.fingerprint, made.path)
    except BaseException:
        made.path.unlink(missing_ok=True)
        raise
    return made

"""Papers and clips besides pictures: which kinds the city takes is read from the bytes, never from a name."""

import io
import zipfile
from collections.abc import Mapping

from core.errors import BadInput

_OFFICE: Mapping[str, str] = {
    "word/document.xml": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xl/workbook.xml": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "ppt/presentation.xml": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
}
_HWPX = "application/hwp+zip"
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_HWP_MARK = b"HWP Document File"
_CLIPS: Mapping[bytes, str] = {
    b"qt  ": "video/quicktime",
    **dict.fromkeys((b"isom", b"iso2", b"mp41", b"mp42", b"avc1", b"M4V ", b"3gp4", b"3gp5", b"MSNV"), "video/mp4"),
}
_MOST_PARTS = 5_000
ENDINGS: Mapping[str, str] = {
    "application/pdf": "pdf",
    "application/x-hwp": "hwp",
    _HWPX: "hwpx",
    "video/mp4": "mp4",
    "video/quicktime": "mov",
    **dict(zip(_OFFICE.values(), ("docx", "xlsx", "pptx"), strict=True)),
}
"""Media type to the ending that a download gets. Exactly these kinds are taken."""


def paper_type(data: bytes) -> str | None:
    """The media type of a paper or clip that the city takes, else None (a name that somebody claims is not asked).

    Raises BadInput for an office file that carries macros: nobody needs one to complain.
    """
    if data[:5] == b"%PDF-":
        return "application/pdf"
    if data[4:8] == b"ftyp":
        return _CLIPS.get(data[8:12])
    if data[:8] == _OLE:
        return "application/x-hwp" if _HWP_MARK in data else None
    if data[:4] == b"PK\x03\x04":
        return _zipped(data)
    return None


def _zipped(data: bytes) -> str | None:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as packed:
            names = packed.namelist()[:_MOST_PARTS]
            if names and names[0] == "mimetype":
                with packed.open("mimetype") as first:
                    return _HWPX if first.read(64).strip() == _HWPX.encode() else None
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, RuntimeError):
        return None
    if any(name.lower().endswith("vbaproject.bin") for name in names):
        raise BadInput(
            "매크로가 든 문서는 받을 수 없습니다. PDF로 바꾸어 보내 주세요.",
            "Documents with macros are not taken; please send a PDF.",
        )
    return next((kind for part, kind in _OFFICE.items() if part in names), None)

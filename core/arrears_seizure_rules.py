"""What of the `arrears:` section of config.yml is about seizure: guards, approvals, banks."""

from typing import Any

from core.section import Section


class Seizure(Section):
    """How a batch of seizures goes (docs/desk/arrears-seizure.md)."""


class Banks(Section):
    """`gateways`: name to its settings; `vendor` names the file integrations/banks/<vendor>.py, `enabled` switches it
    on (docs/desk/arrears-banks.md)."""

    gateways: dict[str, dict[str, Any]] = {}

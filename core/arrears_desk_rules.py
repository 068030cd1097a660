"""What of the `arrears:` section of config.yml is about the citizens' side and the oversight."""

from core.section import Section


class Asking(Section):
    """How a citizen shows who he is and what he may ask for (docs/desk/arrears-citizens.md)."""


class Oversight(Section):
    """What was before, what is aimed at, what a letter costs (docs/desk/arrears-oversight.md)."""

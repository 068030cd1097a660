"""What of the `arrears:` section of config.yml is about notices: levels, waits, ways, runs."""

from core.section import Section


class Notices(Section):
    """The dunning ladder and its documents (docs/desk/arrears-notices.md)."""


class Runs(Section):
    """Sending one level to many people (docs/desk/arrears-runs.md)."""

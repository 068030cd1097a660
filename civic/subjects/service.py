"""What other rooms may use of the data subjects' room."""

from civic.subjects.export import as_text, export
from civic.subjects.find import Subject, find
from civic.subjects.forget import Forgotten, MustKeep, duty, forget, forget_nameless

__all__ = ["Forgotten", "MustKeep", "Subject", "as_text", "duty", "export", "find", "forget", "forget_nameless"]

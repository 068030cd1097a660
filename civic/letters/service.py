"""What other rooms may use of the post room."""

from civic.letters.listing import (
    STATES,
    NewLetter,
    address,
    cancel,
    letters_of,
    list_letter,
    mark_printed,
    mark_sent,
)

__all__ = ["STATES", "NewLetter", "address", "cancel", "letters_of", "list_letter", "mark_printed", "mark_sent"]

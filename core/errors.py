"""One error tree for the whole house, rendered only at the edges.

`status` serves the api, `retry` the workers, `text_key` the citizen, `reason_ko`/`reason_en` staff and operators.
"""

from collections.abc import Mapping


class SinmungoError(Exception):
    """What goes wrong by rule and not by accident. Reasons never hold a citizen's text or address."""

    status = 500
    code = "internal"
    retry = False
    text_key = "error.internal"

    def __init__(self, reason_ko: str, reason_en: str, **context: object) -> None:
        super().__init__(f"{reason_ko} ({reason_en})")
        self.reason_ko = reason_ko
        self.reason_en = reason_en
        self.context: Mapping[str, object] = context


class ConfigError(SinmungoError):
    """config.yml or an environment value cannot be used; the message names file, key, line, expectation."""

    code = "config"


class BadInput(SinmungoError):
    """The caller's value is not usable."""

    status = 422
    code = "bad_input"
    text_key = "error.bad_input"


class NotFound(SinmungoError):
    status = 404
    code = "not_found"
    text_key = "error.not_found"


class NotSignedIn(SinmungoError):
    status = 401
    code = "not_signed_in"


class Forbidden(SinmungoError):
    """Signed in, but the role or the law does not allow it."""

    status = 403
    code = "forbidden"


class Conflict(SinmungoError):
    """Somebody else changed it first, or the change is not allowed from the present state."""

    status = 409
    code = "conflict"
    text_key = "error.conflict"


class PreconditionFailed(SinmungoError):
    """The If-Match version is not the stored one (RFC 9110 §13.1.1)."""

    status = 412
    code = "precondition_failed"


class PreconditionRequired(SinmungoError):
    """A change came without If-Match (RFC 6585 §3)."""

    status = 428
    code = "precondition_required"


class TooMany(SinmungoError):
    status = 429
    code = "too_many"
    retry = True


class Unavailable(SinmungoError):
    """The database or an outside system is away: ask again later."""

    status = 503
    code = "unavailable"
    retry = True
    text_key = "error.unavailable"

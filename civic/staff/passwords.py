"""Passwords of staff: Argon2id (RFC 9106), a rule that people can keep, and the same cost for a login nobody has."""

import asyncio
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from core.errors import BadInput

MIN_LENGTH, MAX_LENGTH = 10, 128
_MIN_DIFFERENT = 5
_hasher = PasswordHasher()  # RFC 9106 §4, second recommended option: 64 MiB, 3 passes, 4 lanes


def check_password(password: str, login: str) -> None:
    """개인정보의 안전성 확보조치 기준 §5 ⑤: length and variety. Raises BadInput."""
    kinds = sum(
        any(test(char) for char in password)
        for test in (str.islower, str.isupper, str.isdigit, lambda char: not char.isalnum())
    )
    if (
        not MIN_LENGTH <= len(password) <= MAX_LENGTH
        or kinds < 2
        or len(set(password)) < _MIN_DIFFERENT
        or login.lower() in password.lower()
        or not password.isprintable()
    ):
        raise BadInput(
            "비밀번호는 10자 이상 128자 이하로, 영문 대·소문자, 숫자, 기호 가운데 두 가지 이상을 섞고 "
            "아이디를 넣지 말아 주세요.",
            "A password has 10 to 128 characters of at least two kinds (lower case, upper case, digits, signs) "
            "and does not hold the login.",
        )


async def hash_password(password: str) -> str:
    """Off the event loop: about 50 ms of one core."""
    return await asyncio.to_thread(_hasher.hash, password)


async def matches(stored: str | None, password: str) -> bool:
    """False for a wrong password and, after the same work, for `stored` None (no such login)."""
    return await asyncio.to_thread(_verify, stored, password)


def _verify(stored: str | None, password: str) -> bool:
    try:
        _hasher.verify(stored or _nobody(), password)
    except (VerificationError, InvalidHashError):
        return False
    return stored is not None


@cache
def _nobody() -> str:
    return _hasher.hash("nobody has this password")


def is_outdated(stored: str) -> bool:
    return _hasher.check_needs_rehash(stored)

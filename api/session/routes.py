"""Signing in and out, and who I am."""

import asyncio
from datetime import timedelta

from fastapi import APIRouter, Response

from api.deps import CallerDep, HouseDep
from api.session.schemas import Me, Session, SignIn
from civic.staff.service import ALLOWED, Member, Refused, sign_in, sign_out

router = APIRouter(tags=["session"])

_at_once = asyncio.Semaphore(4)
"""A password check holds a connection for its 50 ms: a flood of guesses must not take the whole pool."""


@router.post("/session", summary="로그인 (sign in)")
async def open_session(given: SignIn, house: HouseDep) -> Session:
    lifetime = timedelta(hours=house.settings.web.session_hours)
    async with _at_once, house.db.transaction() as tx:
        result = await sign_in(
            tx, house.settings.city.id, given.login, given.password, house.clock.now(), lifetime=lifetime
        )
    if isinstance(result, Refused):  # after the commit: the failure stays counted
        raise result.error()
    return Session(token=result.token, expires_at=result.expires_at, staff=me_of(result.member))


@router.delete("/session", status_code=204, summary="로그아웃 (sign out)")
async def close_session(asking: CallerDep, house: HouseDep) -> Response:
    async with house.db.transaction() as tx:
        await sign_out(tx, asking.token, house.clock.now())
    return Response(status_code=204)


@router.get("/me", summary="내 정보 (who am I)")
async def me(asking: CallerDep) -> Me:
    return me_of(asking.member)


def me_of(member: Member) -> Me:
    return Me(
        id=member.id,
        login=member.login,
        name=member.name,
        role=member.role,
        department_id=member.department_id,
        actions=sorted(ALLOWED[member.role]),
    )

"""Signing in, in one step or two, and out."""

import asyncio

from fastapi import APIRouter, Response

from api.deps import HouseDep, NewcomerDep, OriginDep, policy_of
from api.session.schemas import SecondFactorAsked, SecondStep, Session, SignIn
from api.session.showing import me_of
from civic.staff.service import Challenged, Refused, SignedIn, second_step, sign_in, sign_out

router = APIRouter(tags=["session"])

_at_once = asyncio.Semaphore(4)
"""A password check holds a connection for its 50 ms: a flood of guesses must not take the whole pool."""


@router.post("/session", summary="로그인 (sign in)")
async def open_session(given: SignIn, house: HouseDep, origin: OriginDep) -> Session | SecondFactorAsked:
    """A token; or for whoever has a second factor, a challenge that goes to /session/second with the code."""
    policy, now = policy_of(house.settings), house.clock.now()
    async with _at_once, house.db.transaction() as tx:
        result = await sign_in(tx, house.settings.city.id, given.login, given.password, now, policy, origin)
    if isinstance(result, Refused):  # after the commit: the failure stays counted
        raise result.error()
    if isinstance(result, Challenged):
        return SecondFactorAsked(challenge=result.challenge, expires_at=result.expires_at)
    return _session(result)


@router.post("/session/second", summary="로그인 2단계 (second step)")
async def pass_second_step(given: SecondStep, house: HouseDep, origin: OriginDep) -> Session:
    """With the code of the app or a recovery code. A code is worth something once."""
    policy, now = policy_of(house.settings), house.clock.now()
    async with _at_once, house.db.transaction() as tx:
        result = await second_step(tx, house.settings.city.id, given.challenge, given.code, now, policy, origin)
    if isinstance(result, Refused):
        raise result.error()
    return _session(result)


@router.delete("/session", status_code=204, summary="로그아웃 (sign out)")
async def close_session(asking: NewcomerDep, house: HouseDep) -> Response:
    async with house.db.transaction() as tx:
        await sign_out(tx, asking.token, house.clock.now())
    return Response(status_code=204)


def _session(signed: SignedIn) -> Session:
    shown = me_of(signed.member, signed.needs, signed.second_factor_due)
    return Session(token=signed.token, expires_at=signed.expires_at, staff=shown)

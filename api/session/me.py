"""One's own account: who I am, my password, my second factor, my sessions."""

from uuid import UUID

from fastapi import APIRouter, Response

from api.deps import CallerDep, HouseDep, NewcomerDep, policy_of
from api.session.schemas import Code, Ended, FactorRemoval, Me, NewFactor, NewPassword, RecoveryCodes, SessionRow
from api.session.showing import me_of
from civic.staff import second_factor, sessions
from civic.staff.credentials import change_own_password

router = APIRouter(prefix="/me", tags=["session"])


@router.get("", summary="내 정보 (who am I)")
async def me(asking: NewcomerDep) -> Me:
    return me_of(asking.member, asking.needs, asking.second_factor_due)


@router.post("/password", status_code=204, summary="비밀번호 바꾸기 (change my password)")
async def change_password(given: NewPassword, asking: NewcomerDep, house: HouseDep) -> Response:
    """All my other sessions end. A wrong present password counts as a failed sign-in."""
    async with house.db.transaction() as tx:
        await asking.still_here(tx, house)
        wrong = await change_own_password(
            tx, asking.member.id, given.current, given.new, house.clock.now(), session_id=asking.session_id
        )
    if wrong is not None:  # after the commit: the failure stays counted
        raise wrong.error()
    return Response(status_code=204)


@router.post("/totp", status_code=201, summary="2단계 인증 등록 시작 (begin a second factor)")
async def begin_factor(asking: NewcomerDep, house: HouseDep) -> NewFactor:
    """Secret and QR picture for an authenticator app, shown once; it counts after /me/totp/confirm."""
    issuer = f"{house.settings.city.name.ko} 신문고"
    async with house.db.transaction() as tx:
        await asking.still_here(tx, house)
        made = await second_factor.enrol(tx, asking.member.id, issuer, house.clock.now())
    return NewFactor(secret=made.secret, uri=made.uri, qr_svg=made.qr_svg)


@router.post("/totp/confirm", summary="2단계 인증 등록 마치기 (confirm a second factor)")
async def confirm_factor(given: Code, asking: NewcomerDep, house: HouseDep) -> RecoveryCodes:
    """With a first code of the app. Ten recovery codes, shown once; all my other sessions end."""
    async with house.db.transaction() as tx:
        await asking.still_here(tx, house)
        codes = await second_factor.confirm(
            tx, asking.member.id, given.code, house.clock.now(), session_id=asking.session_id
        )
    return RecoveryCodes(recovery_codes=codes)


@router.delete("/totp", status_code=204, summary="2단계 인증 해제 (remove my second factor)")
async def remove_factor(given: FactorRemoval, asking: CallerDep, house: HouseDep) -> Response:
    """With password and a code. A role that must have one goes on with a session that may only set a new one."""
    async with house.db.transaction() as tx:
        await asking.still_here(tx, house)
        wrong = await second_factor.remove(tx, asking.member.id, given.password, given.code, house.clock.now())
    if wrong is not None:
        raise wrong.error()
    return Response(status_code=204)


@router.get("/sessions", summary="내 로그인 세션 (my sessions)")
async def my_sessions(asking: CallerDep, house: HouseDep) -> list[SessionRow]:
    async with house.db.transaction() as tx:
        found = await sessions.sessions_of(tx, asking.member.id, house.clock.now(), policy_of(house.settings))
    rows = [SessionRow.model_validate(one) for one in found]
    return [row.model_copy(update={"is_this": row.id == asking.session_id}) for row in rows]


@router.delete("/sessions/{session_id}", status_code=204, summary="내 세션 하나 끝내기 (end one of my sessions)")
async def end_session(session_id: UUID, asking: CallerDep, house: HouseDep) -> Response:
    async with house.db.transaction() as tx:
        await sessions.revoke(tx, asking.member, session_id, house.clock.now())
    return Response(status_code=204)


@router.delete("/sessions", summary="내 다른 세션 모두 끝내기 (end all my other sessions)")
async def end_other_sessions(asking: CallerDep, house: HouseDep) -> Ended:
    async with house.db.transaction() as tx:
        await asking.still_here(tx, house)
        count = await sessions.revoke_others(tx, asking.member, asking.session_id, house.clock.now())
    return Ended(count=count)

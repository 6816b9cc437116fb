"""Sessions: sign in, sign out, who am I."""

from typing import Annotated

from fastapi import APIRouter, Depends, Response
from starlette.requests import Request

from api.access import COOKIE, Place, SignedIn, client_address, csrf_token, slow_down_stranger
from api.bodies import json_body
from api.openapi import takes
from api.problems import language
from api.refusals import refuses
from api.sessions.schemas import Me, SessionOut, SignIn
from api.sessions.service import sign_in, sign_out
from storage.accounts import Account

router = APIRouter(tags=["sessions"])


@router.post(
    "/sessions",
    status_code=201,
    openapi_extra=takes(SignIn, {"user": "dispatcher", "password": "…"}),
    operation_id="sign_in",
    summary="Sign in",
)
@refuses("wrong_credentials", "too_many_requests", "too_many_failures", "storage_unavailable")
async def open_(
    request: Request, response: Response, place: Place, body: Annotated[SignIn, Depends(json_body(SignIn))]
) -> SessionOut:
    """Give user and password, get a token for ``Authorization: Bearer``."""
    address = client_address(request)
    slow_down_stranger(request)
    session = await sign_in(place, body.user, body.password, address)
    if body.cookie:
        set_cookie(response, session.token, secure=place.settings.cookie_secure, hours=place.settings.session_hours)
    return SessionOut(
        token=session.token,
        expires_at=session.expires_at,
        csrf=csrf_token(session.token),
        user=me_of(session.account, language(request.headers.get("accept-language"))),
    )


@router.delete("/sessions/current", status_code=204, operation_id="sign_out", summary="Sign out")
async def close(place: Place, who: SignedIn, response: Response) -> None:
    """End the session this request came with."""
    await sign_out(place, who.token)
    response.delete_cookie(COOKIE)


@router.get("/me", operation_id="who_am_i", summary="Who am I")
async def me(request: Request, who: SignedIn) -> Me:
    """Say who is signed in."""
    return me_of(who.account, language(request.headers.get("accept-language")))


def me_of(account: Account, lang: str) -> Me:
    """Return an account as others may see it."""
    return Me(
        user=account.user,
        name=account.name_zh if lang == "zh" else account.name_en,
        name_zh=account.name_zh,
        name_en=account.name_en,
        roles=account.roles,
        unit=account.unit,
        district=account.district,
    )


def set_cookie(response: Response, token: str, *, secure: bool, hours: float) -> None:
    """Give the session to a browser."""
    response.set_cookie(
        COOKIE, token, max_age=int(hours * 3600), httponly=True, samesite="lax", secure=secure, path="/"
    )

"""Signing in and out; the role one acts in."""

from typing import Annotated, Final
from urllib.parse import urlencode

from fastapi import APIRouter, Form, Query
from starlette.requests import Request
from starlette.responses import Response

from api.access import COOKIE, Place, client_address, slow_down_stranger, viewer_of
from api.bodies import UNWANTED
from api.console.page import go, keep, render
from api.console.refusing import in_words, waiting
from api.console.visiting import HOME, ROLE_COOKIE, Visiting, inside, language_of, same_origin
from api.problems import Problem
from api.sessions.routes import set_cookie
from api.sessions.service import sign_in, sign_out

router = APIRouter()
SIGN_IN: Final = "/console/sign-in"


@router.get("/sign-in")
async def ask(request: Request, back: Annotated[str | None, Query(max_length=500)] = None) -> Response:
    """Show the sign-in form; who is signed in goes on."""
    if await viewer_of(request) is not None:
        return go(request, inside(back))
    return render(request, "sign_in.html", back=inside(back), user="", wrong=None)


@router.post("/sign-in")
async def enter(
    request: Request,
    place: Place,
    user: Annotated[str, Form(max_length=80)] = "",
    password: Annotated[str, Form(max_length=200)] = "",
    back: Annotated[str | None, Form(max_length=500)] = None,
) -> Response:
    """Sign in and go where one wanted to go; a wrong user or password is said in the form."""
    same_origin(request)
    address = client_address(request)
    slow_down_stranger(request)
    try:
        session = await sign_in(place, UNWANTED.sub("", user).strip(), password, address)
    except Problem as problem:
        wrong = in_words(problem, language_of(request))
        page = render(request, "sign_in.html", status=problem.status, back=inside(back), user=user, wrong=wrong)
        return waiting(page, problem)
    response = go(request, inside(back))
    set_cookie(response, session.token, secure=place.settings.cookie_secure, hours=place.settings.session_hours)
    return response


@router.post("/sign-out")
async def leave(request: Request, place: Place, visit: Visiting) -> Response:
    """End the session."""
    await sign_out(place, visit.viewer.token)
    response = go(request, SIGN_IN)
    response.delete_cookie(COOKIE)
    response.delete_cookie(ROLE_COOKIE, path="/console")
    return response


@router.post("/role")
async def role(
    request: Request,
    place: Place,
    visit: Visiting,
    role: Annotated[str, Form(max_length=40)] = "",
    back: Annotated[str | None, Form(max_length=500)] = None,
) -> Response:
    """Act in one role, or in all of one's roles when ``role`` is empty."""
    if role and role not in visit.viewer.account.roles:
        raise Problem(403, "role_not_held", role=role)
    response = go(request, inside(back) if back else HOME)
    keep(response, ROLE_COOKIE, role, secure=place.settings.cookie_secure)
    return response


def address(back: str) -> str:
    """Return the sign-in page's address; ``back`` is where to go afterwards."""
    return SIGN_IN if back == HOME else f"{SIGN_IN}?{urlencode({'back': back})}"

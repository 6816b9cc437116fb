"""Who looks at a page, in which language and in which role; strangers are sent to the sign-in page."""

from dataclasses import dataclass
from typing import Annotated, Final
from urllib.parse import urlsplit

from fastapi import Depends
from starlette.requests import Request

from api.access import Viewer, slow_down, slow_down_stranger, viewer_of
from api.problems import Problem, language
from api.services import services
from storage.texts import LANGUAGES

LANGUAGE_COOKIE: Final = "sanhuan_lang"
ROLE_COOKIE: Final = "sanhuan_role"
HOME: Final = "/console/"


class SignInFirst(Exception):
    """A stranger asks for a page that needs a name. ``back`` is where he wanted to go."""

    def __init__(self, back: str) -> None:
        super().__init__(back)
        self.back = back


@dataclass(frozen=True)
class Visit:
    """A signed-in person at a page. ``chosen`` is the one role he wants to act in, None for all of his."""

    viewer: Viewer
    lang: str
    chosen: str | None


def language_of(request: Request) -> str:
    """Return the language of the page: ``?lang=``, then the cookie, then the browser's wish, then zh."""
    for wish in (request.query_params.get("lang"), request.cookies.get(LANGUAGE_COOKIE)):
        if wish in LANGUAGES:
            return wish
    return language(request.headers.get("accept-language"))


async def visit(request: Request) -> Visit:
    """Return the visit. Raises :class:`SignInFirst`; refuses 403 for foreign origins, 429 for too many requests."""
    found = await viewer_of(request)
    if found is None:
        slow_down_stranger(request)
        raise SignInFirst(_wanted(request))
    slow_down(services(request), f"account:{found.account.user}")
    chosen = request.cookies.get(ROLE_COOKIE)
    if chosen not in found.account.roles or len(found.account.roles) == 1:
        chosen = None
    here = Visit(Viewer(found.account, found.token, chosen), language_of(request), chosen)
    request.state.visit = here  # so that a page about an error still knows who looks
    return here


Visiting = Annotated[Visit, Depends(visit)]


def same_origin(request: Request) -> None:
    """Refuse with 403 ``csrf`` a form that does not come from one of our pages."""
    origin = request.headers.get("origin")
    if origin is None or urlsplit(origin).netloc != request.headers.get("host"):
        raise Problem(403, "csrf")


def inside(target: str | None) -> str:
    """Return ``target`` if it is a page of the console, else the start page: no redirect leads elsewhere."""
    if target is None or not target.startswith("/console/") or "\\" in target or "//" in target:
        return HOME
    return target


def _wanted(request: Request) -> str:
    if request.method != "GET":
        return HOME
    query = f"?{request.url.query}" if request.url.query else ""
    return inside(request.url.path + query)

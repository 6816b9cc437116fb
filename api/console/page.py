"""Rendering: one Jinja environment, what every page knows, and the headers every page has.

Pages hold no script and no style of their own, so the Content-Security-Policy allows neither; nothing comes from another host.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from api.console import wording
from api.console.kinds import KINDS, kind_of
from api.console.visiting import LANGUAGE_COOKIE, Visit, language_of
from api.courses import course
from api.services import services
from domain.clock import wall
from domain.deciders import DECIDERS
from storage.texts import LANGUAGES, known, text

HERE: Final = Path(__file__).parent
STATIC: Final = HERE / "static"
COOKIE_AGE_S: Final = 365 * 24 * 3600

POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS: Final[Mapping[str, str]] = {"content-security-policy": POLICY, "cache-control": "no-store"}

templates: Final = Environment(
    loader=FileSystemLoader(HERE / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


@dataclass(frozen=True)
class Link:
    """One entry of the menu: its text, its page, the roles that need it (none named: all)."""

    key: str
    href: str
    roles: frozenset[str] = frozenset()


MENU: Final = (
    Link("console.menu.inbox", "/console/"),
    Link("console.menu.intake", "/console/requests/new", frozenset({"agent"})),
    Link("console.menu.cases", "/console/cases"),
    Link("console.menu.incidents", "/console/incidents", frozenset({"operator"})),
    Link("console.menu.operations", "/console/operations", frozenset({"operator"})),
)
INLINE: Final = 4
"""So many lists of processes stand in the bar; more are folded."""


def render(
    request: Request, template: str, visit: Visit | None = None, *, status: int = 200, **values: Any
) -> HTMLResponse:
    """Return a page, or the part of one that htmx asked for."""
    lang = visit.lang if visit else language_of(request)
    now = services(request).now()
    common = {
        "lang": lang,
        "html_lang": "zh-CN" if lang == "zh" else "en",
        "other": LANGUAGES[1 - LANGUAGES.index(lang)],
        "other_href": _in_other_language(request, LANGUAGES[1 - LANGUAGES.index(lang)]),
        "visit": visit,
        "path": request.url.path,
        "part": wants_part(request),
        "now": now,
        "menu": _menu(visit),
        "boards": _boards(visit),
        "inline": INLINE,
        "asset": asset,
        "t": lambda key, **kw: text(key, lang, **kw),
        "label": lambda kind, code: wording.label(kind, code, lang),
        "cause": lambda code: wording.cause(code, lang),
        "known": known,
        "wall": lambda at, exact=False: wall(at, exact=exact),
        "until": lambda at, exact=False: wall(at, end=True, exact=exact),
        "fine": wording.fine,
        "left": lambda due: wording.left(due, now, lang),
        "ago": lambda since: wording.lasted(now - since, lang),
        "lasted": lambda length: wording.lasted(length, lang),
        "target_name": lambda target, units: wording.target_name(target, units, lang),
        "clock_name": lambda key, units=None: wording.clock_name(key, lang, units),
        "rule_name": lambda rule: wording.rule_name(rule, lang),
        "todo_name": lambda todo: wording.todo_name(todo.rule, todo.commands, lang),
        "page_of": wording.page_of,
        "short": wording.short,
        "process_name": lambda process: wording.process_name(process, lang),
        "level_name": lambda kind, level: wording.word_label(kind, kind_of(kind).level, level, lang),
        "course": lambda kind, stage: course(kind, stage, lang),
        "lines": lines,
    }
    body = templates.get_template(template).render({**common, **values})
    response = HTMLResponse(body, status_code=status, headers={**HEADERS, "content-language": lang, "vary": "Cookie"})
    if request.query_params.get("lang") in LANGUAGES:
        keep(response, LANGUAGE_COOKIE, lang, secure=services(request).settings.cookie_secure)
    return response


def go(request: Request, target: str) -> Response:
    """Send the browser to another page, whether it asked by itself or through htmx."""
    if wants_part(request):
        return Response(status_code=200, headers={**HEADERS, "HX-Redirect": target})
    return RedirectResponse(target, status_code=303, headers=dict(HEADERS))


def keep(response: Response, cookie: str, value: str, *, secure: bool) -> None:
    """Let the browser remember a choice."""
    response.set_cookie(
        cookie, value, max_age=COOKIE_AGE_S, httponly=True, samesite="lax", secure=secure, path="/console"
    )


def wants_part(request: Request) -> bool:
    """Say whether htmx asked, which swaps parts of a page."""
    return request.headers.get("hx-request") == "true"


def lines(words: str) -> Markup:
    """Return a text with its line breaks; everything else of it is escaped."""
    return Markup("<br>").join(words.split("\n"))


@cache
def asset(name: str) -> str:
    """Return the address of a static file; it changes with the file, so that browsers may keep it for ever."""
    digest = sha256((STATIC / name).read_bytes()).hexdigest()[:12]
    return f"/console/static/{name}?v={digest}"


def _menu(visit: Visit | None) -> tuple[Link, ...]:
    return _seen(visit, MENU)


def _boards(visit: Visit | None) -> tuple[Link, ...]:
    """Return the lists of processes beside the case that the viewer's work is about."""
    known_ = ((kind, how) for kind, how in KINDS.items() if kind in DECIDERS)
    return _seen(visit, [Link(f"console.menu.{kind}", f"/console/boards/{kind}", how.menu) for kind, how in known_])


def _seen(visit: Visit | None, links: Iterable[Link]) -> tuple[Link, ...]:
    if visit is None:
        return ()
    roles = set(visit.viewer.roles)
    return tuple(link for link in links if not link.roles or roles & link.roles)


def _in_other_language(request: Request, lang: str) -> str:
    """Return this page's address in the other language; a page that answers a form has none but its start."""
    if request.method != "GET":
        return f"{request.url.path}?lang={lang}" if "/acts/" in request.url.path else f"/console/?lang={lang}"
    return f"{request.url.path}?{request.url.include_query_params(lang=lang).query}"

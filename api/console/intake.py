"""登记: the form of an agent who writes down what a caller says."""

import secrets
from collections.abc import Mapping
from typing import Any, Final

from fastapi import APIRouter, BackgroundTasks
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from api.access import KEY, Place, client_address
from api.bodies import check, hostile
from api.console.forms import code_of, shown
from api.console.page import HEADERS, render
from api.console.refusing import in_words, waiting, whole
from api.console.visiting import Visit, Visiting
from api.problems import Problem, invalid
from api.requests.intake import ROLES, Taken, admit, register
from api.requests.schemas import RequestIn
from api.services import Services
from domain.casework.words import CallerType, CaseType, Channel, Grade
from storage import city
from storage.policies import load_pack, pack_ids
from storage.texts import text

router = APIRouter()
CALLER: Final = ("type", "name", "phone", "address")
PLAIN: Final = ("channel", "case_type", "title", "content", "place", "grade", "reply_preference", "source", "pack")
PLACES: Final = ("district", "street")
MOST_FIELDS: Final = 100
LONGEST_FIELD: Final = 128 * 1024
REPLIES: Final = ("phone", "sms", "letter", "none")
FIRST: Final[Mapping[str, str]] = {
    "channel": "phone",
    "case_type": "complaint",
    "grade": "grade_normal",
    "reply_preference": "phone",
    "caller_type": "person",
}


@router.get("/requests/new")
def form(request: Request, place: Place, visit: Visiting) -> Response:
    """Show the empty form."""
    visit.viewer.holds(*ROLES)
    return _form(request, place, visit, FIRST)


@router.post("/requests/new")
async def take(request: Request, place: Place, visit: Visiting, background: BackgroundTasks) -> Response:
    """Register the request and go to its case; what is wrong is said at its field, and what was written stays."""
    async with request.form(max_files=0, max_fields=MOST_FIELDS, max_part_size=LONGEST_FIELD) as sent:
        given = {k: v.replace("\r\n", "\n") for k, v in sent.items() if isinstance(v, str)}
    whole(given.values())
    try:
        admit(place, visit.viewer, client_address(request))
        taken = await run_in_threadpool(_taken, place, visit, given)
    except Problem as problem:
        return await run_in_threadpool(_form, request, place, visit, given, problem)
    if taken.new:
        background.add_task(place.engine.start_case, taken.registered.process)
    target = f"/console/cases/{taken.registered.no}?done=register"
    return RedirectResponse(target, status_code=303, headers=dict(HEADERS), background=background)


def _taken(place: Services, visit: Visit, given: Mapping[str, str]) -> Taken:
    """Register what the form says, once for its key."""
    key, body = given.get("key", ""), _body(place, visit, given)
    if not KEY.fullmatch(key):
        raise Problem(400, "idempotency_key_missing")
    if errors := list(hostile(body, "")):
        raise invalid(*errors)
    return register(place, visit.viewer, key, check(RequestIn, body))


def _body(place: Services, visit: Visit, given: Mapping[str, str]) -> dict[str, Any]:
    """Return the body of the API's intake that the form describes; what was left empty is left out."""
    names = _places(place, visit.lang)
    body: dict[str, Any] = {name: given[name] for name in PLAIN if given.get(name, "").strip()}
    body |= {name: code_of(given[name], names[name]) for name in PLACES if given.get(name, "").strip()}
    caller = {name: given[f"caller_{name}"] for name in CALLER if given.get(f"caller_{name}", "").strip()}
    return {**body, "caller": caller, "confidential": given.get("confidential") == "yes", "language": visit.lang}


def _places(place: Services, lang: str) -> dict[str, dict[str, str]]:
    with place.database.read() as connection:
        return {
            level: {u.code: u.name_zh if lang == "zh" else u.name_en for u in city.list_units(connection, level=level)}
            for level in PLACES
        }


def _form(
    request: Request, place: Services, visit: Visit, given: Mapping[str, str], problem: Problem | None = None
) -> Response:
    lang = visit.lang
    places = _places(place, lang)
    with place.database.read() as connection:
        loaded = {row.id for row in city.list_policies(connection)}
        standard = city.setting(connection, "pack")
    packs = [(p, getattr(load_pack(p).title, lang)) for p in pack_ids() if p in loaded]
    wrong: dict[str, list[str]] = {}
    for error in problem.errors if problem else ():
        place_ = error.place.strip("/").replace("caller/", "caller_") or "form"
        wrong.setdefault("caller_type" if place_ == "caller" else place_, []).append(
            text(f"input.{error.code}", lang, **error.values)
        )
    choices = {
        "channel": [str(c) for c in Channel],
        "case_type": [str(c) for c in CaseType],
        "grade": [str(g) for g in Grade],
        "caller_type": [str(c) for c in CallerType],
        "reply_preference": list(REPLIES),
    }
    # What a choice was left without stays open: another program may send a form of ours without it.
    values = {**dict.fromkeys(choices, ""), "pack": standard or "", **given}
    page = render(
        request,
        "intake.html",
        visit,
        status=problem.status if problem else 200,
        refusal=in_words(problem, lang) if problem else None,
        wrong=wrong,
        values={k: shown(v, places[k]) if k in PLACES else v for k, v in values.items()},
        places=places,
        packs=packs,
        standard=standard,
        choices=choices,
        key=secrets.token_hex(16),
    )
    return waiting(page, problem)

"""办理: a form for every command, and the way of what is sent to the decision door, the same door the API has."""

import secrets
from typing import Annotated, Any, Final

from fastapi import APIRouter, Path, Query
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData, UploadFile
from starlette.requests import Request
from starlette.responses import Response

from api.access import KEY, Place
from api.bodies import check, hostile
from api.console.casefile import CaseFile, open_file
from api.console.forms import form_fields, read_form, takes_files, uploads
from api.console.page import go, render
from api.console.queue import InTurn, Turn, Where, onward, where
from api.console.refusing import faults, in_words, waiting, whole
from api.console.visiting import Visit, Visiting
from api.decisions import door
from api.decisions.door import Given
from api.decisions.routes import decide
from api.decisions.schemas import Asked, Pending, asked
from api.documents.routes import take as take_file
from api.problems import Problem, invalid, refused
from api.requests.routes import similar
from api.services import Services

router = APIRouter()
PROCESS: Final = "case"
MOST_FILES: Final = 20
MOST_FIELDS: Final = 200
LONGEST_FIELD: Final = 128 * 1024

No = Annotated[str, Path(max_length=40, pattern=r"^[\w-]+$")]
Name = Annotated[str, Path(max_length=60, pattern=r"^[a-z_]+$")]
Subject = Annotated[str | None, Query(max_length=300, pattern=r"^[\w.:@/+-]+$")]


@router.get("/cases/{no}/acts/{command}")
def form(
    request: Request,
    place: Place,
    visit: Visiting,
    no: No,
    command: Name,
    at: InTurn,
    subject: Subject = None,
) -> Response:
    """Show the form of a command; who works through his inbox sees what he did just now."""
    of = _asked(command)
    file = open_file(place, visit, no)
    given: dict[str, Any] = dict(file.suggested.get(command, {}))
    if command == "merge" and (twins := similar(no=no, place=place, who=visit.viewer)).lead:
        given = {"into": twins.lead}
    return _form(request, visit, file, of, subject, at, given)


@router.post("/cases/{no}/acts/{command}")
async def act(
    request: Request, place: Place, visit: Visiting, no: No, command: Name, at: InTurn, subject: Subject = None
) -> Response:
    """Give the decision and go on, to the next item if there is a turn.

    A refusal is said in the form, which keeps what was written; without an answer yet, a note says so.
    """
    of = _asked(command)
    file = await run_in_threadpool(open_file, place, visit, no)
    stood = await run_in_threadpool(where, place, at, no)
    async with request.form(max_files=MOST_FILES, max_fields=MOST_FIELDS, max_part_size=LONGEST_FIELD) as sent:
        whole(value for value in sent.values() if isinstance(value, str))
        said = read_form(of, sent, file.known)
        try:
            body = await _checked(place, visit, of, sent, said, file)
            given = Given(visit.viewer.actors(), f"{PROCESS}/{no}", of, body, _key(sent), _seen(sent))
            outcome = await decide(place, given)
        except Problem as problem:
            return _form(request, visit, file, of, subject, at, said, problem)
    if isinstance(outcome, Pending):
        return _pending(request, visit, no, command, outcome.command, at, status=202)
    return go(request, await run_in_threadpool(_next, place, visit, no, command, at, stood))


@router.get("/cases/{no}/commands/{command:path}")
def outcome(
    request: Request,
    place: Place,
    visit: Visiting,
    no: No,
    command: Annotated[str, Path(max_length=100, pattern=r"^d/[0-9a-f]{64}$")],
    at: InTurn,
) -> Response:
    """Say what became of a decision that was still under way; done, it leads back to the case or on to the next item."""
    found = door.status(place, command, visit.viewer.account.user, visit.lang)
    if found.outcome == "received":
        return _pending(request, visit, no, found.name, command, at)
    if found.outcome == "recorded":
        return go(request, _next(place, visit, no, found.name, at, None))
    return render(request, "error.html", visit, problem=refused(found.code or ""), words=found.text, faults=[])


def _next(place: Services, visit: Visit, no: str, command: str, at: Turn | None, stood: Where | None) -> str:
    """Return where one goes from a decision that took effect."""
    return f"/console/cases/{no}?done={command}" if at is None else onward(place, visit.viewer, at, no, stood, command)


def _pending(
    request: Request, visit: Visit, no: str, name: str, command: str, at: Turn | None, *, status: int = 200
) -> Response:
    return render(request, "pending.html", visit, status=status, no=no, command=name, id=command, turn=at)


def _form(
    request: Request,
    visit: Visit,
    file: CaseFile,
    of: Asked,
    subject: str | None,
    at: Turn | None,
    given: dict[str, Any] | None = None,
    problem: Problem | None = None,
) -> Response:
    fields = form_fields(of, subject, file.known, visit.lang, given, problem.errors if problem else ())
    named = {f.name for f in fields}
    others = [(p, w) for p, w in faults(problem, visit.lang) if p.partition("/")[0] not in named] if problem else []
    page = render(
        request,
        "act.html",
        visit,
        status=problem.status if problem else 200,
        file=file,
        view=file.view,
        command=of.name,
        subject=subject,
        order=next((o for o in file.view.orders if o.id == subject), None),
        incident=next((i for i in file.view.incidents if i.effect == subject), None),
        turn=at,
        todo=next((t for t in file.mine if at and t.key == at.todo), None),
        told=at.told if at else None,
        fields=fields,
        files=takes_files(of),
        key=secrets.token_hex(16),
        refusal=in_words(problem, visit.lang) if problem else None,
        others=others,
    )
    return waiting(page, problem)


async def _checked(
    place: Services, visit: Visit, of: Asked, sent: FormData, said: dict[str, Any], file: CaseFile
) -> dict[str, Any]:
    """Return the body as the door takes it. Files are kept only when the rest is right, before the decision names them."""
    errors = list(hostile(said, ""))
    if errors:
        raise invalid(*errors)
    check(of.body, said)
    if not takes_files(of):
        return check(of.body, said).model_dump(mode="json")
    documents = [await _kept(place, visit, file, f"{_key(sent)}-{n}", f) for n, f in enumerate(uploads(sent))]
    return check(of.body, {**said, "documents": documents}).model_dump(mode="json")


async def _kept(place: Services, visit: Visit, file: CaseFile, key: str, upload: UploadFile) -> str:
    """Keep one file and return its id."""
    claimed = (upload.content_type or "").partition(";")[0].strip().lower()
    content = await upload.read()
    kept = await run_in_threadpool(
        take_file, place, visit.viewer, key, file.view.process, content, claimed, upload.filename
    )
    return kept.id


def _asked(command: str) -> Asked:
    found = asked(PROCESS).get(command)
    if found is None:
        raise refused("unknown_command", {"command": command})
    return found


def _key(sent: FormData) -> str:
    key = sent.get("key")
    if not isinstance(key, str) or not KEY.fullmatch(key):
        raise Problem(400, "idempotency_key_missing")
    return key


def _seen(sent: FormData) -> int | None:
    seen = sent.get("seen")
    return int(seen) if isinstance(seen, str) and seen.isascii() and seen.isdigit() and len(seen) < 10 else None  # noqa: PLR2004 - fits every database's integer

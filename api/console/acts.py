"""办理: a form for every command of every process, and the way of what is sent to the decision door, the same door the API has."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Final

from fastapi import APIRouter, Path, Query
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData, UploadFile
from starlette.requests import Request
from starlette.responses import Response

from api.access import KEY, Place
from api.bodies import check, hostile
from api.console.casefile import CaseFile, open_file
from api.console.folder import Beginning, Folder
from api.console.forms import Known, flat, form_fields, read_form, takes_files, uploads
from api.console.page import go, render
from api.console.processfile import ProcessFile, open_process, opening_known, settled
from api.console.queue import InTurn, Turn, Where, onward, where
from api.console.refusing import faults, in_words, waiting, whole
from api.console.visiting import Visit, Visiting
from api.console.wording import page_of
from api.courses import Step, leads
from api.decisions import door
from api.decisions.door import Given
from api.decisions.routes import decide
from api.decisions.schemas import Asked, Pending, asked, is_many, openings, row_of
from api.documents.routes import take as take_file
from api.problems import Problem, invalid, refused
from api.proceedings.opening import opening
from api.proceedings.reading import LONGEST_ID, PROCESS_ID
from api.requests.routes import similar
from api.services import Services
from domain.deciders import DECIDERS
from domain.process import NEW
from storage.cases import CASE

router = APIRouter()
MOST_FILES: Final = 20
MOST_FIELDS: Final = 600
LONGEST_FIELD: Final = 128 * 1024
MORE: Final = "more:"
"""So begin the names of the buttons that ask for another row of a field."""

No = Annotated[str, Path(max_length=40, pattern=r"^[\w-]+$")]
OfProcess = Annotated[str, Path(max_length=LONGEST_ID, pattern=PROCESS_ID)]
Name = Annotated[str, Path(max_length=60, pattern=r"^[a-z_]+$")]
CommandId = Annotated[str, Path(max_length=100, pattern=r"^d/[0-9a-f]{64}$")]
Subject = Annotated[str | None, Query(max_length=300, pattern=r"^[\w.:@/+-]+$")]


@router.get("/cases/{no}/acts/{command}")
def form(
    request: Request, place: Place, visit: Visiting, no: No, command: Name, at: InTurn, subject: Subject = None
) -> Response:
    """Show the form of a command; who works through his inbox sees what he did just now."""
    return _show(request, place, visit, f"{CASE}/{no}", command, at, subject)


@router.post("/cases/{no}/acts/{command}")
async def act(
    request: Request, place: Place, visit: Visiting, no: No, command: Name, at: InTurn, subject: Subject = None
) -> Response:
    """Give the decision and go on, to the next item if there is a turn.

    A refusal is said in the form, which keeps what was written; without an answer yet, a note says so.
    """
    return await _act(request, place, visit, f"{CASE}/{no}", command, at, subject)


@router.get("/cases/{no}/commands/{command:path}")
def outcome(request: Request, place: Place, visit: Visiting, no: No, command: CommandId, at: InTurn) -> Response:
    """Say what became of a decision that was still under way; done, it leads back to the case or on to the next item."""
    return _outcome(request, place, visit, f"{CASE}/{no}", command, at)


@router.get("/processes/new/{kind}/{command}")
def begin_form(request: Request, place: Place, visit: Visiting, kind: Name, command: Name) -> Response:
    """Show the form by which a process begins; the address may name what it is about."""
    of, file = _beginning(place, visit, kind, command)
    asked_for = request.query_params
    given: dict[str, Any] = {
        name: asked_for[name]
        for name, info in of.body.model_fields.items()
        if name in asked_for and not is_many(info) and row_of(info) is None
    }
    if "entries" in of.body.model_fields and "case" in asked_for:
        given["entries"] = [{"holder": f"{CASE}/{asked_for['case']}"}]
    return _form(request, visit, Sheet(file, file.known, of), given)


@router.post("/processes/new/{kind}/{command}")
async def begin(request: Request, place: Place, visit: Visiting, kind: Name, command: Name) -> Response:
    """Begin the process and go to its page."""
    of, file = await run_in_threadpool(_beginning, place, visit, kind, command)
    async with request.form(max_files=0, max_fields=MOST_FIELDS, max_part_size=LONGEST_FIELD) as sent:
        whole(value for value in sent.values() if isinstance(value, str))
        said = read_form(of, sent, file.known)
        if more := next((name.removeprefix(MORE) for name in sent if name.startswith(MORE)), None):
            return _form(request, visit, Sheet(file, file.known, of), said, more=more)
        try:
            body = _plain(of, said)
            done = await decide(place, opening(visit.viewer, kind, of, body, _key(sent), place.now()))
        except Problem as problem:
            return _form(request, visit, Sheet(file, file.known, of), said, problem)
    if isinstance(done, Pending):
        return _pending(request, visit, done.process, command, done.command, None, status=202)
    return go(request, f"{page_of(done.process)}?done={command}")


@router.get("/processes/{process:path}/acts/{command}")
def form_beside(
    request: Request,
    place: Place,
    visit: Visiting,
    process: OfProcess,
    command: Name,
    at: InTurn,
    subject: Subject = None,
) -> Response:
    """Show the form of a command of a process beside the case."""
    return _show(request, place, visit, process, command, at, subject)


@router.post("/processes/{process:path}/acts/{command}")
async def act_beside(
    request: Request,
    place: Place,
    visit: Visiting,
    process: OfProcess,
    command: Name,
    at: InTurn,
    subject: Subject = None,
) -> Response:
    """Give the decision and go on."""
    return await _act(request, place, visit, process, command, at, subject)


@router.get("/processes/{process:path}/commands/{command:path}")
def outcome_beside(
    request: Request, place: Place, visit: Visiting, process: OfProcess, command: CommandId, at: InTurn
) -> Response:
    """Say what became of a decision that was still under way."""
    return _outcome(request, place, visit, process, command, at)


def _show(
    request: Request, place: Services, visit: Visit, process: str, command: str, at: Turn | None, subject: str | None
) -> Response:
    of = _asked(process, command)
    file = _open(place, visit, process)
    given: dict[str, Any] = dict(file.suggested.get(command, {}))
    if isinstance(file, CaseFile) and command == "merge":
        twins = similar(no=file.view.no, place=place, who=visit.viewer)
        given = {"into": twins.lead} if twins.lead else given
    return _form(request, visit, Sheet(file, _known(place, visit, file, of, subject), of, subject, at), given)


async def _act(
    request: Request, place: Services, visit: Visit, process: str, command: str, at: Turn | None, subject: str | None
) -> Response:
    of = _asked(process, command)
    file = await run_in_threadpool(_open, place, visit, process)
    known = _known(place, visit, file, of, subject)
    sheet = Sheet(file, known, of, subject, at)
    stood = await run_in_threadpool(where, place, at, process)
    async with request.form(max_files=MOST_FILES, max_fields=MOST_FIELDS, max_part_size=LONGEST_FIELD) as sent:
        whole(value for value in sent.values() if isinstance(value, str))
        said = read_form(of, sent, known)
        if more := next((name.removeprefix(MORE) for name in sent if name.startswith(MORE)), None):
            return _form(request, visit, sheet, said, more=more)
        try:
            body = await _checked(place, visit, of, sent, said, file)
            done = await decide(place, Given(visit.viewer.actors(), process, of, body, _key(sent), _seen(sent)))
        except Problem as problem:
            return _form(request, visit, sheet, said, problem)
    if isinstance(done, Pending):
        return _pending(request, visit, process, command, done.command, at, status=202)
    return go(request, await run_in_threadpool(_next, place, visit, process, command, at, stood))


def _outcome(request: Request, place: Services, visit: Visit, process: str, command: str, at: Turn | None) -> Response:
    found = door.status(place, command, visit.viewer.account.user, visit.lang)
    if found.outcome == "received":
        return _pending(request, visit, process, found.name, command, at)
    if found.outcome == "recorded":
        return go(request, _next(place, visit, process, found.name, at, None))
    return render(request, "error.html", visit, problem=refused(found.code or ""), words=found.text, faults=[])


def _next(place: Services, visit: Visit, process: str, command: str, at: Turn | None, stood: Where | None) -> str:
    """Return where one goes from a decision that took effect."""
    if at is None:
        return f"{page_of(process)}?done={command}"
    return onward(place, visit.viewer, visit.lang, at, process, stood, command)


def _pending(
    request: Request, visit: Visit, process: str, name: str, command: str, at: Turn | None, *, status: int = 200
) -> Response:
    return render(request, "pending.html", visit, status=status, process=process, command=name, id=command, turn=at)


@dataclass(frozen=True)
class Sheet:
    """One form: what it is about, what its fields offer, the command, the subject of its todo, the turn it is opened in."""

    file: Folder
    known: Known
    of: Asked
    subject: str | None = None
    turn: Turn | None = None


def _form(
    request: Request,
    visit: Visit,
    sheet: Sheet,
    given: dict[str, Any] | None = None,
    problem: Problem | None = None,
    *,
    more: str = "",
) -> Response:
    file, of, at, subject = sheet.file, sheet.of, sheet.turn, sheet.subject
    fields = form_fields(of, subject, sheet.known, visit.lang, given, problem.errors if problem else (), more)
    named = {f.name for f in flat(fields)}
    said = faults(problem, visit.lang) if problem else []
    others = [(place, words) for place, words in said if place.partition("/")[0] not in named]
    case = file if isinstance(file, CaseFile) else None
    page = render(
        request,
        "act.html",
        visit,
        status=problem.status if problem else 200,
        file=file,
        case=case,
        beside=file if isinstance(file, ProcessFile) else None,
        command=of.name,
        subject=subject,
        order=next((o for o in case.view.orders if o.id == subject), None) if case else None,
        incident=_incident(file, subject),
        turn=at,
        todo=next((t for t in file.mine if at and t.key == at.todo), None),
        told=at.told if at else None,
        fields=fields,
        lists={f.kind for f in flat(fields)},
        files=takes_files(of),
        leads=_leads(file, of.name, visit.lang),
        key=secrets.token_hex(16),
        refusal=in_words(problem, visit.lang) if problem else None,
        others=others,
    )
    return waiting(page, problem)


def _leads(file: Folder, command: str, lang: str) -> Sequence[Step]:
    """Return where the command leads from where the process stands."""
    stage = file.view.stage if isinstance(file, CaseFile | ProcessFile) else NEW
    return leads(file.process.partition("/")[0], stage, command, lang)


def _incident(file: Folder, subject: str | None) -> Any | None:
    if isinstance(file, CaseFile | ProcessFile):
        return next((i for i in file.view.incidents if i.effect == subject), None)
    return None


def _open(place: Services, visit: Visit, process: str) -> CaseFile | ProcessFile:
    kind, _, no = process.partition("/")
    return open_file(place, visit, no) if kind == CASE else open_process(place, visit, process, form=True)


def _known(place: Services, visit: Visit, file: CaseFile | ProcessFile, of: Asked, subject: str | None) -> Known:
    if isinstance(file, CaseFile):
        return file.known
    row = place.rules.permissions().commands.get(of.name)
    return settled(file, of, subject, visit, row.grants if row else {})


def _beginning(place: Services, visit: Visit, kind: str, command: str) -> tuple[Asked, Beginning]:
    of = openings(kind).get(command) if kind in DECIDERS else None
    if of is None:
        raise refused("unknown_command", {"command": command})
    known = opening_known(place, visit, kind)
    return of, Beginning(process=kind, page=f"/console/boards/{kind}", title=None, known=known, suggested={})


async def _checked(
    place: Services, visit: Visit, of: Asked, sent: FormData, said: dict[str, Any], file: Folder
) -> dict[str, Any]:
    """Return the body as the door takes it. Files are kept only when the rest is right, before the decision names them."""
    if not takes_files(of):
        return _plain(of, said)
    chosen = uploads(sent)
    # Stand-ins, so that all but the files is looked at before any of them is kept.
    _plain(of, {**said, "documents": ["file"] * len(chosen)})
    documents = [await _kept(place, visit, file, f"{_key(sent)}-{n}", f) for n, f in enumerate(chosen)]
    return _plain(of, {**said, "documents": documents})


def _plain(of: Asked, said: dict[str, Any]) -> dict[str, Any]:
    errors = list(hostile(said, ""))
    if errors:
        raise invalid(*errors)
    found: dict[str, Any] = check(of.body, said).model_dump(mode="json")
    return found


async def _kept(place: Services, visit: Visit, file: Folder, key: str, upload: UploadFile) -> str:
    """Keep one file and return its id."""
    claimed = (upload.content_type or "").partition(";")[0].strip().lower()
    content = await upload.read()
    kept = await run_in_threadpool(take_file, place, visit.viewer, key, file.process, content, claimed, upload.filename)
    return kept.id


def _asked(process: str, command: str) -> Asked:
    kind = process.partition("/")[0]
    found = asked(kind).get(command) if kind in DECIDERS else None
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

"""公文: lists of documents, one of them, and its page as it was issued. Who may read the process may read them."""

import base64
import hashlib
import re
from datetime import datetime
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from api.access import Place, SignedIn, Viewer
from api.cases.reading import reach_of as reach_of_cases
from api.paging import Cursor, Limit, cursor_of, keys_of
from api.problems import Problem, language
from api.proceedings.reading import LONGEST_ID, PROCESS_ID, disclosed_any, reach_of
from api.refusals import refuses
from api.services import Services
from domain.disclosing import PARTY_ROLES
from domain.disclosure import UNIT_ROLES, Field
from domain.papers import kind_of
from storage.papers import find_paper, list_papers

router = APIRouter(tags=["papers"])
OfProcess = Annotated[
    str | None,
    Query(max_length=LONGEST_ID, pattern=PROCESS_ID, description="such as adjudication/20260105-000001"),
]
Kind = Annotated[str | None, Query(max_length=40, description="such as ruling_order")]
PaperId = Annotated[
    str,
    Path(
        max_length=60,
        pattern=r"^[A-Za-z0-9_.:@+-]+-[0-9]{4}-[0-9]{1,9}$",
        description="kind, year and number, such as ruling_order-2026-7",
    ),
]
Lang = Annotated[Literal["zh", "en"] | None, Query(description="without it, the language of the request")]

POLICY: Final = "default-src 'none'; style-src {style}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
_STYLE: Final = re.compile(r"<style>(.*?)</style>", re.DOTALL)


class PaperOut(BaseModel):
    """An official document as issued. ``number`` is the Chinese one; ``sha256`` that of its pages: zh, a line break, en."""

    id: str
    kind: str
    title: str
    number: str | None
    year: int
    n: int
    process: str
    seq: int
    case: str | None
    to: tuple[str, ...]
    issued_at: datetime
    template: str
    sha256: str


class PaperPage(BaseModel):
    """One page of documents, the latest first."""

    items: tuple[PaperOut, ...]
    next: str | None


@router.get("/papers", operation_id="list_papers", summary="Official documents, the latest first")
def papers(
    request: Request,
    place: Place,
    who: SignedIn,
    process: OfProcess = None,
    kind: Kind = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> PaperPage:
    """List the documents of the processes within the viewer's reach."""
    lang, after = language(request.headers.get("accept-language")), keys_of(cursor, datetime, str)
    with place.database.read() as connection:
        rows = list_papers(
            connection,
            reach_of_cases(who),
            reach_of(who),
            process=process,
            kind=kind,
            after=after,
            limit=limit + 1,
        )
    page = rows[:limit]
    more = cursor_of(page[-1].issued_at, page[-1].effect) if len(rows) > limit else None
    return PaperPage(items=tuple(_out(r, lang) for r in page), next=more)


@router.get("/papers/{paper}", operation_id="read_paper", summary="What is known of one official document")
@refuses("not_found")
def paper(paper: PaperId, request: Request, place: Place, who: SignedIn) -> PaperOut:
    """Return a document in codes to who may read that its process is there."""
    with place.database.read() as connection:
        row, _ = _found(connection, who, paper)
    return _out(row, language(request.headers.get("accept-language")))


@router.get(
    "/papers/{paper}/page",
    operation_id="read_paper_page",
    response_class=Response,
    responses={
        200: {"description": "The page, to be printed", "content": {"text/html": {"schema": {"type": "string"}}}}
    },
    summary="An official document as it was issued",
)
@refuses("not_found")
def page(paper: PaperId, request: Request, place: Place, who: SignedIn, lang: Lang = None) -> Response:
    """Return the page as it was issued to who may read the words of its process, and to the unit it was addressed to."""
    _, content, chosen = _opened(place, who, paper, lang, request)
    return Response(
        content,
        media_type="text/html",
        headers={"content-security-policy": POLICY.format(style=_style(content)), "content-language": chosen},
    )


@router.get(
    "/papers/{paper}/pdf",
    operation_id="read_paper_pdf",
    response_class=Response,
    responses={
        200: {
            "description": "The page as a file",
            "content": {"application/pdf": {"schema": {"type": "string", "format": "binary"}}},
        }
    },
    summary="An official document as PDF",
)
@refuses("not_found")
async def pdf(paper: PaperId, request: Request, place: Place, who: SignedIn, lang: Lang = None) -> Response:
    """Return the page as it was issued as PDF, its fonts embedded: always the same bytes, told by their hash in the ETag."""
    from api.papers.pdf import pdf_of  # noqa: PLC0415 - setting pages is an eighth of what the API loads, and seldom asked for

    row, content, chosen = await run_in_threadpool(_opened, place, who, paper, lang, request)
    async with place.pages:
        found = await run_in_threadpool(pdf_of, content, chosen, row.issued_at)
    return Response(
        found,
        media_type="application/pdf",
        headers={
            "content-disposition": f'inline; filename="{paper}.{chosen}.pdf"',
            "content-language": chosen,
            "etag": f'"{hashlib.sha256(found).hexdigest()}"',
        },
    )


def _opened(place: Services, who: Viewer, paper: str, lang: str | None, request: Request) -> tuple[Any, str, str]:
    """Return a document, its page and the language of it; 404 for who may not open it."""
    with place.database.read() as connection:
        row, fields = _found(connection, who, paper)
    if Field.texts_all not in fields and not _addressed(who, row):
        raise Problem(404, "not_found")
    chosen = lang or language(request.headers.get("accept-language"))
    return row, row.zh if chosen == "zh" else row.en, chosen


def _found(connection: Any, who: Viewer, paper: str) -> tuple[Any, frozenset[Field]]:
    """Return a document, and what its viewer may read of its process. 404 when that is nothing."""
    kind, year, n = paper.rsplit("-", 2)
    row = find_paper(connection, kind, int(year), int(n))
    if row is None:
        raise Problem(404, "not_found")
    _, _, fields = disclosed_any(connection, who, row.process)
    return row, fields


def _addressed(who: Viewer, row: Any) -> bool:
    """Say whether the document went to the viewer's unit, and he may open its letters."""
    return who.account.unit in _to(row.body) and bool({*PARTY_ROLES, *UNIT_ROLES} & {*who.roles})


def _to(body: Any) -> tuple[str, ...]:
    to = body.get("to")
    return (to,) if isinstance(to, str) else tuple(to or ())


def _style(content: str) -> str:
    """Return the source of the page's own style for its policy, which allows that and nothing else."""
    found = _STYLE.search(content)
    digest = hashlib.sha256((found[1] if found else "").encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"


def _out(row: Any, lang: str) -> PaperOut:
    case = row.body.get("case")
    return PaperOut(
        id=f"{row.kind}-{row.year}-{row.n}",
        title=kind_of(row.kind).title(lang),
        number=row.outcome,
        case=case if isinstance(case, str) else None,
        to=_to(row.body),
        **{
            name: getattr(row, name)
            for name in ("kind", "year", "n", "process", "seq", "issued_at", "template", "sha256")
        },
    )

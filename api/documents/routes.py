"""材料: files handed in, and read again. Every reading is recorded."""

import hashlib
from datetime import datetime, timedelta
from typing import Annotated, Any, Final
from urllib.parse import quote

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException
from starlette.requests import Request
from starlette.responses import Response

from api.access import IdempotencyKey, Place, SignedIn, Viewer
from api.bodies import media_type
from api.documents.files import TYPES, checked, file_name
from api.idempotency import hashed
from api.problems import Problem
from api.proceedings.reading import LONGEST_ID, PROCESS_ID, disclosed_any
from api.refusals import refuses
from api.services import Services
from api.settings import MIB, Settings
from domain.disclosure import Field
from storage.audit import write_audit
from storage.documents import count_documents, document_content, document_head, handed_in, put_document

router = APIRouter(tags=["documents"])
MULTIPART: Final = "multipart/form-data"
CaseProcess = Annotated[str, Query(max_length=60, pattern=r"^case/[\w-]+$", description="such as case/20260105-000001")]
OfProcess = Annotated[str, Query(max_length=LONGEST_ID, pattern=PROCESS_ID, description="such as case/20260105-000001")]
DAY: Final = timedelta(days=1)
AGAIN_S: Final = 3600
FileName = Annotated[str | None, Query(max_length=200)]

OF_A_FILE: Final = (
    "idempotency_key_reused",
    "unsupported_media_type",
    "bad_document",
    "too_many_documents",
    "document_quota",
)
"""With which a file itself is refused."""
FILE: Final = {"type": "string", "format": "binary"}
FORM: Final = {"type": "object", "properties": {"file": FILE}, "required": ["file"], "additionalProperties": False}
_BODY: Final = {
    "requestBody": {
        "required": True,
        "content": {
            **{t: {"schema": FILE} for t in sorted(TYPES)},
            MULTIPART: {"schema": FORM},
        },
    }
}


class Stored(BaseModel):
    """A file that was taken. ``id`` is what decisions refer to."""

    id: str
    process: str
    media_type: str
    size: int
    sha256: str


@router.post(
    "/documents",
    status_code=201,
    openapi_extra=_BODY,
    operation_id="hand_in_document",
    summary="Hand in a file",
)
@refuses("not_found", "forbidden", *OF_A_FILE)
async def upload(
    request: Request, place: Place, who: SignedIn, key: IdempotencyKey, process: OfProcess, name: FileName = None
) -> Stored:
    """Take a JPEG, PNG, PDF or plain text file of at most 10 MiB for a case or another process."""
    claimed = media_type(request, TYPES | {MULTIPART})
    if claimed == MULTIPART:
        content, claimed, given = await _from_form(request)
        name = name or given
    else:
        content = await request.body()
    return await run_in_threadpool(take, place, who, key, process, content, claimed, name)


@router.get(
    "/documents/{document}",
    operation_id="read_document",
    response_class=Response,
    responses={200: {"description": "The file", "content": {t: {"schema": FILE} for t in sorted(TYPES)}}},
    summary="Read a file",
)
@refuses("unknown_document", "not_found")
def download(
    document: Annotated[str, Path(max_length=40, pattern=r"^[\w-]+$")], place: Place, who: SignedIn
) -> Response:
    """Give a file to who may read the files of its process, and record it."""
    with place.database.write() as connection:
        head = document_head(connection, document)
        if head is None:
            raise Problem(404, "unknown_document", document=document)
        _, viewer, fields = disclosed_any(connection, who, head.process)
        if Field.documents not in fields:
            raise Problem(404, "unknown_document", document=document)
        write_audit(
            connection,
            at=place.now(),
            user=viewer.user,
            role=viewer.role,
            action="read_document",
            subject=head.process,
            why=document,
        )
        content = document_content(connection, document)
    return Response(
        content,
        media_type=head.media_type,
        headers={
            "Content-Disposition": f"attachment; filename*=UTF-8''{quote(head.name)}",
            "Content-Security-Policy": "sandbox; default-src 'none'",
            "ETag": f'"{head.sha256}"',
        },
    )


def keep(
    place: Services, *, document: str, process: str, content: bytes, claimed: str, name: str | None, by: str
) -> Stored:
    """Check a file and keep it once; the same id with another content is refused with 422.

    A process holds only so many files, and who hands them in only so much a day (:class:`api.settings.Settings`).
    """
    media = checked(content, claimed)
    with place.database.write() as connection:
        if document_head(connection, document) is None:
            _room(connection, place.settings, process, by, len(content), place.now())
        put_document(
            connection,
            document=document,
            process=process,
            name=file_name(name, media),
            media_type=media,
            content=content,
            by=by,
            now=place.now(),
        )
        head = document_head(connection, document)
    stored = Stored(**{n: getattr(head, n) for n in Stored.model_fields})
    if stored.sha256 != hashed_bytes(content):
        raise Problem(422, "idempotency_key_reused")
    return stored


def _room(connection: Any, settings: Settings, process: str, by: str, size: int, now: datetime) -> None:
    """Refuse what would fill the database: of one process, or of one hand within a day."""
    if count_documents(connection, process) >= settings.documents_most:
        raise Problem(409, "too_many_documents", most=settings.documents_most)
    if handed_in(connection, by, now - DAY) + size > settings.documents_daily:
        raise Problem(429, "document_quota", retry_after=AGAIN_S, most=settings.documents_daily // MIB)


def hashed_bytes(content: bytes) -> str:
    """Return the hash of a file."""
    return hashlib.sha256(content).hexdigest()


def take(
    place: Services, who: Viewer, key: str, process: str, content: bytes, claimed: str, name: str | None
) -> Stored:
    """Take a file from somebody who may read the files of its process; the same key again is the same file."""
    with place.database.read() as connection:
        _, viewer, fields = disclosed_any(connection, who, process)
    if Field.documents not in fields:
        raise Problem(403, "forbidden")
    document = "doc-" + hashed(viewer.user, process, key)[:32]
    return keep(place, document=document, process=process, content=content, claimed=claimed, name=name, by=viewer.user)


async def _from_form(request: Request) -> tuple[bytes, str, str | None]:
    """Return the one file of a form, its type and its name."""
    try:
        async with request.form(max_files=1, max_fields=4) as form:
            file = form.get("file")
            if not isinstance(file, UploadFile):
                raise Problem(415, "bad_document")
            return await file.read(), (file.content_type or "").partition(";")[0].strip().lower(), file.filename
    except MultiPartException as error:
        raise Problem(400, "bad_request") from error

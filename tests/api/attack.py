"""The API as Schemathesis attacks it: in this process, on a real SQLite city, signed in as somebody who holds every role.

A wrapper around the app lets generated requests get as far as they can: it signs what claims to come from a department system,
lets no two well-formed Idempotency-Keys be the same, and gives each sign-out a session of its own, since the one that all
requests share must stay alive.
"""

import asyncio
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from itertools import count
from typing import Any

import schemathesis
from schemathesis.config import (
    ChecksConfig,
    CoveragePhaseConfig,
    GenerationConfig,
    PhasesConfig,
    PositiveDataAcceptanceConfig,
    ProjectConfig,
    ProjectsConfig,
    SchemathesisConfig,
    StatefulPhaseConfig,
)
from schemathesis.engine import events, from_schema
from schemathesis.generation import GenerationMode
from starlette.types import Message, Receive, Scope, Send

from api.access import KEY
from domain.signing import SIGNATURE, TIMESTAMP, sign
from storage.accounts import find_account, open_session, put_account
from storage.policies import load_permissions
from storage.unit_of_work import Database
from tests.api.beside import consulting
from tests.api.kit import SECRET, V1, Api, found_accounts, found_places, password_hash

SEED = 20261122
WITH_HEADERS = "case_sign"
GIVEN = ("/decisions/", "/open/")
"""In the addresses by which decisions are given."""
EVERYONE = "everyone"
ACCEPTED: list[str | int] = ["2xx", 400, 401, 403, 404, 409, 415, 422]
LEAST = 500
"""Fewer requests than this, and something has kept the attack from happening."""
UNSAYABLE = frozenset(
    {
        "control_character",
        "number_out_of_range",
        "bad_request_line",
        "bad_document",
        "unknown_document",
        "unknown_pack",
        "unknown_unit",
        "too_short",
    }
)
"""``too_short``: a text of blanks only. ``number_out_of_range``: also in a field nobody knows."""
GENEROUS = {f"{who}rate_{what}": 1e9 for who in ("", "ip_") for what in ("per_s", "burst")}
"""No limit on how often one may ask: that is tested elsewhere."""


@dataclass(frozen=True)
class Target:
    """The app under attack, its database, a case on its way, a consultation beside it, and the session all requests share."""

    app: Callable[[Scope, Receive, Send], Any]
    api: Api
    no: str
    document: str
    beside: str
    token: str


@contextmanager
def target(url: str) -> Iterator[Target]:
    """Found a city with one case that lies with a unit, and one account that holds every role."""
    database = Database(url)
    found_places(database)
    found_accounts(database)
    with database.write() as connection:
        put_account(
            connection,
            user=EVERYONE,
            name_zh=EVERYONE,
            name_en=EVERYONE,
            password_hash=password_hash(),
            roles=[r for r in load_permissions().roles if r != "system"],
            unit="water",
        )

    async def begin() -> Target:
        async with Api.on(database, **GENEROUS, sign_in_failures=10**6) as api:
            no = await api.dispatched()
            document = await api.photo(no)
            beside, _ = await consulting(api)
            return Target(_helped(api), api, no, document, beside, api.token(EVERYONE))

    yield asyncio.run(begin())
    database.close()


def _helped(api: Api) -> Callable[[Scope, Receive, Send], Any]:
    used, shared = count(), f"Bearer {api.token(EVERYONE)}".encode()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await _lives(receive, send)
            return
        headers = dict(scope["headers"])
        if scope["path"].startswith(f"{V1}/departments/") and b"webhook-id" in headers:
            body = await _whole(receive)
            message = headers[b"webhook-id"].decode("latin-1")
            signed = sign(SECRET, message, datetime.now(UTC), body)
            for name in (TIMESTAMP, SIGNATURE):
                if name.encode() in headers:
                    headers[name.encode()] = signed[name].encode()
            receive = _again(body)
        if (key := headers.get(b"idempotency-key", b"")) and KEY.fullmatch(key.decode("latin-1")):
            headers[b"idempotency-key"] = key[:180] + b"~%d" % next(used)
        elif any(part in scope["path"] for part in GIVEN) and not scope["path"].endswith("/sign"):
            headers[b"idempotency-key"] = b"%d" % next(used)  # see _lean
        if scope["method"] == "DELETE" and headers.get(b"authorization") == shared:
            headers[b"authorization"] = f"Bearer {_session(api)}".encode()
        await api.app({**scope, "headers": list(headers.items())}, receive, send)

    return app


def _session(api: Api) -> str:
    with api.database.write() as connection:
        found = find_account(connection, EVERYONE)
        assert found is not None
        return open_session(connection, found[0], datetime.now(UTC), timedelta(hours=1)).token


async def _lives(receive: Receive, send: Send) -> None:
    while (message := await receive())["type"] != "lifespan.shutdown":
        assert message["type"] == "lifespan.startup"
        await send({"type": "lifespan.startup.complete"})
    await send({"type": "lifespan.shutdown.complete"})


async def _whole(receive: Receive) -> bytes:
    body = b""
    while True:
        message = await receive()
        body += bytes(message.get("body", b""))
        if not message.get("more_body", False):
            return body


def _again(body: bytes) -> Receive:
    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    return receive


def attack(
    aim: Target, operations: str, *, examples: int, fixed: Mapping[str, str], get_in: int
) -> Iterator[tuple[str, str]]:
    """Attack the operations whose id matches; yield what went wrong as pairs of operation and finding. The same in every run.

    ``fixed`` are parameters that keep one value, so that requests get beyond "there is no such case". Where fewer operations
    than ``get_in`` do what they are for at least once, the attack has only knocked at doors, and that is a finding too.
    """
    generation = GenerationConfig(max_examples=examples, deterministic=True, database="none", no_shrink=True)
    project = ProjectConfig(
        headers={"Authorization": f"Bearer {aim.token}"},
        parameters=dict(fixed),
        generation=generation,
        phases=PhasesConfig(
            coverage=CoveragePhaseConfig(unexpected_methods={"PUT"}), stateful=StatefulPhaseConfig(enabled=False)
        ),
        # What cannot be said in a schema is looked at below: `meant`.
        checks=ChecksConfig(positive_data_acceptance=PositiveDataAcceptanceConfig(expected_statuses=ACCEPTED)),
        continue_on_failure=True,
    )
    config = SchemathesisConfig(seed=SEED, projects=ProjectsConfig(default=project))
    described = _lean(aim.api.app.openapi())
    schema = schemathesis.openapi.from_dict(described, config=config)
    schema.app = aim.app
    asked, inside = 0, set[str]()
    for event in from_schema(schema.include(operation_id_regex=operations)).execute():
        match event:
            case events.ScenarioFinished():
                asked += len(event.recorder.interactions)
                answers = [i.response for i in event.recorder.interactions.values() if i.response is not None]
                if any(answer.status_code < HTTPStatus.MULTIPLE_CHOICES for answer in answers):
                    inside.add(event.label or "")
                yield from _found(event, described)
            case events.NonFatalError():
                yield event.label, f"{event.phase}: {event.info}: {event.value}"
            case events.FatalError():
                raise event.exception
            case _:
                continue
    if asked < LEAST:
        yield operations, f"only {asked} requests were made"
    if len(inside) < get_in:
        yield operations, f"only {len(inside)} operations did what they are for: {sorted(inside)}"


def _found(event: events.ScenarioFinished, described: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """What Schemathesis found, and what we ask for beyond it: every refusal's code is one the operation is described with."""
    recorder = event.recorder
    for case_id, checks in recorder.checks.items():
        for check in checks:
            if check.failure_info is not None:
                yield event.label or "", f"{check.name}: {check.failure_info.failure}\n{check.failure_info.code_sample}"
        response = recorder.interactions[case_id].response if case_id in recorder.interactions else None
        if response is None or not response.headers["content-type"][0].startswith("application/problem+json"):
            continue
        told, case = response.json(), recorder.cases[case_id].value
        operation = described["paths"][case.operation.path][case.operation.method.lower()]
        if case.method.upper() == case.operation.method.upper():  # else Schemathesis tried a method that is not there
            codes = codes_of(described, operation, told["status"])
            if told["code"] not in codes:
                yield event.label or "", f"{told['status']} {told['code']} is not described: {told}"
        if case.meta is not None and case.meta.generation.mode is GenerationMode.POSITIVE and not meant(told):
            yield event.label or "", f"refused though it is as described: {told}\n{case.as_curl_command()[:800]}"


def codes_of(described: Mapping[str, Any], operation: Mapping[str, Any], status: int) -> set[str]:
    """The codes an operation is described with at a status."""
    answer = operation["responses"].get(str(status), {})
    if "$ref" in answer:
        answer = described["components"]["responses"][answer["$ref"].rpartition("/")[2]]
    return set(answer.get("content", {}).get("application/problem+json", {}).get("examples", {}))


def meant(told: Mapping[str, Any]) -> bool:
    """Whether a refusal is about something no schema can say: what exists, who may, which characters a text may hold."""
    if told["code"] != "invalid_input":
        return told["status"] not in {400, 415, 422} or told["code"] in UNSAYABLE
    return all(
        e["code"] in UNSAYABLE or (e["place"], e["code"]) == ("query/cursor", "bad_format") for e in told["errors"]
    )


def _lean(described: Mapping[str, Any]) -> dict[str, Any]:
    """The description with the headers of decisions left to one of them: all have the same, and each would be tried at each."""
    lean = deepcopy(dict(described))
    for path, operations in lean["paths"].items():
        for operation in operations.values():
            if any(part in path for part in GIVEN) and operation["operationId"] != WITH_HEADERS:
                operation["parameters"] = [p for p in operation["parameters"] if p["in"] != "header"]
    return lean

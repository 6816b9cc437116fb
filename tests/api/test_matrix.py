"""The authorization matrix, cell by cell through HTTP: role × position × command, and role × every other operation.

What is expected comes from ``permissions.yaml`` and :mod:`api.gates`; what happens comes from the doors.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import select

from api.decisions.schemas import asked, example, openings
from api.gates import GATES, Gate, Way
from api.matrix import PAGES, page
from domain.calendar import local_day
from domain.deciders import DECIDERS
from domain.disclosing import PARTY_ROLES, SOME_KINDS
from domain.disclosure import DISTRICT as DISTRICT_ROLES
from domain.disclosure import SEATED, STAFF, UNIT_ROLES
from domain.kernel import KERNEL_COMMANDS
from domain.permissions import Scope
from domain.process import Actor, Envelope
from storage.accounts import put_account
from storage.models import AuditRow, PaperRow, table
from storage.policies import load_pack, load_permissions
from tests.api.beside import act, consulting
from tests.api.kit import DISTRICT, REQUEST, V1, Api, key, password_hash, problem
from tests.conftest import ROOT

ROLES = [role for role in load_permissions().roles if role != "system"]
SUBJECT, STRANGER = "water", "parks"
POSITIONS: Mapping[str, tuple[str | None, frozenset[Scope]]] = {
    "nowhere": (None, frozenset({Scope.city})),
    "subject": (SUBJECT, frozenset({Scope.city, Scope.unit})),
    "other unit": (STRANGER, frozenset({Scope.city})),
    "own district": (DISTRICT, frozenset({Scope.city, Scope.district})),
    "other district": ("west", frozenset({Scope.city})),
}
"""Where somebody sits whose command is about the order of ``SUBJECT`` in ``DISTRICT``, and which scopes reach from there."""

SCOPES = frozenset(scope for row in load_permissions().commands.values() for scope in row.grants.values())
SEATS = [name for name, (_, scopes) in POSITIONS.items() if Scope.district in SCOPES or "district" not in name]
"""Positions that make a difference to a command: districts do when a grant of the table reaches that far."""

PEOPLES = sorted(asked("case"))
MACHINES = sorted({n for n, m in DECIDERS["case"].moves.items() if m.machine} | (KERNEL_COMMANDS.keys() - set(PEOPLES)))


def seated(api: Api, role: str, position: str) -> str:
    """An account of one role at one position."""
    user = f"{role}.{position.replace(' ', '_')}"
    with api.database.write() as connection:
        put_account(
            connection,
            user=user,
            name_zh=user,
            name_en=user,
            password_hash=password_hash(),
            roles=[role],
            unit=POSITIONS[position][0],
        )
    return user


def granted(role: str, position: str) -> set[str]:
    """The commands the table gives to the role at this position."""
    rows = load_permissions().commands
    return {name for name in PEOPLES if rows[name].grants.get(role) in POSITIONS[position][1]}


async def working(api: Api) -> str:
    """A case of the district whose order lies with the subject."""
    return await api.dispatched(district=DISTRICT)


def body(command: str) -> dict[str, Any]:
    """A well-formed body about the subject's order."""
    return example(asked("case")[command])


def audited(api: Api, user: str) -> list[tuple[str, str]]:
    audit = table(AuditRow)
    with api.database.read() as connection:
        rows = connection.execute(select(audit.c.action, audit.c.why).where(audit.c.user == user)).all()
    return [(r.action, r.why) for r in rows]


def test_the_table_knows_every_command_and_no_other() -> None:
    given = {name for decider in DECIDERS.values() for name in decider.moves}
    assert set(load_permissions().commands) == given | KERNEL_COMMANDS.keys()


@pytest.mark.parametrize("role", ROLES)
async def test_what_the_table_does_not_grant_is_refused_and_writes_only_its_audit(light_api: Api, role: str) -> None:
    api = light_api
    no = await working(api)
    for position in SEATS:
        user, refusals = seated(api, role, position), [c for c in PEOPLES if c not in granted(role, position)]
        api.token(user)
        before = api.counts()
        for command in refusals:
            told = problem(await api.give(user, no, command, **body(command)), 403, "not_permitted")
            assert told["errors"] == []
        assert api.grown(before) == ({"audit": len(refusals)} if refusals else {}), position
        assert audited(api, user) == [(f"refused.{command}"[:40], "not_permitted") for command in refusals]


@pytest.mark.parametrize("role", ROLES)
async def test_what_the_table_grants_gets_past_the_door(light_api: Api, role: str) -> None:
    """Taken, or refused by the rules (409) because of where the case stands: never for who asks."""
    api = light_api
    no = await working(api)
    for position in SEATS:
        user = seated(api, role, position)
        for command in sorted(granted(role, position)):
            response = await api.give(user, no, command, **body(command))
            assert response.status_code in {200, 409}, (position, command, response.text)
            if response.status_code == 200:
                no = await working(api)


@pytest.mark.parametrize("role", ROLES)
async def test_the_journal_refuses_alike_whoever_comes_another_way(light_api: Api, role: str) -> None:
    """The table is asked again where it is decided: for every command and position that it does not grant."""
    api = light_api
    process = f"case/{await working(api)}"
    for position in SEATS:
        unit, _ = POSITIONS[position]
        actor = Actor(user=role, role=role, unit=unit, district=unit if unit in {DISTRICT, "west"} else None)
        for command in PEOPLES:
            if command in granted(role, position):
                continue
            said, _words = asked("case")[command].referring(body(command), f"d/{key()}")
            at = api.place.now()
            envelope = Envelope(id=f"d/{key()}", process=process, name=command, body=said, actor=actor, received_at=at)
            result = await api.engine.commit(process, envelope)
            assert (result.outcome, result.code) == ("refused", "not_permitted"), (position, command)


@pytest.mark.parametrize("command", MACHINES)
async def test_no_person_gives_the_command_of_a_machine(light_api: Api, command: str) -> None:
    no = await working(light_api)
    for role in ROLES:
        problem(await light_api.give(seated(light_api, role, "nowhere"), no, command), 404, "unknown_command")


def test_a_command_about_ones_own_unit_names_its_order() -> None:
    """Else "own unit" would mean nothing, and the cells above would pass for another reason."""
    rows = load_permissions().commands
    scoped = [c for c in PEOPLES if Scope.unit in rows[c].grants.values()]
    assert scoped
    assert all(body(c).get("order") == "a1" for c in scoped)


# ---------------------------------------------------------------------------------------------------- other operations


class Asking:
    """How each operation is asked for, about one case on its way and a file of it, one other process and a paper of that."""

    def __init__(self, api: Api, no: str, document: str, process: str) -> None:
        self.api, self.no, self.document, self.process = api, no, document, process

    @property
    def paper(self) -> str:
        """The paper that the process has issued."""
        paper = table(PaperRow)
        with self.api.database.read() as connection:
            row = connection.execute(select(paper).where(paper.c.process == self.process)).first()
        assert row is not None
        return f"{row.kind}-{row.year}-{row.n}"

    def request(self, operation: str) -> tuple[str, str, dict[str, Any]]:
        """Method, path and what goes with it. A new operation has to be added here."""
        no, about = self.no, {"why": "matrix"}
        png: dict[str, Any] = {"content": b"\x89PNG\r\n\x1a\n" + key().encode(), "params": {"process": f"case/{no}"}}
        event = {"specversion": "1.0", "id": "m", "source": "water", "type": "t", "data": {"case": no, "order": "a1"}}
        requests: dict[str, tuple[str, str, dict[str, Any]]] = {
            "sign_in": ("POST", "/sessions", {"json": {"user": "agent", "password": "a-demo-password"}}),
            "sign_out": ("DELETE", "/sessions/current", {}),
            "who_am_i": ("GET", "/me", {}),
            "register_request": ("POST", "/requests", {"json": REQUEST}),
            "read_request": ("GET", f"/requests/{no}", {"params": about}),
            "list_similar_requests": ("GET", f"/requests/{no}/similar", {}),
            "list_todos": ("GET", "/todos", {}),
            "count_todos": ("GET", "/todos/counts", {}),
            "list_cases": ("GET", "/cases", {}),
            "list_on_account": ("GET", "/on-account", {}),
            "read_case": ("GET", f"/cases/{no}", {}),
            "list_case_events": ("GET", f"/cases/{no}/events", {}),
            "read_case_ledger": ("GET", f"/cases/{no}/ledger", {}),
            "export_case": ("GET", f"/cases/{no}/export", {}),
            "list_proceedings": ("GET", "/proceedings", {}),
            "count_proceedings": ("GET", "/proceedings/counts", {"params": {"kind": KIND}}),
            "list_rulings": ("GET", "/rulings", {}),
            "read_proceeding": ("GET", f"/proceedings/{self.process}", {}),
            "list_proceeding_events": ("GET", f"/proceedings/{self.process}/events", {}),
            "read_proceeding_ledger": ("GET", f"/proceedings/{self.process}/ledger", {}),
            "list_batch_items": ("GET", "/batches/20260101-NOBODY/items", {}),
            "export_proceeding": ("GET", f"/proceedings/{self.process}/export", {}),
            "list_papers": ("GET", "/papers", {}),
            "read_paper": ("GET", f"/papers/{self.paper}", {}),
            "read_paper_page": ("GET", f"/papers/{self.paper}/page", {}),
            "read_paper_pdf": ("GET", f"/papers/{self.paper}/pdf", {}),
            "hand_in_document": ("POST", "/documents", png | {"headers": {"content-type": "image/png"}}),
            "read_document": ("GET", f"/documents/{self.document}", {}),
            "answer_as_department": ("POST", "/departments/water/answers", {"json": event}),
            "hand_in_document_as_department": (
                "POST",
                "/departments/water/documents",
                png | {"headers": {"content-type": "image/png"}},
            ),
            "list_incidents": ("GET", "/incidents", {}),
            "list_units": ("GET", "/units", {}),
            "list_items": ("GET", "/items", {}),
            "list_item_versions": ("GET", "/items/lamp/versions", {}),
            "list_policies": ("GET", "/policies", {}),
            "read_policy": ("GET", f"/policies/haikou/{load_pack('haikou').version}", {}),
            "read_calendar": ("GET", "/calendars/current", {}),
            "list_problems": ("GET", "/problems", {}),
            "list_troubles": ("GET", "/operations/troubles", {}),
            "list_audit": ("GET", "/audit", {}),
            "restart_process": ("POST", f"/processes/case/{no}/restart", {}),
            "read_command": ("GET", "/commands/d/" + "0" * 64, {}),
            "is_alive": ("GET", "../../healthz", {}),
            "is_ready": ("GET", "../../readyz", {}),
        }
        return requests[operation]

    async def ask(self, user: str | None, operation: str) -> httpx.Response:
        method, path, more = self.request(operation)
        url = path.removeprefix("../..") if path.startswith("..") else V1 + path
        headers = self.api.headers(user) | more.pop("headers", {}) | {"idempotency-key": key()}
        if operation == "sign_out" and user is not None:
            self.api.tokens.pop(user)
        return await self.api.http.request(method, url, headers=headers, **more)


HIDDEN = {"read_document": "unknown_document"}
"""Operations about a case tell those who may not read the field that there is nothing (404)…"""
OPEN_SECRET = {"export_case", "hand_in_document", "export_proceeding"}
"""…but for these, which refuse with 403 whoever may at least read the case or the process."""
ABSENT = {"read_command": (404, "not_found"), "list_batch_items": (404, "not_found")}
"""What passes its gate and then finds nothing, since nobody has given that command or begun that batch."""


KIND = "consultation"
OF_CASES = frozenset({"list_cases", "list_on_account"})
"""Lists of cases; the others are of what is beside them."""
SEATS_TO_READ = dict.fromkeys(PARTY_ROLES, ("nowhere", "subject", "other unit")) | dict.fromkeys(
    {*DISTRICT_ROLES, *SEATED}, ("nowhere", "own district", "other district")
)
"""Positions that make a difference to what a role may read."""


def reached(role: str, position: str, *, beside: bool = False) -> bool:
    """Whether disclosure's reach of the role covers the case, or the consultation beside it, from this position."""
    if role in SOME_KINDS and role not in STAFF:
        return beside and KIND in SOME_KINDS[role]
    if role in SEATED:
        return position != "other district"
    by_reach = dict.fromkeys(PARTY_ROLES if beside else UNIT_ROLES, "subject") | dict.fromkeys(
        DISTRICT_ROLES, "own district"
    )
    return by_reach.get(role, position) == position and (beside or role not in PARTY_ROLES - UNIT_ROLES)


def seen(operation: str, body: Any, asking: Asking) -> bool:
    """Whether a list shows the case, or the consultation beside it."""
    if operation == "count_proceedings":
        return bool(body["total"] > 0)
    about, name = (asking.no, "no") if operation in OF_CASES else (asking.process, "process")
    return about in [item[name] for item in body["items"]]


def expected(operation: str, gate: Gate, role: str, position: str) -> tuple[int, str] | None:
    """The refusal that is due, or None when the operation is open."""
    if gate.way is Way.unit:
        return 401, "signature_missing"
    if gate.way is Way.holder:
        return None if gate.opens(role) else (403, "forbidden")
    if gate.way in {Way.reader, Way.beside}:
        if not reached(role, position, beside=gate.way is Way.beside):
            return 404, "not_found"
        if not gate.opens(role):
            return (403, "forbidden") if operation in OPEN_SECRET else (404, HIDDEN.get(operation, "not_found"))
    return ABSENT.get(operation)


async def on_account(api: Api, no: str) -> None:
    """Put the case on account."""
    day = (local_day(api.place.now()) + timedelta(days=9)).isoformat()
    await api.do("liaison.water", no, "sign", order="a1")
    asked_for = {"ground": "season", "plan": "开春施工", "review_on": day}
    await api.do("liaison.water", no, "request_on_account", order="a1", **asked_for)
    for who in ("order_reviewer", "city_centre"):
        await api.do(who, no, "review_on_account", order="a1", approve=True, reason="同意")


async def about(api: Api) -> Asking:
    """A case on its way and on account, and a consultation of the subject that has issued a paper."""
    no = await working(api)
    await on_account(api, no)
    process, _ = await consulting(api, district=DISTRICT)
    for unit in ("water", "roads"):  # no consensus: the note is issued, and the consultation goes on
        await act(api, f"liaison.{unit}", process, "state_opinion", item="i1", unit=unit, opinion="mine", basis="职责")
    return Asking(api, no, await api.photo(no), process)


@pytest.mark.parametrize("role", ROLES)
async def test_every_other_operation_is_open_to_whom_its_gate_says(light_api: Api, role: str) -> None:
    api = light_api
    asking = await about(api)
    for position in SEATS_TO_READ.get(role, ("nowhere", "other unit")):
        user = seated(api, role, position)
        for operation, gate in GATES.items():
            due = expected(operation, gate, role, position)
            if gate.way is Way.anyone:
                continue  # whoever asks: the test with the stranger
            api.token(user)
            before = api.counts() if due else {}
            response = await asking.ask(user, operation)
            if due is None:
                assert response.status_code < 300, (position, operation, response.text)
            else:
                problem(response, *due)
                assert api.grown(before) == {}, (position, operation)
            if gate.way is Way.reach:
                covered = reached(role, position, beside=operation not in OF_CASES)
                assert seen(operation, response.json(), asking) == covered, (position, operation)


async def test_a_stranger_comes_through_the_gates_that_are_open_to_anyone_only(light_api: Api) -> None:
    api = light_api
    asking = await about(api)
    for operation, gate in GATES.items():
        response = await asking.ask(None, operation)
        if gate.way is Way.anyone:
            assert response.status_code < 300, (operation, response.text)
        else:
            problem(response, 401, "signature_missing" if gate.way is Way.unit else "not_signed_in")


def test_every_operation_has_a_gate_or_a_row_of_the_table(light_api: Api) -> None:
    paths = light_api.app.openapi()["paths"]
    operations = {o["operationId"] for methods in paths.values() for o in methods.values()}
    given = {f"{kind}_{command}" for kind in DECIDERS for command in {**asked(kind), **openings(kind)}}
    assert operations == GATES.keys() | given


@pytest.mark.parametrize("lang", PAGES)
def test_the_written_matrix_is_up_to_date(lang: str) -> None:
    """`python -m api.matrix docs` writes it anew."""
    assert (ROOT / "docs" / PAGES[lang]).read_text(encoding="utf-8") == page(lang)

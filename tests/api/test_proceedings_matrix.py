"""The authorization matrix of the processes beside the case, cell by cell through HTTP: role × position × command of every kind.

What is expected comes from the permission files of the kinds; what happens comes from the door. Each kind is begun from its golden
sample. And who may act on a process may read it: no todo leads to a page that is not there.
"""

import json
from typing import Any

import pytest

from api.decisions.schemas import Asked, asked, example, openings
from domain.deciders import DECIDERS
from domain.disclosing import disclosing
from domain.disclosure import Field, sits_for
from domain.kernel import KERNEL_COMMANDS
from domain.permissions import Scope
from domain.process import SYSTEM, Actor, Envelope
from storage.cases import load_process
from storage.policies import load_permissions
from tests.api.kit import DISTRICT, V1, Api, key, problem
from tests.api.test_matrix import POSITIONS, ROLES, SUBJECT, audited, seated
from tests.conftest import ROOT

KINDS = [kind for kind in DECIDERS if kind != "case"]
PLACES = ("nowhere", "subject", "other unit", "own district", "other district")
ONE_EACH = ("matter", "case")
"""One supervision a matter and level, one ring a case and level: each process is about another one."""
OWNERS = ("unit", "reporter")
"""Fields of an opening that name the unit it is about."""


def opens(kind: str) -> str:
    """The command by which a machine begins a kind; a person's where only persons do."""
    return "open" if "open" in DECIDERS[kind].moves else next(iter(openings(kind)))


def sample(kind: str) -> dict[str, Any]:
    """The opening of a kind as its golden sample has it, about the subject and its district."""
    path = ROOT / "tests" / "domain" / "golden" / kind / f"command.{opens(kind)}.json"
    body: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    fresh = {name: key() for name in ONE_EACH if name in body}
    return body | {"district": DISTRICT} | fresh | {name: SUBJECT for name in OWNERS if name in body}


async def begun(api: Api, kind: str) -> str:
    """A process of the kind that has just begun."""
    with api.database.read() as connection:
        pins = api.place.rules.in_force(connection).model_dump()
    process, at = f"{kind}/{key()}", api.place.now()
    name, said = opens(kind), sample(kind) | pins
    fields = DECIDERS[kind].commands[name].model_fields
    who = SYSTEM if name == "open" else Actor(user="x", role=next(iter(load_permissions().commands[name].grants)))
    if name != "open":
        # What stands under its terms when a person begins it; a pack is named with its version here.
        said = {k: v for k, v in said.items() if k in fields} | {"pack": f"{pins['pack']}@{pins['pack_version']}"}
    letter = Envelope(id=f"x/{key()}", process=process, name=name, body=said, actor=who, received_at=at)
    answer = await api.engine.commit(process, letter)
    assert answer.outcome == "recorded", (kind, answer.code, answer.detail)
    return process


def body(of: Asked, document: str = "doc") -> dict[str, Any]:
    """A well-formed body about the subject."""
    found = example(of)
    found |= {"unit": SUBJECT} if "unit" in of.body.model_fields else {}
    return found | {"documents": [document]} if "documents" in found else found


async def handed_in(api: Api, process: str) -> str:
    """A file of the process."""
    response = await api.http.post(
        f"{V1}/documents",
        params={"process": process, "name": "paper.png"},
        content=b"\x89PNG\r\n\x1a\n" + key().encode(),
        headers=api.headers("dispatcher", content_type="image/png", idempotency_key=key()),
    )
    assert response.status_code == 201, response.text
    return str(response.json()["id"])


def expected(api: Api, process: str, of: Asked, role: str, position: str) -> bool:
    """Whether the table grants the command, for what the rules say it is about; who sits for another district has no word here."""
    with api.database.read() as connection:
        stored = load_process(connection, process)
    assert stored is not None
    decider, state = DECIDERS[stored.process.kind], stored.process.state
    said, _ = of.referring(body(of), "d/x")
    unit = POSITIONS[position][0]
    district = unit if unit in {DISTRICT, "west"} else None
    return sits_for(role, district, getattr(state, "district", None)) and load_permissions().allows(
        of.name,
        role=role,
        unit=unit,
        district=district,
        subject_unit=decider.subject_unit(state, of.command.model_validate_json(json.dumps(said))),
        subject_district=getattr(state, "district", None),
    )


def places(name: str, role: str) -> tuple[str, ...]:
    """Positions that make a difference: all where the role has the command at all, else one."""
    return PLACES if role in load_permissions().commands[name].grants else ("nowhere",)


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("kind", KINDS)
async def test_a_decision_beside_the_case_is_open_to_whom_the_table_says(light_api: Api, kind: str, role: str) -> None:
    api = light_api
    process = await begun(api, kind)
    document = await handed_in(api, process)
    refused: dict[str, list[str]] = {}
    for name, of in asked(kind).items():
        if name in KERNEL_COMMANDS:
            continue  # the same for every process: tests/api/test_matrix.py
        for position in places(name, role):
            user, due = seated(api, role, position), expected(api, process, of, role, position)
            response = await api.post(user, f"/processes/{process}/decisions/{name}", body(of, document))
            if due:
                assert response.status_code in {200, 409}, (name, position, response.text)
                if response.status_code == 200:
                    process = await begun(api, kind)
                    document = await handed_in(api, process)
            else:
                problem(response, 403, "not_permitted")
                refused.setdefault(user, []).append(name)
    for user, names in refused.items():
        noted = {action for action, why in audited(api, user) if why == "not_permitted"}
        assert noted == {f"refused.{name}"[:40] for name in names}


@pytest.mark.parametrize("kind", KINDS)
async def test_only_whom_the_table_says_begins_one(light_api: Api, kind: str) -> None:
    api, rows = light_api, load_permissions().commands
    for name, of in openings(kind).items():
        for role in ROLES:
            before = api.counts()
            user = seated(api, role, "nowhere")
            response = await api.post(user, f"/proceedings/{kind}/open/{name}", body(of))
            if rows[name].grants.get(role) is Scope.city:
                assert response.status_code in {200, 409}, (name, role, response.text)
            else:
                problem(response, 403, "not_permitted")
                assert api.grown(before).keys() <= {"audit", "account", "session"}


@pytest.mark.parametrize("kind", KINDS)
def test_who_may_act_on_it_may_read_its_words(kind: str) -> None:
    """In the city, in its district, or as a party: wherever the grant reaches."""
    rows = load_permissions().commands
    blind: list[str] = []
    for name in asked(kind).keys() - KERNEL_COMMANDS.keys():
        for role, scope in rows[name].grants.items():
            unit = {Scope.city: None, Scope.district: DISTRICT, Scope.unit: SUBJECT}[scope]
            actor = Actor(user="x", role=role, unit=unit, district=DISTRICT if scope is Scope.district else None)
            fields = disclosing(actor, kind, district=DISTRICT, parties={SUBJECT})
            blind += [] if Field.texts_all in fields else [f"{role} may {name}"]
    assert set(blind) <= HIS_OWN


HIS_OWN = {"task_force_lead may amend_measure"}
"""The rules let him do it with what he entered himself only, which he reads as the one who began it."""

"""Who may read what of a process beside the case: the viewer's roles, through disclosure."""

from typing import Annotated, Any, Final

from fastapi import Path

from api.access import Viewer
from api.cases.routes import disclosed as disclosed_case
from api.decisions.routes import NUMBER
from api.problems import Problem
from domain.deciders import DECIDERS
from domain.disclosing import PARTY_ROLES, SOME_KINDS, disclosing, reads_all, reads_district
from domain.disclosure import Field
from domain.process import Actor
from storage.cases import CASE, Stored, load_process
from storage.proceedings import Reach, former_parties

PROCESS_ID: Final = r"^[a-z_]+/[A-Za-z0-9_.:@/+-]+$"
"""What the id of a process looks like (:data:`domain.proceeding.ProcessId`)."""
LONGEST_ID: Final = 200
Kind = Annotated[str, Path(max_length=40, pattern=r"^[a-z_]+$", description="such as ring")]
Number = Annotated[str, Path(max_length=160, pattern=NUMBER, description="such as 20260105-000001/middle/1")]


def disclosed(connection: Any, who: Viewer, process: str) -> tuple[Stored, Actor, frozenset[Field]]:
    """Return a process beside the case, its viewer in the role that sees most, and what he may read. 404 when that is nothing."""
    kind = process.partition("/")[0]
    stored = load_process(connection, process) if kind in DECIDERS and kind != CASE else None
    if stored is None:
        raise Problem(404, "not_found")
    state = stored.process.state
    parties = DECIDERS[kind].parties(state)
    was = former_parties(connection, process)
    about = {
        "district": state.district,
        "parties": parties,
        "former": was,
        "is_open": not stored.closed,
        "by": state.by,
    }
    found = [(actor, disclosing(actor, kind, **about)) for actor in who.actors()]
    fields = frozenset[Field]().union(*(f for _, f in found))
    if not fields:
        raise Problem(404, "not_found")
    return stored, max(found, key=lambda pair: len(pair[1]))[0], fields


def disclosed_any(connection: Any, who: Viewer, process: str) -> tuple[Stored, Actor, frozenset[Field]]:
    """Return any process, a case or another, as :func:`disclosed` does."""
    kind, _, no = process.partition("/")
    return disclosed_case(connection, who, no) if kind == CASE else disclosed(connection, who, process)


def reach_of(who: Viewer) -> Reach:
    """Return how far the viewer's lists go: as far as any of his roles."""
    account, roles = who.account, who.roles
    if any(reads_all(role, account.district) for role in roles):
        return Reach(kinds=None)
    return Reach(
        kinds=frozenset[str]().union(*(SOME_KINDS.get(role, frozenset()) for role in roles)),
        district=account.district if any(reads_district(role) for role in roles) else None,
        unit=account.unit if set(roles) & PARTY_ROLES else None,
        user=account.user if roles else None,
    )

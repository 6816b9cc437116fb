"""Who may read what of a case: the viewer's roles, through disclosure."""

from collections.abc import Iterable

from api.access import Viewer
from api.problems import Problem
from domain.casework.state import Case
from domain.casework.words import OPEN
from domain.disclosing import reads_all, reads_district
from domain.disclosure import UNIT_ROLES, Field, disclosure
from domain.process import Actor
from storage.cases import Reach


def actor_and_fields(
    who: Viewer, cases: Iterable[Case], *, confidential: bool = False
) -> tuple[Actor, frozenset[Field]]:
    """Return the viewer in the role that reads most of these cases, and all he may read. 404 when that is nothing."""
    known = list(cases)
    found = [
        (actor, frozenset[Field]().union(*(disclosure(c, actor, confidential=confidential) for c in known)))
        for actor in who.actors()
    ]
    fields = frozenset[Field]().union(*(f for _, f in found))
    if not fields:
        raise Problem(404, "not_found")
    return max(found, key=lambda pair: len(pair[1]))[0], fields


def reach_of(who: Viewer) -> Reach:
    """Return how far the viewer's lists go: the widest of his roles."""
    roles, district = set(who.roles), who.account.district
    if any(reads_all(role, district) for role in roles):
        return Reach(city=True)
    if any(reads_district(role) for role in roles) and district is not None:
        return Reach(district=district)
    return Reach(unit=who.account.unit) if roles & UNIT_ROLES else Reach()


def open_stage(stage: str | None) -> bool:
    """Say whether a case at this stage may still take another; None: it has not begun."""
    return stage is None or stage in set(map(str, OPEN))

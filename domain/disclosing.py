"""披露 of the processes beside the case: who may read a ring, a consultation, a ruling, a supervision, and how much of it.

=======================================  ==============================================================================
staff of the centre                      as of any case (:data:`~domain.disclosure.STAFF`): words, or codes only
staff of a district, seats of a district  what is of their district
units it is about                        all of it, and what callers said, as long as it is open; then the words stay
units it was about                       that it was, in codes
whoever began it                         as a party, wherever he sits
纪检联络, 专家, 目录管理员                 the kinds they work at; the catalogue keeper that there are others, in codes
日历管理员, 运维员                         batches in words, any other in codes
=======================================  ==============================================================================

For everybody else it does not exist. No caller's data is in any of them.
"""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from typing import Final

from domain.disclosure import DISTRICT, SEATED, STAFF, UNIT_ROLES, Field, of_staff
from domain.process import Actor

KEPT: Final = frozenset(
    {Field.header, Field.orders_all, Field.texts_all, Field.documents, Field.request_text, Field.export}
)
"""The fields that a process beside the case has."""

WORDS: Final = KEPT - {Field.export}
OF_A_PARTY: Final = frozenset({Field.header, Field.texts_all, Field.documents})

PARTY_ROLES: Final = UNIT_ROLES | {"consultation_member", "task_force_lead", "community", "grid_worker"}
"""Roles in which somebody of a unit reads what his unit is a party to."""

SOME_KINDS: Final[Mapping[str, frozenset[str]]] = {
    "discipline_liaison": frozenset({"accountability"}),
    "specialist": frozenset({"consultation"}),
    "catalogue_keeper": frozenset({"consultation", "adjudication", "batch"}),
}
"""Roles that read the words of some kinds of process, all over the city; of others what staff of their kind reads, if they are."""

WORKED_AT: Final[Mapping[str, frozenset[str]]] = {
    "calendar_keeper": frozenset({"batch"}),
    "operator": frozenset({"batch"}),
}
"""Roles that read the words of the kinds they work at, beside the codes that they read of every other."""


def disclosing(
    viewer: Actor,
    kind: str,
    *,
    district: str | None,
    parties: AbstractSet[str],
    former: AbstractSet[str] = frozenset(),
    is_open: bool = True,
    by: str | None = None,
) -> frozenset[Field]:
    """Return the fields ``viewer`` may read of a process. Empty means: for him there is no such process.

    ``parties`` are the units it is about, ``former`` those it was about once; ``by`` is who began it.
    """
    as_party = OF_A_PARTY | {Field.request_text} if is_open else OF_A_PARTY
    own = as_party if viewer.user == by else frozenset()
    return own | _by_role(viewer, kind, district, parties, former, as_party)


def _by_role(
    viewer: Actor,
    kind: str,
    district: str | None,
    parties: AbstractSet[str],
    former: AbstractSet[str],
    as_party: frozenset[Field],
) -> frozenset[Field]:
    if viewer.role in PARTY_ROLES:
        if viewer.unit in parties:
            return as_party
        return frozenset({Field.header}) if viewer.unit in former else frozenset()
    if viewer.role in SOME_KINDS:
        if kind in SOME_KINDS[viewer.role]:
            return WORDS
    elif kind in WORKED_AT.get(viewer.role, ()):
        return of_staff(viewer, district) & KEPT | WORDS
    return of_staff(viewer, district) & KEPT


def reads_all(role: str, district: str | None) -> bool:
    """Say whether the role reads every process of the city."""
    return role in STAFF and not (role in SEATED and district is not None)


def reads_district(role: str) -> bool:
    """Say whether the role reads what is of its district."""
    return role in DISTRICT or role in SEATED

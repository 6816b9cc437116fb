"""保密与披露: which fields of a case a viewer may read (domain.md §0.1 (5): field-level disclosure per assignment).

One table by role for the centre's staff, one rule for units: a unit reads what it needs for its own live order, and nothing
of a case it has no order on. Reading a caller's data is audited by whoever reads; this module only says whether it may be.
What of the processes beside the case may be read says :mod:`domain.disclosing`.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from domain.casework.state import Case
from domain.casework.words import LIVE, OrderRole
from domain.process import Actor


class Field(StrEnum):
    """What can be disclosed."""

    header = "header"  # stage, classes, units, instants: codes only
    orders_all = "orders_all"  # the orders of every unit; of a process beside the case: what it has with every unit
    orders_own = "orders_own"  # the own unit's orders and the lead's
    callers = "callers"  # request numbers on the case and their outcomes
    request_text = "request_text"  # title, content, place
    texts_all = "texts_all"  # the words of every decision
    texts_own = "texts_own"  # the words about the own unit's orders
    documents = "documents"  # files handed in
    caller_name = "caller_name"
    caller_phone = "caller_phone"
    caller_address = "caller_address"
    export = "export"  # the whole journal, for sanhuan verify


CALLER_DATA: Final = frozenset({Field.caller_name, Field.caller_phone, Field.caller_address})

_CODES: Final = frozenset({Field.header, Field.orders_all, Field.callers})
_WORDS: Final = _CODES | {Field.request_text, Field.texts_all, Field.documents}

STAFF: Final[Mapping[str, frozenset[Field]]] = {
    "agent": _WORDS | CALLER_DATA,
    "dispatcher": _WORDS | CALLER_DATA,
    "callback_officer": _WORDS | CALLER_DATA,
    "order_reviewer": _WORDS | {Field.caller_name, Field.caller_phone},
    "shift_leader": _WORDS | {Field.caller_name, Field.caller_phone, Field.export},
    "centre_head": _WORDS | {Field.export},
    "city_centre": _WORDS,
    "city_office": _WORDS,
    "supervisor": _WORDS | {Field.export},
    "analyst": _WORDS,
    "operator": _CODES | {Field.export},
    "auditor": _CODES | {Field.export},
    "privacy_officer": _CODES,
    "catalogue_keeper": frozenset({Field.header}),
    "calendar_keeper": frozenset({Field.header}),
    "adjudication_group": _WORDS,
    "session_leader": _WORDS,
    "session_secretary": _WORDS,
    "government_inspector": _WORDS,
}
"""What the city's staff read of any case."""

SEATED: Final = frozenset({"adjudication_group", "session_leader", "session_secretary", "government_inspector"})
"""Roles that the city has and each district too: who holds one for a district reads what is of that district."""

DISTRICT: Final[Mapping[str, frozenset[Field]]] = {"district_centre": _WORDS}
"""What a district's staff read of the cases of their district."""

CONFIDENTIAL: Final = frozenset({"agent", "callback_officer"})
"""Who still reads the caller's data of a confidential case: those who speak with the caller."""

UNIT_ROLES: Final = frozenset({"unit_liaison", "unit_head", "street_coordinator", "community", "grid_worker"})
CONTACTS: Final = frozenset({"unit_liaison", "community", "grid_worker"})
"""Roles of a unit at work that speak with the caller."""
WITH_ORDER: Final = frozenset({Field.header, Field.orders_own, Field.texts_own})


def disclosure(case: Case, viewer: Actor, *, confidential: bool = False) -> frozenset[Field]:
    """Return the fields ``viewer`` may read. Empty means: for him the case does not exist.

    ``confidential`` adds to the case's own mark that of the one request that is read.
    """
    if viewer.role in UNIT_ROLES:
        return _unit(case, viewer, secret=case.confidential or confidential)
    fields = of_staff(viewer, case.district)
    if (case.confidential or confidential) and viewer.role not in CONFIDENTIAL:
        fields -= CALLER_DATA
    return fields


def sits_for(role: str, own: str | None, district: str | None) -> bool:
    """Say whether somebody in a role has to do with a district's processes (None: the city's). Who sits for one, with its alone."""
    return role not in SEATED or own in {None, district}


def of_staff(viewer: Actor, district: str | None) -> frozenset[Field]:
    """Return what staff of the city, or of a district, read of what belongs to ``district``."""
    if viewer.role in DISTRICT:
        return DISTRICT[viewer.role] if viewer.district is not None and viewer.district == district else frozenset()
    if not sits_for(viewer.role, viewer.district, district):
        return frozenset()
    return STAFF.get(viewer.role, frozenset())


def own_orders(case: Case, unit: str | None) -> frozenset[str]:
    """Return the ids of the unit's orders."""
    return frozenset(o.id for o in case.orders.values() if o.unit == unit and unit is not None)


def answered_orders(case: Case, unit: str | None) -> frozenset[str]:
    """Return the ids of the unit's orders and of those that were handed down from them: it answers for these too (§18)."""
    found = own_orders(case, unit)
    while more := frozenset(o.id for o in case.orders.values() if o.above in found) - found:
        found |= more
    return found


def visible_orders(case: Case, viewer: Actor, fields: frozenset[Field]) -> frozenset[str]:
    """Return the ids of the orders the viewer may see: all, or those his unit answers for, those above them, and the lead's."""
    if Field.orders_all in fields:
        return frozenset(case.orders)
    if Field.orders_own not in fields:
        return frozenset()
    found = answered_orders(case, viewer.unit)
    while more := frozenset(above for o in found if (above := case.orders[o].above) in case.orders) - found:
        found |= more
    lead = case.lead
    return found | ({lead.id} if lead else frozenset())


def _unit(case: Case, viewer: Actor, *, secret: bool) -> frozenset[Field]:
    orders = [case.orders[key] for key in own_orders(case, viewer.unit)]
    if not orders:
        return frozenset()
    # A unit that is only informed owes nothing, but reads what it was informed of while the case is open.
    informed = [o for o in orders if o.role is OrderRole.informed and case.code is None]
    live = [*(o for o in orders if o.cycle == case.cycle and o.state in LIVE), *informed]
    if not live:
        return WITH_ORDER
    fields = WITH_ORDER | {Field.request_text, Field.documents, Field.callers}
    works = any(o.role is not OrderRole.informed for o in live)
    if works and not secret and viewer.role in CONTACTS:
        fields |= {Field.caller_name, Field.caller_phone}
    return fields

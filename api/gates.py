"""Who comes through which door: one table for every operation that is no command (those are in ``permissions.yaml``).

Routes take the roles from here, ``docs/permissions.md`` is written from here, and a test walks through every cell by HTTP.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from domain.disclosing import KEPT, OF_A_PARTY, PARTY_ROLES, SOME_KINDS, WORDS
from domain.disclosure import DISTRICT, STAFF, UNIT_ROLES, Field


class Way(StrEnum):
    """What opens a door."""

    anyone = "anyone"  # nothing is asked
    signed_in = "signed_in"  # a live session, whatever the role
    reach = "reach"  # a live session; the list holds what the viewer's roles reach: city, district or own unit
    holder = "holder"  # one of the roles
    reader = "reader"  # somebody to whom disclosure gives the field of a case, or anything at all
    beside = "beside"  # the same of a process beside the case
    unit = "unit"  # a department system, by its signature


@dataclass(frozen=True)
class Gate:
    """What one operation asks for."""

    way: Way
    roles: tuple[str, ...] = ()
    field: Field | None = None

    def opens(self, role: str) -> bool:
        """Say whether a signed-in person of ``role`` comes through; for ``reader`` within the role's reach."""
        match self.way:
            case Way.unit:
                return False
            case Way.holder:
                return role in self.roles
            case Way.reader:
                return self._reads(role)
            case Way.beside:
                return role in _BESIDE and (self.field is None or self.field in _BESIDE[role])
            case _:
                return True

    def _reads(self, role: str) -> bool:
        fields = STAFF.get(role, frozenset()) | DISTRICT.get(role, frozenset()) | _UNIT.get(role, frozenset())
        return bool(fields) if self.field is None else self.field in fields


# A unit reads the words and files of a case while it has a live order on it, never the journal.
_UNIT: Final = {role: frozenset(Field) - {Field.export, Field.texts_all, Field.orders_all} for role in UNIT_ROLES}

# Of a process beside the case: what disclosure gives each role, wherever the process belongs.
_BESIDE: Final = {
    **{role: fields & KEPT for role, fields in {**STAFF, **DISTRICT}.items()},
    **dict.fromkeys(PARTY_ROLES, OF_A_PARTY),
    **dict.fromkeys(SOME_KINDS, WORDS),
}

_WORDS: Final = (*(role for role, fields in STAFF.items() if Field.texts_all in fields), *DISTRICT)
"""Who reads the words of every case of the city or a district."""

_ANYONE: Final = Gate(Way.anyone)
_SIGNED_IN: Final = Gate(Way.signed_in)
_UNIT_SYSTEM: Final = Gate(Way.unit)

GATES: Final[Mapping[str, Gate]] = {
    "sign_in": _ANYONE,
    "sign_out": _SIGNED_IN,
    "who_am_i": _SIGNED_IN,
    "register_request": Gate(Way.holder, ("agent",)),
    "read_request": Gate(Way.reader, field=Field.request_text),
    "list_similar_requests": Gate(Way.holder, ("agent", "dispatcher", "shift_leader")),
    "list_todos": _SIGNED_IN,
    "count_todos": _SIGNED_IN,
    "list_cases": Gate(Way.reach),
    "read_case": Gate(Way.reader),
    "list_case_events": Gate(Way.reader),
    "read_case_ledger": Gate(Way.reader),
    "export_case": Gate(Way.reader, field=Field.export),
    "list_on_account": Gate(Way.reach),
    "list_proceedings": Gate(Way.reach),
    "count_proceedings": Gate(Way.reach),
    "list_rulings": Gate(Way.holder, (*_WORDS, "catalogue_keeper")),
    "read_proceeding": Gate(Way.beside),
    "list_proceeding_events": Gate(Way.beside),
    "list_batch_items": Gate(Way.beside),
    "read_proceeding_ledger": Gate(Way.beside),
    "export_proceeding": Gate(Way.beside, field=Field.export),
    "list_papers": Gate(Way.reach),
    "read_paper": Gate(Way.beside),
    "read_paper_page": Gate(Way.beside, field=Field.texts_all),
    "read_paper_pdf": Gate(Way.beside, field=Field.texts_all),
    "hand_in_document": Gate(Way.reader, field=Field.documents),
    "read_document": Gate(Way.reader, field=Field.documents),
    "answer_as_department": _UNIT_SYSTEM,
    "hand_in_document_as_department": _UNIT_SYSTEM,
    "list_incidents": Gate(Way.holder, ("operator", "shift_leader", "auditor")),
    "list_units": _SIGNED_IN,
    "list_item_versions": Gate(Way.signed_in),
    "list_items": _SIGNED_IN,
    "list_policies": _SIGNED_IN,
    "read_policy": _SIGNED_IN,
    "read_calendar": _SIGNED_IN,
    "list_problems": _ANYONE,
    "list_troubles": Gate(Way.holder, ("operator", "shift_leader", "auditor")),
    "list_audit": Gate(Way.holder, ("auditor", "privacy_officer")),
    "restart_process": Gate(Way.holder, ("operator",)),
    "read_command": _SIGNED_IN,
    "is_alive": _ANYONE,
    "is_ready": _ANYONE,
}


def gate_of(operation: str) -> Gate:
    """Return the gate of an operation; a decision, which has its own table, asks for a session first."""
    return GATES.get(operation, _SIGNED_IN)


def roles_of(operation: str) -> tuple[str, ...]:
    """Return the roles an operation is open to, in the order in which they are tried."""
    return GATES[operation].roles

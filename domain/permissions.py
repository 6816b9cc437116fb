"""Who may give which command: one table, command × role × scope (architecture §4).

The table is data (``domain/policies/permissions.yaml``); the API, the todos and the kernel read the same one.
"""

from enum import StrEnum

from domain.model import Strict


class Scope(StrEnum):
    """How far a role's right reaches."""

    city = "city"  # any process
    district = "district"  # processes of the actor's district
    unit = "unit"  # only what is about the actor's own unit


class CommandRow(Strict):
    """One command: the roles that may give it and how far, the release it came with, where the rule comes from."""

    grants: dict[str, Scope]
    since: str
    source: str
    zh: str
    en: str


class Permissions(Strict):
    """The whole table, with its version."""

    version: str
    commands: dict[str, CommandRow]
    roles: dict[str, tuple[str, str]]

    def roles_for(self, command: str) -> tuple[str, ...]:
        """Return the roles that may give the command, in the table's order."""
        row = self.commands.get(command)
        return () if row is None else tuple(row.grants)

    def allows(
        self,
        command: str,
        *,
        role: str,
        unit: str | None,
        district: str | None,
        subject_unit: str | None,
        subject_district: str | None,
    ) -> bool:
        """Say whether an actor of ``role``, ``unit`` and ``district`` may give ``command`` about that subject.

        ``system`` may give machine commands only, which are the rows with the role ``system``.
        """
        row = self.commands.get(command)
        scope = row.grants.get(role) if row else None
        if scope is None:
            return False
        if scope is Scope.unit:
            return unit is not None and unit == subject_unit
        if scope is Scope.district:
            return district is not None and district == subject_district
        return True

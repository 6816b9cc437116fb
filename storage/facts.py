"""What the rules ask about the world outside a process: units, catalogue items, other cases, the request it came from."""

from collections.abc import Iterable
from typing import Any, Final

from sqlalchemy import Connection, bindparam, select

from domain.process import CaseFact, ItemFact, Need, UnitFact
from storage.models import CaseRow, ItemRow, RequestRow, UnitRow, table

NOT_OPEN: Final = frozenset({"answered", "diverted", "guided", "merged", "declined", "closed", "archived"})

_unit = table(UnitRow)
_UNITS: Final = select(
    _unit.c.code, _unit.c.level, _unit.c.district, _unit.c.parent, _unit.c.active, _unit.c.endpoint
).where(_unit.c.code.in_(bindparam("codes", expanding=True)))


def look_up(
    connection: Connection, needs: Iterable[Need]
) -> tuple[dict[str, UnitFact], dict[str, ItemFact], dict[str, CaseFact]]:
    """Look up units, catalogue items and other cases. What does not exist is missing from the result."""
    wanted: dict[str, set[str]] = {}
    for need in needs:
        wanted.setdefault(need.kind, set()).add(need.key)
    units: dict[str, UnitFact] = {}
    items: dict[str, ItemFact] = {}
    cases: dict[str, CaseFact] = {}
    if codes := wanted.get("unit"):
        units = _units(connection, codes)
    branch = wanted.get("branch", set())
    while branch:
        found = _units(connection, branch)
        units |= found
        branch = {u.parent for u in found.values() if u.parent is not None} - units.keys()
    if codes := wanted.get("item"):
        i = table(ItemRow)
        rows = connection.execute(select(i.c.code, i.c.version, i.c.owner, i.c.co).where(i.c.code.in_(codes)))
        items = {r.code: ItemFact(code=r.code, version=r.version, owner=r.owner, co=tuple(r.co)) for r in rows}
    if codes := wanted.get("case"):
        c = table(CaseRow)
        rows = connection.execute(select(c.c.no, c.c.stage, c.c.main_case).where(c.c.no.in_(codes)))
        cases = {
            r.no: CaseFact(no=r.no, open=r.stage not in NOT_OPEN, stage=r.stage, main_case=r.main_case) for r in rows
        }
    return units, items, cases


def _units(connection: Connection, codes: set[str]) -> dict[str, UnitFact]:
    return {
        r.code: UnitFact(
            code=r.code,
            level=r.level,
            district=r.district,
            parent=r.parent,
            active=r.active,
            system=r.endpoint is not None,
        )
        for r in connection.execute(_UNITS, {"codes": list(codes)})
    }


def request_of(connection: Connection, no: str) -> Any | None:
    """Return the coded fields of a request (no caller data), or None."""
    r = table(RequestRow)
    columns = (
        r.c.no,
        r.c.received_at,
        r.c.case_type,
        r.c.channel,
        r.c.caller_type,
        r.c.grade,
        r.c.confidential,
        r.c.district,
        r.c.street,
        r.c.pack,
        r.c.started_at,
    )
    return connection.execute(select(*columns).where(r.c.no == no)).one_or_none()

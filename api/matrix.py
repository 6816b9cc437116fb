"""The authorization matrix as a page for people: ``python -m api.matrix docs`` writes ``permissions.md`` in both languages.

Everything on it is derived: commands from ``permissions.yaml``, other operations from :mod:`api.gates`, fields from disclosure.
"""

import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from pathlib import Path
from typing import Final

from api.decisions.schemas import asked, openings
from api.gates import GATES, Gate, Way
from domain.deciders import DECIDERS
from domain.disclosing import KEPT, OF_A_PARTY, PARTY_ROLES, SOME_KINDS, WORDS, WORKED_AT
from domain.disclosure import DISTRICT, STAFF, Field
from domain.kernel import KERNEL_COMMANDS
from domain.permissions import Scope
from storage.cases import CASE
from storage.policies import load_permissions
from storage.texts import text

PAGES: Final[Mapping[str, str]] = {"zh": "permissions.zh-CN.md", "en": "permissions.md"}
SYSTEM: Final = "system"
MARKS: Final = {Scope.city: "●", Scope.district: "◐", Scope.unit: "○"}


def page(lang: str) -> str:
    """Return the page in a language."""
    return "\n".join([*_head(lang), *_commands(lang), *_operations(lang), *_fields(lang)]) + "\n"


def _head(lang: str) -> Iterator[str]:
    other = next(name for code, name in PAGES.items() if code != lang)
    yield f"# {text('matrix.title', lang)}"
    yield ""
    yield f"[{text('matrix.other', lang)}]({other})"
    yield ""
    yield text("matrix.intro", lang, version=load_permissions().version)
    yield ""
    yield " · ".join(f"{mark} {text(f'matrix.scope.{scope}', lang)}" for scope, mark in MARKS.items())
    yield ""


def _commands(lang: str) -> Iterator[str]:
    rows = load_permissions().commands
    told: set[str] = set()
    for kind in DECIDERS:
        given = [name for name in rows if name in {**openings(kind), **asked(kind)} and name not in told]
        # What settles an incident is the same for every process; it stands where it comes first.
        told |= set(given) & KERNEL_COMMANDS.keys()
        roles = [r for r in load_permissions().roles if r != SYSTEM and any(r in rows[name].grants for name in given)]
        yield from _section(
            "matrix.commands", lang, "" if kind == CASE else text(f"process.{kind}", lang), about=kind == CASE
        )
        cells = (
            [
                f"{text(f'command.{name}', lang)} `{name}`",
                *(MARKS[rows[name].grants[r]] if r in rows[name].grants else "" for r in roles),
                rows[name].source,
            ]
            for name in given
        )
        yield from _grid([text("matrix.command", lang), *_names(roles, lang), text("matrix.source", lang)], cells)
        yield ""
    machine = [f"`{name}`" for name in _machines() if name in rows]
    yield f"{text('matrix.machine', lang)}: {', '.join(machine)}."
    yield ""


def _machines() -> Iterator[str]:
    """Return the commands that only machines give, of all kinds, each once."""
    named = dict.fromkeys(n for d in DECIDERS.values() for n, move in d.moves.items() if move.machine)
    named |= dict.fromkeys(name for name in KERNEL_COMMANDS if name not in asked(CASE))
    return iter(named)


def _operations(lang: str) -> Iterator[str]:
    yield from _section("matrix.operations", lang)
    for way in (Way.anyone, Way.signed_in, Way.unit):
        named = ", ".join(f"`{name}`" for name, gate in GATES.items() if gate.way is way)
        yield f"* {text(f'matrix.way.{way}', lang)}: {named}"
    yield ""
    roles = [r for r in load_permissions().roles if r != SYSTEM]
    some = {name: gate for name, gate in GATES.items() if gate.way in {Way.reach, Way.holder, Way.reader, Way.beside}}
    cells = ([f"`{name}`", *(_mark(gate, role) for role in roles)] for name, gate in some.items())
    yield from _grid([text("matrix.operation", lang), *_names(roles, lang)], cells)
    yield ""


def _fields(lang: str) -> Iterator[str]:
    yield from _section("matrix.fields", lang)
    yield from _read({**STAFF, **DISTRICT}, lang)
    yield ""
    yield text("matrix.units", lang)
    yield ""
    yield from _section("matrix.beside", lang)
    parties = {role: OF_A_PARTY | {Field.request_text} for role in PARTY_ROLES}
    beside = {role: fields & KEPT for role, fields in {**STAFF, **DISTRICT}.items()} | parties
    yield from _read(beside | dict.fromkeys(SOME_KINDS, WORDS), lang, *sorted(KEPT))
    yield ""
    yield text("matrix.beside.units", lang)
    for role, kinds in {**SOME_KINDS, **WORKED_AT}.items():
        named = ", ".join(text(f"process.{kind}", lang) for kind in sorted(kinds))
        yield f"* {text(f'role.{role}', lang)}: {named}"


def _read(known: Mapping[str, AbstractSet[Field]], lang: str, *fields: Field) -> Iterator[str]:
    roles = [r for r in load_permissions().roles if r in known]
    cells = ([f"`{field}`", *(_reach(r) if field in known[r] else "" for r in roles)] for field in fields or Field)
    yield from _grid([text("matrix.field", lang), *_names(roles, lang)], cells)


def _mark(gate: Gate, role: str) -> str:
    if not gate.opens(role):
        return ""
    return MARKS[Scope.city] if gate.way is Way.holder else _reach(role)


def _reach(role: str) -> str:
    if role in PARTY_ROLES:
        return MARKS[Scope.unit]
    return MARKS[Scope.district] if role in DISTRICT else MARKS[Scope.city]


def _section(key: str, lang: str, of: str = "", *, about: bool = True) -> Iterator[str]:
    yield f"## {text(key, lang)}" + (f" · {of}" if of else "")
    yield ""
    if about:
        yield text(f"{key}.about", lang)
        yield ""


def _names(roles: Iterable[str], lang: str) -> list[str]:
    return [text(f"role.{role}", lang) for role in roles]


def _grid(head: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    yield _row(head)
    yield _row(["---", *[":-:"] * (len(head) - 1)])
    for row in rows:
        yield _row(row)


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def main(folder: str) -> None:
    """Write the pages into a folder."""
    for lang, name in PAGES.items():
        (Path(folder) / name).write_text(page(lang), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "docs")

"""`sanhuan found`, `password` and `system`: a city of one's own, from files; its passwords and department systems one by one."""

import getpass
import secrets
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, Literal, NoReturn
from urllib.parse import urlsplit

import yaml
from rich.console import Console

from cli.doctor import language
from domain.signing import new_secret
from simulation.city import DEMO_PASSWORD, City, read_city
from storage import founding as sql
from storage.accounts import hash_password
from storage.audit import write_audit
from storage.policies import load_permissions, pack_ids
from storage.texts import text
from storage.unit_of_work import Database, StorageUnavailable

WHO: Final = "sanhuan"
"""Under this name changes of the command line stand in the audit: who sits at the machine, the machine knows."""
SHORTEST: Final = 12
LONGEST_ADDRESS: Final = 300

Kind = Literal["unit", "item", "account", "setting"]
How = Literal["new", "changed", "off"]


class Wrong(Exception):
    """What was given cannot be taken; the text says what and where."""


@dataclass(frozen=True)
class Change:
    """One row that differs from the files."""

    kind: Kind
    code: str
    how: How
    values: Mapping[str, Any]


def found(url: str, folder: Path, *, pack: str, apply: bool) -> int:
    """Print what differs between an installation and the files of a city; with ``apply`` make it as the files say.

    Who or what the files no longer name is switched off, never deleted. Returns 0 when nothing differs or all was applied, 1 when
    differences are left, 2 when the files cannot be taken: then nothing was written.
    """
    try:
        city = _read(folder, pack)
        database = Database(url)
        try:
            with database.write() as connection:
                changes = list(_differences(connection, city, pack))
                if apply:
                    _apply(connection, changes, datetime.now(UTC))
        finally:
            database.close()
    except (Wrong, StorageUnavailable) as error:
        _say("found.not_taken", why=str(error))
        return 2
    lang = language()
    for change in changes:
        _print(f"{text(f'found.{change.how}', lang)}  {text(f'found.{change.kind}', lang)}  {change.code}")
    _say("found.applied" if apply else "found.would", n=len(changes))
    return 0 if apply or not changes else 1


def password(url: str, user: str) -> int:
    """Give an account a password, asked for twice at a terminal, else the first line of the input; it is signed out everywhere."""

    def refuse(why: str) -> int:
        _say(f"found.password.{why}", user=user, least=SHORTEST)
        return 2

    if sys.stdin.isatty():
        lang = language()
        given = getpass.getpass(text("found.password.ask", lang, user=user))
        if getpass.getpass(text("found.password.again", lang)) != given:
            return refuse("differ")
    else:
        given = sys.stdin.readline().rstrip("\r\n")
    if len(given) < SHORTEST or given == DEMO_PASSWORD:
        return refuse("short")
    hashed = hash_password(given)
    if not _change(url, f"account/{user}", "password", lambda connection: sql.put_password(connection, user, hashed)):
        return refuse("unknown")
    _say("found.password.done", user=user)
    return 0


def system(url: str, unit: str, address: str | None) -> int:
    """Give a unit a department system at an address and print its new secret, once; without an address take it away."""
    secret = None if address is None else new_secret()
    if address is not None and not _is_address(address):
        _say("found.system.address")
        return 2
    if not _change(url, f"unit/{unit}", "system", lambda connection: sql.put_system(connection, unit, address, secret)):
        _say("found.system.unknown", unit=unit)
        return 2
    if secret is None:
        _say("found.system.gone", unit=unit)
    else:
        _say("found.system.done", unit=unit)
        _print(secret)  # alone in its line, for who puts it where it is needed
    return 0


def _say(key: str, **values: object) -> None:
    _print(text(key, language(), **values))


def _print(line: str) -> None:
    Console().print(line, highlight=False, markup=False, soft_wrap=True)


def _read(folder: Path, pack: str) -> City:
    if pack not in pack_ids():
        _wrong(f"pack {pack}: {', '.join(pack_ids())}")
    try:
        city = read_city(folder)
    except OSError as error:
        _wrong(f"{error.filename}: {error.strerror}", error)
    except KeyError as error:
        _wrong(f"{folder}: {error} is missing", error)
    except (ValueError, TypeError, AttributeError, yaml.YAMLError) as error:
        _wrong(f"{folder}: {error}", error)
    roles = set(load_permissions().roles) - {"system"}
    for account in city.accounts:
        if unknown := set(account.roles) - roles:
            _wrong(f"account {account.user}: no role {', '.join(sorted(unknown))}")
    return city


def _wrong(what: str, error: Exception | None = None) -> NoReturn:
    raise Wrong(what) from error


def _differences(connection: Any, city: City, pack: str) -> Iterator[Change]:
    here = {u.code: {name: getattr(u, name, True) for name in sql.UNIT} for u in city.units}
    yield from _against("unit", sql.units(connection), here)
    yield from _against("item", _as_of_files(sql.items(connection), city), _items(city))
    people = {a.user: {**{n: getattr(a, n, True) for n in sql.ACCOUNT}, "roles": list(a.roles)} for a in city.accounts}
    yield from _against("account", sql.accounts(connection), people)
    settings = {
        "pack": {"value": pack},
        "issuer": {"value": f"{city.name_zh.removesuffix('市')}12345"},
        "issuer_en": {"value": f"{city.name_en} 12345"},
    }
    yield from _against("setting", sql.settings(connection), settings)


def _against(kind: Kind, there: sql.Rows, files: sql.Rows) -> Iterator[Change]:
    """Compare what there is with the files. Only what can be switched off is, and only once."""
    for code, values in files.items():
        if code not in there:
            yield Change(kind, code, "new", values)
        elif there[code] != values:
            yield Change(kind, code, "changed", values)
    for code, values in there.items():
        if code not in files and values.get("active"):
            yield Change(kind, code, "off", {**values, "active": False})


def _items(city: City) -> sql.Rows:
    return {i.code: {n: getattr(i, n) for n in sql.ITEM} | {"keywords": list(i.keywords)} for i in city.items}


def _as_of_files(there: sql.Rows, city: City) -> sql.Rows:
    """Let what decisions made of an item's very version stand: it counts as what the files say."""
    files = _items(city)
    made = {c for c, row in there.items() if c in files and row["version"].startswith(f"{files[c]['version']}+")}
    return {code: files[code] if code in made else row for code, row in there.items()}


def _apply(connection: Any, changes: list[Change], now: datetime) -> None:
    def of(kind: Kind) -> dict[str, Mapping[str, Any]]:
        return {c.code: c.values for c in changes if c.kind == kind}

    sql.put_units(connection, of("unit"))
    sql.put_items(connection, of("item"))
    sql.put_accounts(connection, of("account"), hash_password(secrets.token_urlsafe(32)))
    sql.put_settings(connection, of("setting"))
    for change in changes:
        _note(connection, f"{change.kind}/{change.code}", change.how, now)


def _change(url: str, subject: str, what: str, change: Callable[[Any], bool]) -> bool:
    """Change one thing and put it on record; False, and nothing on record, when it does not exist."""
    database = Database(url)
    try:
        with database.write() as connection:
            done = change(connection)
            if done:
                _note(connection, subject, what, datetime.now(UTC))
        return done
    finally:
        database.close()


def _note(connection: Any, subject: str, what: str, now: datetime) -> None:
    write_audit(
        connection, at=now, user=WHO, role=None, action="found", subject=subject, why="command_line", fields=[what]
    )


def _is_address(address: str) -> bool:
    parts = urlsplit(address)
    return parts.scheme in {"http", "https"} and bool(parts.hostname) and len(address) <= LONGEST_ADDRESS

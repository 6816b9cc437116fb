"""Packs, calendars and permissions as the journal uses them: pinned versions, kept as rows that never change.

A running case asks for exactly the pack and calendar it pinned; a new case gets those in force. The YAML files are where
they come from (:mod:`storage.policies`); :func:`register` copies a version into the database once.
"""

from collections.abc import Iterable
from contextlib import suppress
from datetime import datetime
from functools import cache, lru_cache
from typing import Final

from sqlalchemy import Connection, select

from domain.calendar import Calendar
from domain.export import ExportTerms
from domain.permissions import Permissions
from domain.policy import Pack, pack_sha
from domain.process import Need, Pins
from storage.models import CalendarRow, PolicyRow, SettingRow, UnitRow, table
from storage.policies import load_calendar, load_pack, load_permissions
from storage.unit_of_work import Database
from storage.upserts import insert_once, upsert

PACK: Final = "pack"
"""The setting that names the city's pack."""
DEFAULT_PACK: Final = "haikou"

_policy = table(PolicyRow)
_calendar = table(CalendarRow)
_setting = table(SettingRow)
_unit = table(UnitRow)


class RuleMissing(LookupError):
    """A pinned pack or calendar is not in the database, or not the one that was pinned."""


class Rules:
    """Cached access to pinned rules. Versions never change, so what was read once holds."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.pack = lru_cache(maxsize=64)(self._pack)
        self.calendar = lru_cache(maxsize=16)(self._read_calendar)
        self.pack_at = lru_cache(maxsize=16)(self._read_pack_at)
        self.unit_name = lru_cache(maxsize=4096)(self._read_unit_name)

    def _pack(self, pack_id: str, version: str, sha: str) -> Pack:
        with self._database.read() as connection:
            body = connection.execute(
                select(_policy.c.body).where(
                    _policy.c.id == pack_id, _policy.c.version == version, _policy.c.sha == sha
                )
            ).scalar_one_or_none()
        if body is None:
            raise RuleMissing(f"policy pack {pack_id}@{version} ({sha[:12]}) is not in the database")
        return Pack.model_validate_json(body)

    def _read_pack_at(self, key: str) -> Pack:
        """Return the pack that ``id@version`` names."""
        pack_id, _, version = key.partition("@")
        with self._database.read() as connection:
            body = connection.execute(
                select(_policy.c.body).where(_policy.c.id == pack_id, _policy.c.version == version)
            ).scalar_one_or_none()
        if body is None:
            raise RuleMissing(f"policy pack {key} is not in the database")
        return Pack.model_validate_json(body)

    def named(self, needs: Iterable[Need]) -> tuple[dict[str, Pack], dict[str, Calendar]]:
        """Return the packs and calendars that a command named; one that nobody registered is missing from the result."""
        packs: dict[str, Pack] = {}
        calendars: dict[str, Calendar] = {}
        for need in needs:
            with suppress(RuleMissing):
                match need.kind:
                    case "pack":
                        packs[need.key] = self.pack_at(need.key)
                    case "calendar":
                        calendars[need.key] = self.calendar(need.key)
                    case _:
                        pass
        return packs, calendars

    def _read_calendar(self, version: str) -> Calendar:
        with self._database.read() as connection:
            body = connection.execute(
                select(_calendar.c.body).where(_calendar.c.version == version)
            ).scalar_one_or_none()
        if body is None:
            raise RuleMissing(f"calendar {version} is not in the database")
        return Calendar.model_validate_json(body)

    def _read_unit_name(self, code: str) -> str:
        """Return the Chinese name of a unit as it was when this process first asked; the code of what is no unit."""
        with self._database.read() as connection:
            name = connection.execute(select(_unit.c.name_zh).where(_unit.c.code == code)).scalar_one_or_none()
        return name or code

    def terms(self, pinned: Iterable[Pins]) -> list[ExportTerms]:
        """Return pinned terms whole, as an export holds them."""
        return [
            ExportTerms(pack=self.pack(p.pack, p.pack_version, p.pack_sha), calendar=self.calendar(p.calendar))
            for p in pinned
        ]

    def permissions(self) -> Permissions:
        """Return the permission table of this release."""
        return load_permissions()

    def current_pack(self, pack_id: str) -> tuple[str, str]:
        """Return version and sha of the pack new cases get."""
        return _version_of(pack_id)

    def in_force(self, connection: Connection) -> Pins:
        """Return what a process that nobody's terms bind opens under: the city's pack, and the calendar of this release."""
        pack_id = setting(connection, PACK, DEFAULT_PACK)
        version, sha = self.current_pack(pack_id)
        return Pins(pack=pack_id, pack_version=version, pack_sha=sha, calendar=self.current_calendar())

    def current_calendar(self) -> str:
        """Return the version of the calendar new cases get."""
        return load_calendar().version


@cache
def _version_of(pack_id: str) -> tuple[str, str]:
    pack = load_pack(pack_id)
    return pack.version, pack_sha(pack)


def register(connection: Connection, pack_ids: tuple[str, ...], now: datetime) -> None:
    """Copy packs and calendar of this release into the database; raise RuleMissing if a version changed its content."""
    for pack_id in pack_ids:
        pack = load_pack(pack_id)
        sha = pack_sha(pack)
        known = connection.execute(
            select(_policy.c.sha).where(_policy.c.id == pack_id, _policy.c.version == pack.version)
        ).scalar_one_or_none()
        if known is not None and known != sha:
            raise RuleMissing(f"policy pack {pack_id}@{pack.version} was changed without a new version")
        values = {
            "id": pack_id,
            "version": pack.version,
            "sha": sha,
            "body": pack.model_dump_json(),
            "loaded_at": now,
        }
        insert_once(connection, _policy, values, ("id", "version"))
    calendar = load_calendar()
    written = connection.execute(
        select(_calendar.c.body).where(_calendar.c.version == calendar.version)
    ).scalar_one_or_none()
    if written is not None and Calendar.model_validate_json(written) != calendar:
        raise RuleMissing(f"calendar {calendar.version} was changed without a new version")
    insert_once(
        connection,
        _calendar,
        {"version": calendar.version, "body": calendar.model_dump_json(), "loaded_at": now},
        ("version",),
    )


def setting(connection: Connection, key: str, default: str) -> str:
    """Return a setting of the installation."""
    value = connection.execute(select(_setting.c.value).where(_setting.c.key == key)).scalar_one_or_none()
    return default if value is None else value


def put_setting(connection: Connection, key: str, value: str) -> None:
    """Write a setting."""
    upsert(connection, _setting, {"key": key, "value": value}, ("key",))

"""The city: units, catalogue, policies and calendars as loaded, settings of the installation."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, select

from storage.models import CalendarRow, ItemRow, PolicyRow, SettingRow, UnitRow, table
from storage.upserts import insert_once, upsert

DEFAULTS: Final = {"pack": "haikou"}
_unit = table(UnitRow)
_item = table(ItemRow)
_policy = table(PolicyRow)
_calendar = table(CalendarRow)
_setting = table(SettingRow)


def put_unit(  # noqa: PLR0913 - the columns of a row
    connection: Connection,
    *,
    code: str,
    name_zh: str,
    name_en: str,
    level: str,
    kind: str,
    parent: str | None = None,
    district: str | None = None,
    active: bool = True,
    endpoint: str | None = None,
    secret: str | None = None,
) -> None:
    """Create a unit or overwrite it. ``endpoint`` and ``secret`` are those of its department system."""
    values = {
        "code": code,
        "name_zh": name_zh,
        "name_en": name_en,
        "level": level,
        "kind": kind,
        "parent": parent,
        "district": district,
        "active": active,
        "endpoint": endpoint,
        "secret": secret,
    }
    upsert(connection, _unit, values, ("code",))


def put_item(
    connection: Connection,
    *,
    code: str,
    version: str,
    name_zh: str,
    name_en: str,
    owner: str | None = None,
    keywords: Sequence[str] = (),
    co: Sequence[str] = (),
) -> None:
    """Create a catalogue item or overwrite it by its newer version. What decisions made of this very version stays."""
    at = connection.execute(select(_item.c.version).where(_item.c.code == code)).scalar_one_or_none()
    if at is not None and at.startswith(f"{version}+"):
        return
    values = {
        "code": code,
        "version": version,
        "name_zh": name_zh,
        "name_en": name_en,
        "owner": owner,
        "keywords": list(keywords),
        "co": list(co),
    }
    upsert(connection, _item, values, ("code",))


def put_policy(connection: Connection, *, policy: str, version: str, sha: str, body: str, now: datetime) -> bool:
    """Keep a pack in one version; say whether it was new. A version that is there is never changed."""
    values = {"id": policy, "version": version, "sha": sha, "body": body, "loaded_at": now}
    return insert_once(connection, _policy, values, ("id", "version"))


def put_calendar(connection: Connection, *, version: str, body: str, now: datetime) -> bool:
    """Keep a calendar in one version; say whether it was new."""
    return insert_once(connection, _calendar, {"version": version, "body": body, "loaded_at": now}, ("version",))


def setting(connection: Connection, key: str) -> str | None:
    """Return a setting, or its default."""
    found = connection.execute(select(_setting.c.value).where(_setting.c.key == key)).scalar_one_or_none()
    return found if found is not None else DEFAULTS.get(key)


def unit(connection: Connection, code: str) -> Any | None:
    """Return a unit with its secret, or None."""
    return connection.execute(select(_unit).where(_unit.c.code == code)).one_or_none()


def list_units(
    connection: Connection, *, level: str | None = None, district: str | None = None, kind: str | None = None
) -> Sequence[Any]:
    """Return units by code, without their secrets."""
    columns = [c for c in _unit.c if c.name != "secret"]
    query = select(*columns).order_by(_unit.c.code)
    for column, value in ((_unit.c.level, level), (_unit.c.district, district), (_unit.c.kind, kind)):
        if value is not None:
            query = query.where(column == value)
    return connection.execute(query).all()


def list_items(connection: Connection, *, owner: str | None = None) -> Sequence[Any]:
    """Return catalogue items by code."""
    query = select(_item).order_by(_item.c.code)
    return connection.execute(query if owner is None else query.where(_item.c.owner == owner)).all()


def policy(connection: Connection, policy_id: str, version: str) -> Any | None:
    """Return a pack as it was loaded in this version, or None."""
    return connection.execute(
        select(_policy).where(_policy.c.id == policy_id, _policy.c.version == version)
    ).one_or_none()


def list_policies(connection: Connection) -> Sequence[Any]:
    """Return id, version and hash of the packs that were ever loaded."""
    return connection.execute(
        select(_policy.c.id, _policy.c.version, _policy.c.sha, _policy.c.loaded_at).order_by(
            _policy.c.id, _policy.c.version
        )
    ).all()


def list_calendars(connection: Connection) -> Sequence[str]:
    """Return the versions of the calendars that were ever loaded, the newest first."""
    newest = (_calendar.c.loaded_at.desc(), _calendar.c.version.desc())
    return connection.execute(select(_calendar.c.version).order_by(*newest)).scalars().all()


def calendar(connection: Connection, version: str) -> Any | None:
    """Return a calendar as it was loaded in this version, or None."""
    return connection.execute(select(_calendar).where(_calendar.c.version == version)).one_or_none()

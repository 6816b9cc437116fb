"""Accounts and sessions. Passwords are argon2id hashes; of a session only the hash of its token is kept."""

import hashlib
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import Connection, case, delete, insert, select

from storage.models import AccountRow, SessionRow, UnitRow, table
from storage.upserts import upsert

_HASHER: Final = PasswordHasher()
_account = table(AccountRow)
_session = table(SessionRow)
_unit = table(UnitRow)
_DISTRICT = case((_unit.c.level == "district", _unit.c.code), else_=_unit.c.district).label("district")
"""The district somebody acts for: his unit's, or his unit itself when it is a district."""


@dataclass(frozen=True)
class Account:
    """Somebody who may act: the roles he holds, his unit and that unit's district."""

    user: str
    name_zh: str
    name_en: str
    roles: tuple[str, ...]
    unit: str | None
    district: str | None
    active: bool = True


@dataclass(frozen=True)
class Session:
    """A signed-in session. ``token`` is known only when it was just opened."""

    account: Account
    expires_at: datetime
    token: str = ""


def hash_password(password: str) -> str:
    """Return the argon2id hash of a password; takes some 50 ms and 64 MiB on purpose."""
    return _HASHER.hash(password)


def password_fits(stored: str | None, password: str) -> bool:
    """Verify a password. An unknown user (``stored`` None) costs as much time as a known one."""
    try:
        _HASHER.verify(stored or _DECOY, password)
    except (VerificationError, InvalidHashError):
        return False
    return stored is not None


_DECOY: Final = "$argon2id$v=19$m=65536,t=3,p=4$c2FuaHVhbi1kZWNveS1zYWx0$LUjFhUzyn8JrTiDMg8eWMHWBxKA3KZRHnYYlB+VdGgE"


def token_hash(token: str) -> str:
    """Return what is kept of a token."""
    return hashlib.sha256(token.encode()).hexdigest()


def put_account(
    connection: Connection,
    *,
    user: str,
    name_zh: str,
    name_en: str,
    password_hash: str,
    roles: Sequence[str],
    unit: str | None = None,
    active: bool = True,
) -> None:
    """Create an account or overwrite it."""
    values = {
        "user": user,
        "name_zh": name_zh,
        "name_en": name_en,
        "password_hash": password_hash,
        "roles": list(roles),
        "unit": unit,
        "active": active,
    }
    upsert(connection, _account, values, ("user",))


def find_account(connection: Connection, user: str) -> tuple[Account, str] | None:
    """Return an active account and its password hash, or None."""
    found = connection.execute(
        select(_account, _DISTRICT)
        .join_from(_account, _unit, _unit.c.code == _account.c.unit, isouter=True)
        .where(_account.c.user == user, _account.c.active)
    ).one_or_none()
    return None if found is None else (_of(found), found.password_hash)


def account_names(connection: Connection, users: Iterable[str]) -> dict[str, tuple[str, str]]:
    """Return the Chinese and English names of accounts by user; who is not known is missing."""
    query = select(_account.c.user, _account.c.name_zh, _account.c.name_en)
    rows = connection.execute(query.where(_account.c.user.in_(list(users))))
    return {r.user: (r.name_zh, r.name_en) for r in rows}


def holders(connection: Connection, role: str) -> tuple[str, ...]:
    """Return the users who may act in a role."""
    rows = connection.execute(select(_account.c.user, _account.c.roles).where(_account.c.active))
    return tuple(r.user for r in rows if role in r.roles)


def open_session(connection: Connection, account: Account, now: datetime, lasts: timedelta) -> Session:
    """Open a session and forget the expired ones of this user."""
    token = secrets.token_urlsafe(32)
    expires = now + lasts
    connection.execute(delete(_session).where(_session.c.user == account.user, _session.c.expires_at <= now))
    connection.execute(
        insert(_session).values(token_hash=token_hash(token), user=account.user, created_at=now, expires_at=expires)
    )
    return Session(account=account, expires_at=expires, token=token)


def find_session(connection: Connection, token: str, now: datetime) -> Session | None:
    """Return the live session of a token whose account is active, or None."""
    found = connection.execute(
        select(_account, _DISTRICT, _session.c.expires_at)
        .select_from(_session)
        .join(_account, _account.c.user == _session.c.user)
        .join(_unit, _unit.c.code == _account.c.unit, isouter=True)
        .where(_session.c.token_hash == token_hash(token), _session.c.expires_at > now, _account.c.active)
    ).one_or_none()
    return None if found is None else Session(account=_of(found), expires_at=found.expires_at)


def close_session(connection: Connection, token: str) -> None:
    """End a session; nothing happens when it has ended."""
    connection.execute(delete(_session).where(_session.c.token_hash == token_hash(token)))


def _of(row: Any) -> Account:
    return Account(
        user=row.user,
        name_zh=row.name_zh,
        name_en=row.name_en,
        roles=tuple(row.roles),
        unit=row.unit,
        district=row.district,
        active=row.active,
    )

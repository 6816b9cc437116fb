"""登记: one transaction makes a request of what a caller said: person, request, number, audit, idempotency record.

The case itself begins in the engine; if that is away, the relay begins it later and the caller has his number all the same.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from api.access import Viewer, too_often
from api.gates import roles_of
from api.idempotency import digest, hashed
from api.limits import network_of, take_all
from api.problems import Problem, Wrong, invalid
from api.requests.schemas import Registered, RequestIn
from api.services import Services
from domain.calendar import local_day
from storage import city
from storage.audit import write_audit
from storage.outbox import find_command, put_command
from storage.policies import pack_ids
from storage.requests import next_number, put_request

ROLES = roles_of("register_request")


class _Raced(Exception):
    """The same key came in twice at the same time, and the other one was first."""


@dataclass(frozen=True)
class Taken:
    """A registered request; ``new`` unless the key had come before."""

    registered: Registered
    new: bool


def admit(place: Services, who: Viewer, address: str) -> None:
    """Refuse with 429 an account, or an address, that registers faster than people and channels do."""
    limits = place.limits
    too_often(take_all((limits.intake, who.account.user), (limits.intake_networks, network_of(address))))


def register(place: Services, who: Viewer, key: str, asked: RequestIn) -> Taken:
    """Register a request once. Refuses: 422 for an unknown district, street or pack, or a key used for something else."""
    role = who.holds(*ROLES)
    command = "r/" + hashed(who.account.user, "requests", key)
    said = digest(asked.model_dump(mode="json"))
    now = place.now()
    with place.database.read() as connection:
        before = _before(connection, command, said)
    if before is not None:
        return before
    try:
        with place.database.write() as connection:
            district = _checked_place(connection, asked)
            pack = _checked_pack(connection, place, asked.pack)
            no = next_number(connection, local_day(now))
            new = put_command(
                connection,
                command=command,
                process=f"case/{no}",
                name="register",
                actor=who.actor(role),
                body={"request": no},
                texts={},
                digest=said,
                received_at=now,
                outcome="recorded",
            )
            if not new:
                raise _Raced  # noqa: TRY301 - it rolls the transaction back
            _write(connection, no, asked, district=district, pack=pack, by=who.account.user, role=role, now=now)
    except _Raced:
        with place.database.read() as connection:
            before = _before(connection, command, said)
        if before is None:
            raise Problem(503, "storage_unavailable", retry_after=1) from None
        return before
    return Taken(Registered(no=no, process=f"case/{no}", received_at=now), new=True)


def _before(connection: Connection, command: str, said: str) -> Taken | None:
    row = find_command(connection, command)
    if row is None:
        return None
    if row.digest != said:
        raise Problem(422, "idempotency_key_reused")
    no = row.process.partition("/")[2]
    return Taken(Registered(no=no, process=row.process, received_at=row.received_at), new=False)


def _checked_place(connection: Connection, asked: RequestIn) -> str | None:
    """Return the district: the one given, or the street's. Both must be units of their level and belong together."""
    found = {}
    for level, code in (("district", asked.district), ("street", asked.street)):
        unit = city.unit(connection, code) if code else None
        if code and (unit is None or unit.level != level or not unit.active):
            raise invalid(Wrong(f"/{level}", "unknown_unit"))
        found[level] = unit
    street = found["street"]
    if street is not None and asked.district is not None and street.district != asked.district:
        raise invalid(Wrong("/street", "unknown_unit"))
    return asked.district or (street.district if street is not None else None)


def _checked_pack(connection: Connection, place: Services, wanted: str | None) -> str:
    pack = wanted or city.setting(connection, "pack") or ""
    if pack in pack_ids():
        version, _ = place.rules.current_pack(pack)
        if city.policy(connection, pack, version) is not None:
            return pack
    if wanted is None:
        raise Problem(503, "storage_unavailable", retry_after=30)  # an installation nobody has loaded yet
    raise invalid(Wrong("/pack", "unknown_pack"))


def _write(
    connection: Connection,
    no: str,
    asked: RequestIn,
    *,
    district: str | None,
    pack: str,
    by: str,
    role: str,
    now: datetime,
) -> None:
    caller = asked.caller
    values = asked.model_dump(
        mode="json",
        include={
            "channel",
            "case_type",
            "title",
            "content",
            "place",
            "street",
            "grade",
            "confidential",
            "reply_preference",
            "language",
            "source",
        },
    )
    values |= {"district": district, "pack": pack, "caller_type": str(caller.type), "taken_by": by}
    put_request(
        connection,
        no=no,
        caller={"name": caller.name, "phone": caller.phone, "address": caller.address},
        values=values,
        now=now,
    )
    write_audit(
        connection,
        at=now,
        user=by,
        role=role,
        action="register",
        subject=f"request/{no}",
        why="intake",
        fields=[f for f in ("name", "phone", "address") if getattr(caller, f)],
    )

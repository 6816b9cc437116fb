"""What everybody may look up: units, the dispatch catalogue, policies, calendars."""

import json
from datetime import datetime
from typing import Annotated, Any, Self

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel

from api.access import Place, SignedIn
from api.problems import Problem, status_of
from api.refusals import STATUS, of_the_rules, refuses
from domain.policy import pack_sha
from storage import city
from storage.catalogue import versions
from storage.policies import load_calendar, load_pack, pack_ids
from storage.texts import known, text

router = APIRouter(tags=["reference"])
Code = Annotated[str | None, Query(max_length=80)]
Version = Annotated[str, Path(max_length=200, pattern=r"^[\w.:+-]+$")]


class UnitOut(BaseModel):
    """A unit of the city; ``system`` says that it has a department system."""

    code: str
    name_zh: str
    name_en: str
    level: str
    kind: str
    parent: str | None
    district: str | None
    active: bool
    system: bool


class UnitList(BaseModel):
    """Units by code."""

    items: tuple[UnitOut, ...]


class ItemOut(BaseModel):
    """An item of the dispatch catalogue."""

    code: str
    version: str
    name_zh: str
    name_en: str
    owner: str | None
    co: tuple[str, ...]
    keywords: tuple[str, ...]


class ItemList(BaseModel):
    """Items by code."""

    items: tuple[ItemOut, ...]


class ItemVersion(BaseModel):
    """One change of a catalogue item: what it says since then, and the decision that it follows."""

    code: str
    version: str
    was: str
    owner: str
    co: tuple[str, ...]
    process: str
    item: str
    at: datetime


class ItemVersionList(BaseModel):
    """Changes of an item, the latest first."""

    items: tuple[ItemVersion, ...]


class PolicyLine(BaseModel):
    """A policy pack in one version."""

    id: str
    version: str
    sha: str
    in_force: bool


class PolicyList(BaseModel):
    """Packs that cases may be under."""

    items: tuple[PolicyLine, ...]


class Rulebook(BaseModel):
    """A pack or a calendar, whole, as cases pinned it."""

    id: str
    version: str
    sha: str | None = None
    loaded_at: datetime | None = None
    body: dict[str, Any]


class ProblemLine(BaseModel):
    """A code, the status it comes with, and its text in both languages."""

    code: str
    status: int
    zh: str
    en: str

    @classmethod
    def of(cls, code: str, status: int, home: str) -> Self:
        """Return the line of a code whose texts stand under ``home``; unknown to the doors, the rules' text serves."""
        key = f"{home}.{code}" if known(f"{home}.{code}") else f"refusal.{code}"
        return cls(code=code, status=status, zh=text(key, "zh"), en=text(key, "en"))


class ProblemList(BaseModel):
    """The codes of the doors, then those of the rules."""

    items: tuple[ProblemLine, ...]


@router.get("/problems", operation_id="list_problems", summary="Every code a problem may have")
async def problem_codes() -> ProblemList:
    """List the stable codes with their status and their texts; ``{names}`` stand for what a problem fills in."""
    doors = [ProblemLine.of(code, status, "problem") for code, status in STATUS.items()]
    rules = [ProblemLine.of(code, status_of(code), "refusal") for code in of_the_rules()]
    return ProblemList(items=tuple(doors + [line for line in rules if (line.code, line.status) not in STATUS.items()]))


@router.get("/units", operation_id="list_units", summary="Units of the city")
def units(place: Place, who: SignedIn, level: Code = None, district: Code = None, kind: Code = None) -> UnitList:
    """List units."""
    del who
    with place.database.read() as connection:
        rows = city.list_units(connection, level=level, district=district, kind=kind)
    plain = [n for n in UnitOut.model_fields if n != "system"]
    return UnitList(
        items=tuple(UnitOut(**{n: getattr(r, n) for n in plain}, system=r.endpoint is not None) for r in rows)
    )


@router.get("/items", operation_id="list_items", summary="The dispatch catalogue")
def items(place: Place, who: SignedIn, owner: Code = None) -> ItemList:
    """List catalogue items."""
    del who
    with place.database.read() as connection:
        rows = city.list_items(connection, owner=owner)
    return ItemList(items=tuple(ItemOut(**{n: getattr(r, n) for n in ItemOut.model_fields}) for r in rows))


@router.get(
    "/items/{item}/versions", operation_id="list_item_versions", summary="How a catalogue item came to say what it says"
)
def item_versions(item: Version, place: Place, who: SignedIn) -> ItemVersionList:
    """List the changes that consultations and rulings made of an item; none for one that stands as it was loaded."""
    del who
    with place.database.read() as connection:
        rows = versions(connection, item)
    return ItemVersionList(
        items=tuple(ItemVersion(**{n: getattr(r, n) for n in ItemVersion.model_fields}) for r in rows)
    )


@router.get("/policies", operation_id="list_policies", summary="Policy packs")
def policies(place: Place, who: SignedIn) -> PolicyList:
    """List packs; the one in force is what new cases get."""
    del who
    with place.database.read() as connection:
        rows = city.list_policies(connection)
        current = city.setting(connection, "pack")
    force = (current, load_pack(current).version) if current in pack_ids() else None
    return PolicyList(
        items=tuple(
            PolicyLine(id=r.id, version=r.version, sha=r.sha, in_force=(r.id, r.version) == force) for r in rows
        )
    )


@router.get("/policies/{policy}/{version}", operation_id="read_policy", summary="One policy pack")
@refuses("not_found")
def policy(policy: Version, version: Version, place: Place, who: SignedIn) -> Rulebook:
    """Return a pack whole."""
    del who
    with place.database.read() as connection:
        row = city.policy(connection, policy, version)
    if row is not None:
        return Rulebook(id=row.id, version=row.version, sha=row.sha, loaded_at=row.loaded_at, body=json.loads(row.body))
    if policy in pack_ids() and load_pack(policy).version == version:
        pack = load_pack(policy)
        return Rulebook(id=policy, version=version, sha=pack_sha(pack), body=pack.model_dump(mode="json"))
    raise Problem(404, "not_found")


@router.get("/calendars/{version}", operation_id="read_calendar", summary="One calendar")
@refuses("not_found")
def calendar(version: Version, place: Place, who: SignedIn) -> Rulebook:
    """Return a calendar whole; ``current`` is the one new cases get."""
    del who
    wanted = load_calendar().version if version == "current" else version
    with place.database.read() as connection:
        row = city.calendar(connection, wanted)
    if row is not None:
        return Rulebook(id="calendar", version=row.version, loaded_at=row.loaded_at, body=json.loads(row.body))
    if wanted == load_calendar().version:
        return Rulebook(id="calendar", version=wanted, body=load_calendar().model_dump(mode="json"))
    raise Problem(404, "not_found")

"""The sample city 烟海市: its units, dispatch catalogue and demo accounts, read from ``simulation/city/*.yaml``.

:func:`load_city` is what ``sanhuan load`` puts into the database and what the staff know of their city. All of it is
invented; accounts are role titles, not persons. Passwords and webhook secrets are those of a demonstration: derived from
a key, so that the loader and the simulated departments, which are different processes, agree without talking. For the same
reason the size of a grown city is taken from the environment (:data:`SCALE`) where nobody names it.
"""

import base64
import hashlib
import hmac
import os
from collections.abc import Iterator, Mapping, Sequence
from functools import cache, cached_property
from pathlib import Path
from typing import Annotated, Any, Final, Literal

import yaml
from pydantic import Field, StringConstraints, model_validator

from domain.model import Strict

FOLDER: Final = Path(__file__).parent / "city"
DEMO_PASSWORD: Final = "sanhuan-demo"  # noqa: S105 - printed by `make up`; accounts of an invented city
DEMO_KEY: Final = "sanhuan-sample-city"
IN_DISTRICT: Final = "*-"
IN_STREET: Final = "street"
SCALE: Final = "SANHUAN_CITY_SCALE"
"""The variable that says how many units the city shall have; as many as are written when it is not set."""

Code = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_.-]{0,79}$")]
Level = Literal["city", "district", "street", "community", "grid"]
Name = Annotated[str, StringConstraints(min_length=1, max_length=120)]


class Unit(Strict):
    """A unit on one of the five levels. ``system`` says that it has a department system that takes orders by HTTP."""

    code: Code
    name_zh: Name
    name_en: Name
    level: Level
    kind: Code
    parent: Code | None = None
    district: Code | None = None
    system: bool = False


class Item(Strict):
    """目录项. ``owner`` is a unit; None when the owner depends on the place, which ``place_owner`` then says.

    ``place_owner`` is ``*-<department>`` (that department of the district) or ``street``.
    """

    code: Code
    version: str
    name_zh: Name
    name_en: Name
    owner: Code | None = None
    place_owner: str | None = None
    keywords: tuple[str, ...]

    def owner_at(self, district: str | None, street: str | None, fallback: str) -> str:
        """Return the unit that owns the item at a place; ``fallback`` where the place is not known."""
        if self.owner is not None:
            return self.owner
        if self.place_owner == IN_STREET:
            return street or fallback
        if district is None or self.place_owner is None:
            return fallback
        return f"{district}-{self.place_owner.removeprefix(IN_DISTRICT)}"


class Account(Strict):
    """A demo account: a role title, the roles it may act in, its unit."""

    user: Code
    name_zh: Name
    name_en: Name
    roles: Annotated[tuple[Code, ...], Field(min_length=1)]
    unit: Code | None = None
    password: str = DEMO_PASSWORD


class City(Strict):
    """The whole city. Codes are unique and whatever is named exists: else ValidationError says which is wrong."""

    name_zh: Name
    name_en: Name
    units: tuple[Unit, ...]
    items: tuple[Item, ...]
    accounts: tuple[Account, ...]

    @model_validator(mode="after")
    def _references_exist(self) -> "City":
        codes = _unique("unit", (u.code for u in self.units))
        _unique("item", (i.code for i in self.items))
        _unique("account", (a.user for a in self.accounts))
        named = [
            *((f"unit {u.code}", c) for u in self.units for c in (u.parent, u.district)),
            *((f"item {i.code}", i.owner) for i in self.items),
            *((f"account {a.user}", a.unit) for a in self.accounts),
            *(
                (f"item {i.code}", i.owner_at(d, None, d))
                for i in self.items
                for d in self.districts
                if (i.place_owner or "").startswith(IN_DISTRICT)
            ),
        ]
        missing = [f"{who} names {code}" for who, code in named if code is not None and code not in codes]
        if missing:
            raise ValueError("unknown unit: " + "; ".join(missing))
        return self

    @cached_property
    def _units(self) -> Mapping[str, Unit]:
        return {u.code: u for u in self.units}

    @property
    def districts(self) -> tuple[str, ...]:
        """The codes of the districts themselves (not of their departments)."""
        return tuple(u.code for u in self.units if u.kind == "district")

    def streets(self, district: str | None = None) -> tuple[Unit, ...]:
        """The streets and towns, of one district or of all."""
        return tuple(u for u in self.units if u.level == "street" and district in (None, u.district))

    def unit(self, code: str) -> Unit:
        """The unit of that code; KeyError when there is none."""
        return self._units[code]

    def item_for(self, text: str) -> Item | None:
        """The item whose keywords fit a text best: most characters matched, then catalogue order; None if none does."""
        lower = text.lower()
        scored = [(sum(len(k) for k in item.keywords if k.lower() in lower), item) for item in self.items]
        score, best = max(scored, key=lambda pair: pair[0])
        return best if score else None


def load_city(folder: Path = FOLDER, scale: int | None = None) -> City:
    """Read and check the city, grown to ``scale`` units. Raises ValidationError, or KeyError/ValueError for a wrong row."""
    return _load(folder, int(os.environ.get(SCALE) or 0) if scale is None else scale)


def read_city(folder: Path, scale: int = 0) -> City:
    """Read and check the city of a folder as it is now, as :func:`load_city` does once a process."""
    units = _read(folder / "units.yaml")
    items = _read(folder / "items.yaml")
    accounts = _read(folder / "accounts.yaml")
    all_units = grown(tuple(_units(units)), scale)
    return City(
        name_zh=units["name"]["zh"],
        name_en=units["name"]["en"],
        units=all_units,
        items=tuple(_items(items)),
        accounts=tuple(_accounts(accounts, all_units)),
    )


_load = cache(read_city)


def grown(units: Sequence[Unit], to: int) -> tuple[Unit, ...]:
    """Return the units and further ones until there are ``to``: districts like those there are, in turn, then grids.

    A further district has a number in its name and all that its model has: departments, streets, communities, grids.
    """
    out = list(units)
    models = [[u for u in units if d.code in (u.code, u.district)] for d in units if d.kind == "district"]
    n = 0
    while models and len(out) + len(model := models[n % len(models)]) <= to:
        out += _another(model, 2 + n // len(models))
        n += 1
    community = next((u for u in units if u.level == "community"), None)
    if community is None:
        return tuple(out)
    out += [
        community.model_copy(
            update={
                "code": f"{community.code}-more{k}",
                "name_zh": f"{community.name_zh}增设网格{k}",
                "name_en": f"{community.name_en}, Added Grid {k}",
                "level": "grid",
                "kind": "grid",
                "parent": community.code,
            }
        )
        for k in range(1, to - len(out) + 1)
    ]
    return tuple(out)


def _another(model: Sequence[Unit], k: int) -> Iterator[Unit]:
    district = model[0]
    zh, en = (
        f"{district.name_zh[:-1]}{k}{district.name_zh[-1]}",
        district.name_en.replace(" District", f" {k} District"),
    )
    stem = district.name_en.removesuffix(" District")

    def code(old: str | None) -> str | None:
        inside = old is not None and (old == district.code or old.startswith(f"{district.code}-"))
        return f"{district.code}{k}{old.removeprefix(district.code)}" if inside and old is not None else old

    for unit in model:
        named = district.name_zh in unit.name_zh
        yield unit.model_copy(
            update={
                "code": code(unit.code),
                "parent": code(unit.parent),
                "district": code(unit.district),
                "name_zh": unit.name_zh.replace(district.name_zh, zh) if named else f"{zh}{unit.name_zh}",
                "name_en": unit.name_en.replace(stem, f"{stem} {k}")
                if stem in unit.name_en
                else f"{en}, {unit.name_en}",
            }
        )


def secret_of(unit: str, key: str = DEMO_KEY) -> str:
    """The webhook secret of a unit's department system: ``whsec_`` and 24 bytes in base64 (Standard Webhooks)."""
    raw = hmac.digest(key.encode(), f"department/{unit}".encode(), hashlib.sha256)[:24]
    return "whsec_" + base64.b64encode(raw).decode()


def endpoint_of(unit: str, base_url: str) -> str:
    """Where the simulated department system of a unit takes messages."""
    return f"{base_url.rstrip('/')}/units/{unit}/messages"


def _read(path: Path) -> dict[str, Any]:
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    if not isinstance(content, dict):
        raise TypeError(f"{path.name}: a mapping is expected")
    return content


def _units(raw: Mapping[str, Any]) -> Iterator[Unit]:
    for code, zh, en, kind, system in raw["city"]:
        parent = None if code == "city-office" else "city-office"
        yield Unit(code=code, name_zh=zh, name_en=en, level="city", kind=kind, parent=parent, system=system)
    for district, zh, en in raw["districts"]:
        yield Unit(
            code=district,
            name_zh=zh,
            name_en=f"{en} District",
            level="district",
            kind="district",
            parent="city-office",
            district=district,
        )
        for suffix, zh_of, en_of, kind, system in raw.get("of_each_district", ()):
            yield Unit(
                code=f"{district}-{suffix}",
                name_zh=zh_of.format(zh=zh),
                name_en=en_of.format(en=en),
                level="district",
                kind=kind,
                parent=district,
                district=district,
                system=system,
            )
    place: dict[str, str] = {}
    for code, zh, en, district, system in raw["streets"]:
        place[code] = district
        yield Unit(
            code=code,
            name_zh=zh,
            name_en=en,
            level="street",
            kind="street",
            parent=district,
            district=district,
            system=system,
        )
    for level, rows in (("community", raw.get("communities", ())), ("grid", raw.get("grids", ()))):
        for code, zh, en, parent in rows:
            place[code] = place[parent]
            yield Unit.model_validate(
                {
                    "code": code,
                    "name_zh": zh,
                    "name_en": en,
                    "level": level,
                    "kind": level,
                    "parent": parent,
                    "district": place[code],
                }
            )


def _items(raw: Mapping[str, Any]) -> Iterator[Item]:
    for code, zh, en, owner, keywords in raw["items"]:
        by_place = owner == IN_STREET or owner.startswith(IN_DISTRICT)
        yield Item(
            code=code,
            version=raw["version"],
            name_zh=zh,
            name_en=en,
            owner=None if by_place else owner,
            place_owner=owner if by_place else None,
            keywords=tuple(map(str, keywords)),
        )


def _accounts(raw: Mapping[str, Any], units: tuple[Unit, ...]) -> Iterator[Account]:
    for user, (zh, en, roles, unit) in raw["accounts"].items():
        yield Account(user=user, name_zh=zh, name_en=en, roles=tuple(roles), unit=unit)
    for prefix, (zh_of, en_of, roles), of in _for_units(raw, units):
        for unit in of:
            yield Account(
                user=f"{prefix}.{unit.code}",
                name_zh=zh_of.format(zh=unit.name_zh),
                name_en=en_of.format(en=unit.name_en),
                roles=tuple(roles),
                unit=unit.code,
            )


def _for_units(raw: Mapping[str, Any], units: tuple[Unit, ...]) -> Iterator[tuple[str, Any, tuple[Unit, ...]]]:
    """What accounts units have: prefix, names and roles, and the units."""
    districts = tuple(u for u in units if u.kind == "district")
    grids = tuple(u for u in units if u.level == "grid")
    for key, of in (("of_each_unit", units), ("of_each_grid", grids), ("of_each_district", districts)):
        for prefix, row in raw.get(key, {}).items():
            yield prefix, row, of


def _unique(what: str, codes: Iterator[str]) -> frozenset[str]:
    seen: set[str] = set()
    for code in codes:
        if code in seen:
            raise ValueError(f"{what} {code} occurs twice")
        seen.add(code)
    return frozenset(seen)

import base64
import csv
import os
import re
from collections import Counter
from pathlib import Path

import pytest
from pydantic import ValidationError

from domain.casework.words import Channel
from simulation.city import City, load_city, secret_of
from simulation.texts import requests, samples
from storage.policies import load_permissions

CITY = load_city()
DATA = Path(os.environ.get("SANHUAN_DATA", Path(__file__).parents[3] / "shared" / "data"))


def test_the_city_has_about_a_hundred_units_on_five_levels() -> None:
    levels = Counter(u.level for u in CITY.units)
    assert 95 <= len(CITY.units) <= 110
    assert set(levels) == {"city", "district", "street", "community", "grid"}
    assert len(CITY.districts) == 4
    assert levels["street"] == 14


def test_about_six_units_in_ten_have_a_department_system() -> None:
    assert 0.55 <= sum(u.system for u in CITY.units) / len(CITY.units) <= 0.65


def test_every_unit_has_a_liaison_and_a_head_of_its_own() -> None:
    users = {a.user: a for a in CITY.accounts}
    for unit in CITY.units:
        assert users[f"liaison.{unit.code}"].unit == unit.code
        assert users[f"head.{unit.code}"].roles == ("unit_head",)


def test_every_account_role_is_in_the_permission_table() -> None:
    known = set(load_permissions().roles)
    assert {r for a in CITY.accounts for r in a.roles} <= known


def test_every_item_has_an_owner_in_every_district() -> None:
    codes = {u.code for u in CITY.units}
    owners = {i.owner_at(d, CITY.streets(d)[0].code, "urban") for i in CITY.items for d in CITY.districts}
    assert owners <= codes


def test_a_city_that_names_an_unknown_unit_is_refused() -> None:
    broken = CITY.model_dump(mode="json")
    broken["items"][0]["owner"] = "nobody"
    with pytest.raises(ValidationError, match="names nobody"):
        City.model_validate(broken)


def test_a_code_that_occurs_twice_is_refused() -> None:
    broken = CITY.model_dump(mode="json")
    broken["units"].append(broken["units"][0])
    with pytest.raises(ValidationError, match="occurs twice"):
        City.model_validate(broken)


def test_secrets_differ_by_unit_and_key_and_are_those_of_standard_webhooks() -> None:
    secrets = {secret_of(u, k) for u in ("housing", "urban") for k in ("a", "b")}
    assert len(secrets) == 4
    assert all(len(base64.b64decode(s.removeprefix("whsec_"), validate=True)) == 24 for s in secrets)


def test_sample_texts_name_known_items_and_use_several_channels() -> None:
    items = {i.code for i in CITY.items}
    assert {s.item for s in samples()} - {None} <= items
    assert len({s.channel for s in samples()}) >= 8
    assert len(samples()) >= 60
    assert {"zh", "en"} == {s.language for s in samples()}


def test_nearly_every_sample_text_leads_to_its_item_by_keywords() -> None:
    found = [CITY.item_for(f"{r.title}\n{r.content}") for r in requests(400, 1)]
    right = sum((i.code if i else None) == r.item for i, r in zip(found, requests(400, 1), strict=True))
    assert right >= 0.85 * 400


def test_the_same_seed_gives_the_same_requests_and_another_seed_others() -> None:
    first, again, other = list(requests(50, 3)), list(requests(50, 3)), list(requests(50, 4))
    assert first == again
    assert first != other
    assert all(Channel(r.channel) for r in first)


def test_sources_are_unique_and_some_texts_are_sent_again() -> None:
    made = list(requests(300, 1))
    assert len({r.source for r in made}) == 300
    again = 300 - len({(r.title, r.content) for r in made})
    assert 8 <= again <= 60


def test_callers_numbers_belong_to_nobody() -> None:
    phones = [r.caller.phone for r in requests(200, 1) if r.caller.phone]
    assert phones
    assert all(re.fullmatch(r"1000000\d{4}", p) for p in phones)


def test_no_unit_has_the_name_of_a_real_division() -> None:
    files = [DATA / "districts.csv", DATA / "streets.csv"]
    if not all(f.exists() for f in files):
        pytest.skip(f"the division codes are not in {DATA}")
    real = {cell for f in files for row in csv.reader(f.read_text(encoding="utf-8-sig").splitlines()) for cell in row}
    assert {u.name_zh for u in CITY.units} & real == set()


@pytest.mark.parametrize("scale", [0, 50, len(CITY.units), 150, 600])
def test_a_grown_city_has_so_many_units_and_is_whole(scale: int) -> None:
    grown = load_city(scale=scale)
    assert len(grown.units) == max(scale, len(CITY.units))
    assert grown.units[: len(CITY.units)] == CITY.units
    assert len({u.name_zh for u in grown.units}) == len(grown.units)
    assert {a.unit for a in grown.accounts if a.user.startswith("liaison.")} == {u.code for u in grown.units}


def test_a_further_district_has_all_its_model_has() -> None:
    city = load_city(scale=600)

    def shape(district: str) -> list[tuple[str, str, bool]]:
        return [(u.level, u.kind, u.system) for u in city.units if district in (u.code, u.district)]

    assert shape("wangxi2") == shape("wangxi")
    assert city.unit("wangxi2-urban").parent == "wangxi2"
    assert city.unit("songlan2-tingtao").district == "songlan2"
    assert len(city.streets("songlan2")) == len(city.streets("songlan"))


def test_the_size_may_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SANHUAN_CITY_SCALE", "130")
    assert len(load_city().units) == 130

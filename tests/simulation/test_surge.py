"""The staff meet a surge with a batch: begun once in a run, by one, approved by another."""

from collections.abc import Mapping
from typing import Any

import pytest

from domain.batching.commands import ApproveBatch, BeginBatch, ResumeBatch
from domain.batching.inbox import SECOND
from domain.deciders import DECIDERS
from simulation.city import load_city
from simulation.client import Api, Outcome
from simulation.staff import surge
from simulation.staff.beyond import BEYOND
from simulation.staff.office import Office, Play
from storage.policies import load_pack, load_permissions
from tests.domain.townkit import Town

CITY = load_city()


class Counter(Api):
    """An API that takes what is begun, but not before it was asked ``busy`` times in vain. It has no address."""

    def __init__(self, *, busy: int = 0) -> None:
        self.busy = busy
        self.posted: list[tuple[str, str, dict[str, Any], str]] = []

    async def post(self, account: str, path: str, body: Mapping[str, Any], key: str) -> Outcome:
        self.posted.append((account, path, dict(body), key))
        return Outcome(status=503 if len(self.posted) <= self.busy else 201, body={})


@pytest.mark.parametrize(("in_work", "times"), [(surge.MANY - 1, 0), (surge.MANY, 1), (90, 1)])
async def test_a_batch_is_begun_once_when_much_is_open_at_once(in_work: int, times: int) -> None:
    api = Counter()
    office = Office(CITY, api, Play())
    for _ in range(3):
        await office._meet_a_surge(in_work)
    assert len(api.posted) == times


async def test_what_did_not_come_through_is_said_again_under_the_same_key() -> None:
    api = Counter(busy=2)
    office = Office(CITY, api, Play(run="r1"))
    for _ in range(5):
        await office._meet_a_surge(90)
    assert [p[3] for p in api.posted] == ["surge-r1"] * 3
    assert len({str(p[2]) for p in api.posted}) == 1, "the same batch"


async def test_what_they_say_is_what_the_rules_take() -> None:
    api = Counter()
    await surge.declare(api, CITY, 7, "r1")
    ((account, path, body, _),) = api.posted
    assert path.endswith("/batch/open/begin_batch")
    BeginBatch.model_validate(body | {"reason": "row#text"})
    assert f"{(pack := load_pack('demo-surge')).id}@{pack.version}" == body["pack"]
    assert load_pack(body["under_pack"]).id == surge.USUAL
    (roles,) = (a.roles for a in CITY.accounts if a.user == account)
    grants = load_permissions().commands
    assert set(roles) & set(grants["begin_batch"].grants)
    assert SECOND in grants["approve_batch"].grants
    assert SECOND not in roles, "a second person approves"


def test_every_todo_of_a_batch_has_somebody_who_knows_what_to_do() -> None:
    town = Town()
    town.give("batch/1", "begin_batch", ground="surge", pack=f"haikou@{load_pack('haikou').version}")
    kinds = {t.key.partition("/")[0] for t in town.todos("batch/1")}
    told = {"slice": 1, "last": None, "finished": True, "foreseen": {"cases": 3}}
    assert town.send("batch/1", "report_preview", told, town.actor("batch/1", "report_preview")) is None
    kinds |= {t.key.partition("/")[0] for t in town.todos("batch/1")}
    assert kinds == {"watch", "approve"}
    assert {*kinds, "resume"} == set(BEYOND["batch"])
    assert {ApproveBatch.NAME, ResumeBatch.NAME} <= DECIDERS["batch"].commands.keys()

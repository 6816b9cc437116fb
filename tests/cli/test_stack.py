"""The whole stack as a newcomer runs it: real processes, stopped and started again, with and without its engine."""

import json
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

import httpx
import pytest

from cli.stack import Plan, Stack
from simulation.city import DEMO_PASSWORD

UNIT = "finance"  # a unit without a department system: people act for it


class People:
    """Somebody at the API, in any account, until its end."""

    def __init__(self, stack: Stack) -> None:
        self.base = f"{stack.api}/api/v1"
        self.tokens: dict[str, str] = {}
        self.http = httpx.Client(timeout=20)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.http.close()

    def headers(self, user: str) -> dict[str, str]:
        if user not in self.tokens:
            answer = self.http.post(f"{self.base}/sessions", json={"user": user, "password": DEMO_PASSWORD})
            self.tokens[user] = answer.json()["token"]
        return {"authorization": f"Bearer {self.tokens[user]}", "idempotency-key": uuid.uuid4().hex}

    def call(self) -> str:
        body = {
            "channel": "phone",
            "case_type": "complaint",
            "title": "路灯不亮",
            "content": "小区门口两盏路灯不亮",
            "caller": {"type": "person", "name": "甲", "phone": "13900000000"},
        }
        answer = self.http.post(f"{self.base}/requests", json=body, headers=self.headers("agent"))
        assert answer.status_code == 201, answer.text
        return str(answer.json()["no"])

    def decide(self, user: str, no: str, command: str, **body: Any) -> dict[str, Any]:
        url = f"{self.base}/processes/case/{no}/decisions/{command}"
        answer = self.http.post(url, json=body, headers=self.headers(user))
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def case(self, no: str) -> dict[str, Any]:
        answer = self.http.get(f"{self.base}/cases/{no}", headers=self.headers("agent"))
        found: dict[str, Any] = answer.json()
        return found if answer.status_code == 200 else {"stage": None, "orders": []}


def until(what: Callable[[], bool], seconds: float) -> None:
    end = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < end, f"not within {seconds} s"
        time.sleep(0.3)


@pytest.fixture
def plan(temporal_program: Path, tmp_path: Path) -> Plan:
    del temporal_program  # found or built before anything is timed
    return Plan(data=tmp_path / "data", pack="demo", relay_every=2.0, relay_after=4.0)


@pytest.mark.slow
def test_stopped_and_started_again_open_cases_go_on(plan: Plan) -> None:
    with Stack.running(plan) as stack, People(stack) as people:
        no = people.call()
        until(lambda: people.case(no)["stage"] == "screening", 90)
        people.decide("agent", no, "triage", triage="routine")
        people.decide("dispatcher", no, "dispatch", lead=UNIT)
    with Stack.running(plan) as stack, People(stack) as people:
        # The signing limit passed, before the stop or after it: the system has signed once.
        until(lambda: people.case(no)["orders"][0]["state"] == "signed", 90)
        people.decide(f"liaison.{UNIT}", no, "submit_result", order="a1", code="explained", reply="已说明")
        assert people.decide("order_reviewer", no, "review_result", order="a1", accept=True)["stage"] == "callback"


@pytest.mark.slow
def test_a_request_taken_while_temporal_is_down_becomes_a_case_when_it_is_back(plan: Plan) -> None:
    with Stack.running(plan) as stack, People(stack) as people:
        people.headers("agent")
        stack.kill("temporal")
        no = people.call()
        assert people.case(no)["stage"] in {None, "new", "registered"}
        stack.start_again("temporal")
        until(lambda: people.case(no)["stage"] == "screening", 90)


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_the_demonstration_ends_with_nothing_lost_or_doubled_though_the_worker_is_killed(
    temporal_program: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    from cli.demo import demo  # noqa: PLC0415 - loads the whole stack

    del temporal_program
    assert demo(messages=None, n=12, pack="demo", kills=1, seed=3, postgres=False, keep=tmp_path / "demo") == 0
    result = json.loads(capfd.readouterr().out.strip().splitlines()[-1])
    wanted = {"requests": 12, "ended": 12, "lost": 0, "doubled": 0, "planned_effects_left": 0, "kills": 1}
    assert {key: result[key] for key in wanted} == wanted

import asyncio
import random
import re
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from domain.casework.commands import COMMANDS
from domain.kernel import KERNEL_COMMANDS
from simulation.city import load_city
from simulation.client import DecisionLog, Outcome
from simulation.staff.look import Choice, Look, Todo, Town
from simulation.staff.office import Office, Play, load_rates
from simulation.staff.policies import POLICIES
from simulation.wording import SENTENCES
from storage.policies import load_permissions

CITY = load_city()
NO = "20260105-000002"
MODELS = {**COMMANDS, **KERNEL_COMMANDS}

TODOS: dict[str, dict[str, Any]] = {
    "screen": {"key": "screen", "role": "agent", "commands": ["triage", "answer", "merge"]},
    "dispatch": {"key": "dispatch", "role": "dispatcher", "commands": ["dispatch", "triage", "merge"]},
    "designate": {"key": "matter/m1", "role": "city_centre", "commands": ["designate"], "subject": "m1"},
    "urge": {"key": "matter/m2", "role": "supervisor", "commands": ["urge"], "subject": "m2"},
    "supervise": {"key": "matter/m3", "role": "supervisor", "commands": ["supervise"], "subject": "m3"},
    "phone": {"key": "a1/phone", "role": "dispatcher", "commands": ["confirm_by_phone"], "subject": "a1"},
    "sent": {"key": "a1/unit", "role": "unit_liaison", "commands": ["sign", "contact", "request_return"]},
    "signed": {
        "key": "a1/unit",
        "role": "unit_liaison",
        "commands": ["contact", "begin_work", "submit_result", "report_progress", "request_extension", "request_pause"],
    },
    "contacted": {"key": "a1/unit", "role": "unit_liaison", "commands": ["begin_work", "submit_result", "contact"]},
    "working": {
        "key": "a1/unit",
        "role": "unit_liaison",
        "commands": ["submit_result", "report_progress", "request_extension", "request_pause", "contact"],
    },
    "paused": {"key": "a1/unit", "role": "unit_liaison", "commands": ["resume", "contact"]},
    "review": {"key": "a2/review", "role": "order_reviewer", "commands": ["review_result", "waive_result"]},
    "return1": {"key": "a1/return", "role": "order_reviewer", "commands": ["review_return"]},
    "return2": {"key": "a1/return", "role": "shift_leader", "commands": ["review_return"]},
    "replace": {"key": "a1/replace", "role": "dispatcher", "commands": ["add_assignment", "waive_result"]},
    "return3": {"key": "a1/return", "role": "centre_head", "commands": ["decide_return"]},
    "extension": {"key": "a1/extension", "role": "unit_head", "commands": ["review_extension"]},
    "extension2": {"key": "a1/extension", "role": "city_office", "commands": ["review_extension"]},
    "pause": {"key": "a1/pause", "role": "order_reviewer", "commands": ["review_pause"]},
    "closing": {"key": "closing", "role": "shift_leader", "commands": ["review_closing"]},
    "termination": {"key": "termination", "role": "shift_leader", "commands": ["review_termination"]},
    "callback": {"key": f"callback/{NO}", "role": "callback_officer", "commands": ["record_callback"], "subject": NO},
    "incident": {
        "key": f"incident/case/{NO}/5/0",
        "role": "operator",
        "commands": ["retry_effect", "redirect_effect", "waive_effect"],
        "subject": f"case/{NO}/5/0",
    },
    "merge": {"key": "merge", "role": "dispatcher", "commands": ["withdraw_merge", "correct"]},
    "account": {"key": "a1/account", "role": "order_reviewer", "commands": ["review_on_account"]},
    "account2": {"key": "a1/account", "role": "city_centre", "commands": ["review_on_account"]},
    "on_account": {"key": "a1/unit", "role": "unit_liaison", "commands": ["request_strike_off", "report_progress"]},
    "recheck": {"key": "a1/recheck", "role": "supervisor", "commands": ["recheck_on_account"]},
    "strike": {"key": "a1/strike", "role": "order_reviewer", "commands": ["review_strike_off"]},
    "report": {"key": "a2/report", "role": "unit_liaison", "commands": ["review_report", "recall_order"]},
    "on_spot": {"key": "a1/unit", "role": "grid_worker", "commands": ["sign", "contact", "close_on_spot"]},
    "handed_down": {"key": "a2/unit", "role": "unit_liaison", "commands": ["sign", "contact", "give_back"]},
    "reopening": {"key": "reopening", "role": "shift_leader", "commands": ["review_reopening"], "subject": NO},
}


class StubApi:
    """Answers every reading with one plausible case."""

    def __init__(self) -> None:
        self.lead: str | None = None
        self.dissatisfied = 0
        self.order: dict[str, Any] = {}
        self.decisions = DecisionLog()
        self.decided: list[tuple[str, str, str, dict[str, Any], str]] = []
        self.todos: dict[str, list[dict[str, Any]]] = {}

    async def get(self, account: str, path: str, **_params: Any) -> Outcome:
        if path.endswith("/similar"):
            return Outcome(status=200, body={"items": [], "lead": self.lead})
        if path.startswith("/requests/"):
            return Outcome(status=200, body={"title": "路灯不亮", "content": "楼前路灯坏了三天"})
        if path == "/todos":
            return Outcome(status=200, body={"items": self.todos.get(account, []), "next": None})
        if path == "/cases":
            return Outcome(status=200, body={"items": []})
        order = {"id": "a1", "unit": "luting-luhua", "role": "lead", "state": "working", "cycle": 1, **self.order}
        head = {"district": "songlan", "street": "songlan-tingtao", "item": "garbage-pile", "triage": "routine"}
        return Outcome(status=200, body={"header": {**head, "dissatisfied": self.dissatisfied}, "orders": [order]})

    async def upload(self, *_args: Any) -> Outcome:
        return Outcome(status=201, body={"id": "doc-1"})

    async def decide(self, account: str, process: str, command: str, body: dict[str, Any], key: str) -> Outcome:
        self.decided.append((account, process, command, body, key))
        self.todos.clear()
        return Outcome(status=200, body={"seq": 1})


def look_at(name: str, seed: int = 1, *, api: StubApi | None = None, unit: str = "luting-luhua", **more: Any) -> Look:
    times = more.pop("times", 0)
    notes = more.pop("notes", {})
    raw = {"subject": "a1", "since": datetime.now(UTC) - timedelta(hours=1), "unit": unit, **TODOS[name], **more}
    todo = Todo.model_validate({"process": f"case/{NO}", "rule": "x", **raw})
    town = Town(api or StubApi(), CITY, load_rates(), 6.0, 20.0)  # type: ignore[arg-type]
    steady = f"{seed}/{todo.process}/{todo.key}"
    return Look(town, "x", todo, rng=random.Random(steady), steady=steady, times=times, notes=notes)


async def choose(look: Look) -> Choice | None:
    return await POLICIES[look.todo.kind](look)


@pytest.mark.parametrize("name", TODOS)
async def test_whatever_is_decided_is_a_body_of_its_command_by_a_role_that_may(name: str) -> None:
    permissions = load_permissions()
    for seed in range(60):
        look = look_at(name, seed)
        first = await choose(look)
        for choice in (first, *(first.then if first else ())):
            if choice is None:
                continue
            body = {k: v for k, v in choice.body.items() if v is not None}
            MODELS[choice.command].model_validate(body)
            assert look.todo.role in permissions.roles_for(choice.command)


async def test_every_way_to_screen_occurs() -> None:
    found = Counter[str]()
    for seed in range(800):
        choice = await choose(look_at("screen", seed))
        assert choice is not None
        found[choice.command if choice.command != "triage" else choice.body["triage"]] += 1
    assert set(found) == {"answer", "guide", "divert", "decline", "urgent", "disputed", "hard", "routine"}
    assert 0.2 < found["answer"] / 800 < 0.3


async def test_a_text_sent_again_is_merged_once_and_triaged_when_that_was_refused() -> None:
    api = StubApi()
    api.lead = "20260105-000001"
    notes: dict[str, Any] = {}
    first = await choose(look_at("screen", api=api, notes=notes))
    second = await choose(look_at("screen", api=api, notes=notes, times=1))
    assert first is not None
    assert (first.command, first.body["into"]) == ("merge", "20260105-000001")
    assert second is not None
    assert second.command != "merge"


async def test_the_same_seed_decides_alike() -> None:
    for name in TODOS:
        assert await choose(look_at(name, 5)) == await choose(look_at(name, 5))


@pytest.mark.parametrize(
    ("order", "seconds", "acts"),
    [
        ({}, 2, False),
        ({}, 30, True),
        ({"signed_at": "2026-01-05T00:00:00Z", "auto_signed": True}, 30, True),
        ({"signed_at": "2026-01-05T00:00:00Z", "auto_signed": False}, 30, False),
        ({"signed_at": "2026-01-05T00:00:00Z", "contacted_at": "2026-01-05T00:00:00Z"}, 30, False),
        ({"signed_at": "2026-01-05T00:00:00Z", "contacted_at": "2026-01-05T00:00:00Z"}, 150, True),
    ],
)
async def test_a_liaison_leaves_the_order_to_the_units_system_until_that_is_silent_or_stuck(
    order: dict[str, Any], seconds: int, acts: bool
) -> None:
    api = StubApi()
    api.order = order
    since = datetime.now(UTC) - timedelta(seconds=seconds)
    choice = await choose(look_at("sent", unit="housing", api=api, since=since))
    assert (choice is not None) is acts


async def test_a_liaison_contacts_begins_and_hands_in() -> None:
    notes: dict[str, Any] = {}
    names = ["sent", "signed", "signed", "contacted", "working"]
    choices = [await choose(look_at(n, 2, notes=notes)) for n in names]
    commands = [c.command for c in choices if c]
    assert commands[0] in {"sign", "request_return"}
    assert commands[1:3] == ["contact", "begin_work"]
    assert choices[-1] is not None


async def test_an_obstinate_caller_is_dissatisfied_four_times_and_then_content() -> None:
    seed = next(s for s in range(2000) if look_at("callback", s).always("obstinate"))
    for rounds in range(6):
        api = StubApi()
        api.dissatisfied = rounds
        for times in range(30):
            look = look_at("callback", seed, api=api, times=times)
            look.rng = random.Random(times)
            choice = await choose(look)
            assert choice is not None
            if choice.body.get("reached"):
                assert (choice.body["satisfaction"] == "unsatisfied") is (rounds < 4)


async def test_what_is_on_account_is_struck_off_some_time_later_and_kept_or_ended_meanwhile() -> None:
    found = {
        c.command for s in range(40) for n in ("on_account", "recheck", "strike") if (c := await choose(look_at(n, s)))
    }
    assert found == {"request_strike_off", "recheck_on_account", "review_strike_off"}
    young = await choose(look_at("on_account", since=datetime.now(UTC)))
    assert young is None


async def test_a_street_with_a_community_hands_down_and_a_grid_worker_closes_on_the_spot() -> None:
    down = [c for s in range(40) if (c := await choose(look_at("working", s, unit="luting-luhua")))]
    units = {c.body["unit"] for c in down if c.command == "hand_down"}
    assert units == {"luting-luhua-c1"}
    spot = {c.command for s in range(40) if (c := await choose(look_at("on_spot", s, unit="luting-luhua-c1-g1")))}
    assert "close_on_spot" in spot


async def test_an_incident_is_retried_first() -> None:
    first, later = await choose(look_at("incident")), await choose(look_at("incident", times=1))
    assert first is not None
    assert first.command == "retry_effect"
    assert later is not None
    assert later.command in {"redirect_effect", "waive_effect"}


async def test_the_office_decides_what_is_in_an_inbox_once_and_under_a_key_of_its_own() -> None:
    api = StubApi()
    todo = {"process": f"case/{NO}", "rule": "x", "since": "2026-01-05T00:00:00Z", "subject": "a1"}
    api.todos = {"agent": [{**todo, **TODOS["screen"]}], "shift_leader": [{**todo, **TODOS["closing"]}]}
    office = Office(CITY, api, Play(run="r"))  # type: ignore[arg-type]
    work = asyncio.create_task(office.work())
    async with asyncio.timeout(60):
        while not api.decided:  # noqa: ASYNC110 - what is waited for sets no event
            await asyncio.sleep(0.01)
    work.cancel()
    await asyncio.gather(work, return_exceptions=True)
    assert office.broken == {}
    keys = [key for *_, key in api.decided]
    assert len(keys) == len(set(keys))


def test_idle_staff_look_less_than_fifteen_times_a_second() -> None:
    office = Office(CITY, StubApi(), Play())  # type: ignore[arg-type]
    cold = sum(1 / d.rhythm.cold for d in office.desks if d.unit)
    city = sum(1 / d.rhythm.idle for d in office.desks if not d.unit)
    assert cold + city + 7 / 4 < 15


def test_no_sentence_names_a_person_or_a_number_of_one() -> None:
    text = "\n".join(s for group in SENTENCES.values() for s in group)
    assert not re.search(r"\d{5,}|先生|女士|同志", text)

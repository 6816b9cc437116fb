"""How todos of the processes beside the case are decided: rings, consultations, adjudications, sessions, supervision, measures.

Like :mod:`simulation.staff.policies`: one small function a kind of todo, by kind of process, in :data:`BEYOND`.
"""

import random
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from simulation.departments.answers import picture
from simulation.staff import surge
from simulation.staff.look import Choice, Look
from simulation.wording import words

Policy = Callable[[Look], Awaitable[Choice | None]]
SHANGHAI: Final = ZoneInfo("Asia/Shanghai")
LEADERS: Final = {"district": "session_leader", "city": "session_leader"}


# ------------------------------------------------------------------------------------------------------- consultation 会商


async def opinion(look: Look) -> Choice | None:
    """A candidate says whether the matter is its own. Whether units agree is chance, as it is in a city."""
    item, unit = str(look.todo.subject), str(look.todo.hint.get("unit") or look.todo.unit)
    mine = random.Random(f"{look.todo.process}/{item}/{unit}").random() < look.rates["mine"]
    body = {"item": item, "unit": unit, "opinion": "mine" if mine else "not_mine", "basis": words("opinion", look.rng)}
    return Choice(command="state_opinion", body=body)


async def conclude_item(look: Look) -> Choice | None:
    """The city centre writes down what the meeting concluded, or asks for a ruling."""
    if "conclude_item" not in look.todo.commands or look.always("send_on"):
        return Choice(command="send_to_adjudication", body={"reason": words("send_on", look.rng)})
    candidates = await _units(look, "candidates")
    if not candidates:
        return None
    body = {"item": look.todo.subject, "lead": candidates[0], "conclusion": words("conclusion", look.rng)}
    return Choice(command="conclude_item", body=body | {"attending": list(candidates)})


# ------------------------------------------------------------------------------------------------------ adjudication 明责


async def evidence(look: Look) -> Choice | None:
    """A party hands in what it has; the group goes on when it has waited long enough."""
    if look.todo.unit is None:
        return Choice(command="close_evidence")
    if look.always("silent"):
        return None
    body = {"unit": look.todo.unit, "kind": "three_fixings", "text": words("evidence", look.rng)}
    return Choice(command="submit_evidence", body=body)


async def rule(look: Look) -> Choice | None:
    """A member of the group draws up the ruling."""
    facts = await look.facts()
    parties = [str(p) for p in facts.get("parties") or ()]
    lead = parties[0] if parties else facts.get("first_receiver")
    if lead is None:
        lead = _department(look, set())
    body: dict[str, Any] = {"item": look.todo.subject, "lead": lead, "basis": words("ruling", look.rng)}
    if look.todo.commands[0] == "record_definition":
        return Choice(command="record_definition", body=body)
    return Choice(command="rule", body={**body, "form": "designate", "term": 250})


async def escalated(look: Look) -> Choice | None:
    """The centre head does what the group is late with."""
    return await (confirm(look) if look.todo.commands[0] == "confirm_ruling" else rule(look))


async def confirm(look: Look) -> Choice | None:
    """Another member confirms it."""
    if look.todo.hint.get("drafted_by") == look.account:
        return None
    return Choice(command="confirm_ruling", body={"item": look.todo.subject, "approve": True})


# ---------------------------------------------------------------------------------------------------------------- ring 环


async def answer_report(look: Look) -> Choice | None:
    """The convener takes the case up; seldom not, with a reason."""
    if "answer_report" not in look.todo.commands:
        return None
    accept = not look.always("refuse_report")
    reason = None if accept else words("refuse_report", look.rng)
    return Choice(command="answer_report", body={"accept": accept, "reason": reason})


async def name_units(look: Look) -> Choice | None:
    """The convener calls units: two departments of the district, or of the city with one in the lead."""
    facts = await look.facts()
    units = _departments(look, 2, {str(facts.get("reporter"))}, facts.get("district"))
    note = words("whistle", look.rng)
    if "name_lead" in look.todo.commands:
        return Choice(command="name_lead", body={"lead": units[0], "units": units[1:], "note": note})
    return Choice(command="whistle_units", body={"units": units, "note": note})


async def report_in(look: Look) -> Choice | None:
    """A unit that was called comes, or says why it does not."""
    if look.always("silent"):
        return None
    if look.always("refuse_report_in"):
        return Choice(
            command="refuse_report_in", body={"unit": look.todo.subject, "reason": words("not_coming", look.rng)}
        )
    return Choice(command="report_in", body={"unit": look.todo.subject, "note": words("report_in", look.rng)})


async def survey(look: Look) -> Choice | None:
    """What was seen on the spot, with a picture."""
    documents = await _documents(look, "survey")
    if documents is None:
        return None
    return Choice(command="record_survey", body={"findings": words("survey", look.rng), "documents": documents})


async def ring_conclude(look: Look) -> Choice | None:
    """The convener decides, or has it decided: by a consultation, a ruling, a session, the large ring, the standing meeting."""
    facts, offered = await look.facts(), set(look.todo.commands)
    came = [u for u, c in (facts.get("called") or {}).items() if c.get("reported_at")]
    candidates = [u for u in (came or list(facts.get("called") or {})) if u != facts.get("reporter")]
    if len(candidates) < 2:  # noqa: PLR2004 - a consultation takes two
        candidates += _departments(look, 2, {str(facts.get("reporter")), *candidates}, facts.get("district"))
    for command in ("form_task_force", "set_plan", "list_supervision"):
        if command in offered and look.always(command) and look.once(command):
            return Choice(command=command, body=BESIDE[command](look, candidates))
    drawn = look.settled("way").random()
    for command in ("start_consultation", "ask_ruling", "ask_session", "escalate", "refer_standing_meeting"):
        share = look.rates[f"ring_{command}"]
        if drawn < share:
            return Choice(command=command, body=WAYS[command](look, candidates)) if command in offered else None
        drawn -= share
    if "conclude" not in offered:
        return None
    body = {
        "lead": candidates[0],
        "co": candidates[1:2],
        "basis": words("ring_basis", look.rng),
        "extra_days": look.rng.choice((0, 0, 3, 5)),
    }
    return Choice(command="conclude", body=body)


BESIDE: Final[Mapping[str, Callable[[Look, Sequence[str]], dict[str, Any]]]] = {
    "form_task_force": lambda look, units: {
        "lead": units[0],
        "members": list(units[1:2]),
        "task": words("task_force", look.rng),
    },
    "set_plan": lambda look, units: {"unit": units[0], "what": words("measure", look.rng), "due": _day(3)},
    "list_supervision": lambda look, units: {"unit": units[0], "note": words("list", look.rng)},
}
WAYS: Final[Mapping[str, Callable[[Look, Sequence[str]], dict[str, Any]]]] = {
    "start_consultation": lambda look, units: {"candidates": list(units[:2]), "question": words("question", look.rng)},
    "ask_ruling": lambda look, units: {"candidates": list(units[:2]), "question": words("question", look.rng)},
    "ask_session": lambda look, _units: {"note": words("ask_session", look.rng)},
    "escalate": lambda look, _units: {"reason": words("escalate", look.rng)},
    "refer_standing_meeting": lambda look, _units: {"reason": words("escalate", look.rng)},
}


async def enter_session(look: Look) -> Choice | None:
    """The secretary enters the matter into a session that is being prepared; he prepares one where there is none."""
    level = str(look.todo.hint.get("session") or "city")
    facts = await look.facts()
    wanted = {"kind": "session", "stage": "preparing", "level": level, "limit": 20}
    found = await look.api.get(look.account, "/proceedings", **wanted)
    rows = [r for r in found.body.get("items", []) if level == "city" or r.get("district") == facts.get("district")]
    if rows:
        return Choice(command="enter_session", body={"session": rows[0]["no"]})
    if look.once("schedule"):
        at = datetime.now(UTC) + timedelta(seconds=2 * look.day)
        body = {
            "kind": "leader_session",
            "level": level,
            "at": at.isoformat(),
            "leader": LEADERS[level],
            "district": facts.get("district") if level == "district" else None,
        }
        said = {k: v for k, v in body.items() if v is not None}
        key = f"session-{look.todo.process.replace('/', '-')}"
        await look.api.post(look.account, "/proceedings/session/open/schedule_session", said, key)
    return None


async def standing_meeting(look: Look) -> Choice | None:
    """What the standing meeting decided, recorded by somebody else than who referred it."""
    facts = await look.facts()
    if (facts.get("standing") or {}).get("by") == look.account:
        return None
    lead = _departments(look, 1, {str(facts.get("reporter"))}, None)[0]
    return Choice(command="record_standing_meeting", body={"lead": lead, "basis": words("ring_basis", look.rng)})


async def rate_units(look: Look) -> Choice | None:
    """Who whistled rates who was called."""
    body = {
        "unit": look.todo.subject,
        "arrival": look.rng.randint(3, 5),
        "effort": look.rng.randint(2, 5),
        "note": words("rating", look.rng),
    }
    return Choice(command="rate_units", body=body)


async def rate_whistle(look: Look) -> Choice | None:
    """Who was called rates the call."""
    body = {"unit": look.todo.subject, "justified": look.rng.randint(3, 5), "note": words("rating", look.rng)}
    return Choice(command="rate_whistle", body=body)


# -------------------------------------------------------------------------------------------------- leader session 领导坐诊


async def prepare(look: Look) -> Choice | None:
    """The secretary invites the units once there is something on the agenda."""
    if "call_session" not in look.todo.commands:
        return None
    facts = await look.facts()
    named = {str(i["unit"]) for i in (facts.get("items") or {}).values() if i.get("unit")}
    units = sorted(named) or _departments(look, 1, set(), facts.get("district"))
    return Choice(command="call_session", body={"units": units[:20]})


async def invitation(look: Look) -> Choice | None:
    """A unit comes, or sends a deputy."""
    if look.always("silent"):
        return None
    if look.chance("deputy"):
        body = {"unit": look.todo.subject, "attends": True, "deputy": words("deputy", look.rng)}
        return Choice(command="answer_invitation", body=body)
    return Choice(command="answer_invitation", body={"unit": look.todo.subject, "attends": True})


async def attendance(look: Look) -> Choice | None:
    """The secretary writes down who came."""
    if "record_attendance" not in look.todo.commands:
        return None
    invited = (await look.facts()).get("invitations") or {}
    here = [u for u, i in invited.items() if i.get("attends") is not False]
    gone = [u for u, i in invited.items() if i.get("attends") is False]
    return Choice(command="record_attendance", body={"present": here, "absent": gone})


async def decide(look: Look) -> Choice | None:
    """The leader gives his opinion, with a measure."""
    if not _is_the_leader(look):
        return None
    return await _opinion(look)


async def item(look: Look) -> Choice | None:
    """The secretary writes an opinion down for the leader to confirm, where it has been agreed so."""
    if "give_opinion" not in look.todo.commands or not look.always("by_secretary"):
        return None
    return await _opinion(look)


async def _opinion(look: Look) -> Choice | None:
    facts = await look.facts()
    about = (facts.get("items") or {}).get(str(look.todo.subject)) or {}
    lead = _departments(look, 1, {str(about.get("unit"))}, about.get("district"))[0]
    measure = {"unit": lead, "what": words("measure", look.rng), "due": _day(5)}
    body: dict[str, Any] = {
        "item": look.todo.subject,
        "lead": lead,
        "basis": words("final_opinion", look.rng),
        "extra_days": look.rng.choice((0, 5)),
        "measures": [measure] if look.always("with_measure") else [],
    }
    return Choice(command="give_opinion", body=body)


async def confirm_opinion(look: Look) -> Choice | None:
    """The leader puts his name to it."""
    if not _is_the_leader(look):
        return None
    return Choice(command="confirm_opinion", body={"item": look.todo.subject})


async def minutes(look: Look) -> Choice | None:
    """The secretary closes the meeting."""
    return Choice(command="record_minutes", body={"minutes": words("minutes", look.rng)})


async def supervise_item(look: Look) -> Choice | None:
    """The supervisor follows a measure that was given up."""
    body = {"measure": look.todo.hint.get("measure"), "note": words("list", look.rng)}
    return Choice(command="supervise_item", body=body)


def _is_the_leader(look: Look) -> bool:
    return look.todo.hint.get("leader") in {None, look.account}


# ------------------------------------------------------------------------------------------------------- supervision 督办


async def answer(look: Look) -> Choice | None:
    """The unit under supervision acknowledges and replies; some are silent."""
    if look.settled(f"silent/{look.todo.role}").random() < look.rates["silent_supervised"]:
        return None
    if "acknowledge" in look.todo.commands and look.once("acknowledge"):
        return Choice(command="acknowledge", body={"note": words("acknowledge", look.rng)})
    return Choice(command="reply_supervision", body={"reply": words("supervision_reply", look.rng)})


async def visit(look: Look) -> Choice | None:
    """The supervisor goes there."""
    return Choice(command="visit_site", body={"findings": words("survey", look.rng)})


async def verify(look: Look) -> Choice | None:
    """The supervisor verifies the reply."""
    if "visit_site" in look.todo.commands and look.once("visit_site"):
        return await visit(look)
    met = look.chance("supervision_met")
    note = words("verify_yes" if met else "verify_no", look.rng)
    return Choice(command="verify_supervision", body={"met": met, "note": note})


async def raise_level(look: Look) -> Choice | None:
    """The supervisor raises what nobody answered."""
    if "propose_accountability" in look.todo.commands:
        return await propose(look)
    return Choice(command="raise_level", body={"reason": words("raise", look.rng)})


async def propose(look: Look) -> Choice | None:
    """The supervisor proposes accountability."""
    return Choice(command="propose_accountability", body={"facts": words("facts", look.rng)})


async def lift(look: Look) -> Choice | None:
    """The centre head lets the supervisor go first."""
    if look.todo.age < timedelta(seconds=3 * look.day):
        return None
    return Choice(command="lift_listed", body={"reason": words("lift", look.rng)})


# ---------------------------------------------------------------------------------------------------- accountability 问责


async def facts(look: Look) -> Choice | None:
    """The supervisor prepares the file and gives notice; the centre head waits for him."""
    if "serve_notice" in look.todo.commands:
        return Choice(command="serve_notice")
    if "record_facts" in look.todo.commands:
        return Choice(command="record_facts", body={"facts": words("facts", look.rng)})
    return None


def _said(command: str, field: str, occasion: str, **more: Any) -> Policy:
    """Return the policy of a command that takes a text."""

    async def say(look: Look) -> Choice | None:
        if command not in look.todo.commands:
            return None
        return Choice(command=command, body={field: words(occasion, look.rng), **more})

    return say


async def statement(look: Look) -> Choice | None:
    """The unit speaks, or is silent."""
    if look.always("silent"):
        return None
    return Choice(command="make_statement", body={"statement": words("statement", look.rng)})


async def ask_review(look: Look) -> Choice | None:
    """The unit seldom asks for a review."""
    if not look.always("ask_review"):
        return None
    return Choice(command="ask_review", body={"reason": words("statement", look.rng)})


async def decide_accountability(look: Look) -> Choice | None:
    """An authorised person decides."""
    outcome = look.rng.choices(("upheld", "tolerated"), (80, 20))[0]
    return Choice(command="decide_accountability", body={"outcome": outcome, "reason": words("facts", look.rng)})


# ------------------------------------------------------------------------------------------------------------ measure 台账


async def rectify(look: Look) -> Choice | None:
    """The unit reports a milestone, or that all is put right, with a picture."""
    if "report_milestone" in look.todo.commands:
        left = look.todo.hint.get("milestones") or []
        body = {"milestone": left[0], "report": words("progress", look.rng)} if left else None
        return Choice(command="report_milestone", body=body) if body else None
    documents = await _documents(look, "rectified")
    if documents is None:
        return None
    return Choice(command="self_check", body={"evidence": words("solved", look.rng), "documents": documents})


async def verify_measure(look: Look) -> Choice | None:
    """The supervisor looks at it himself."""
    return Choice(command="verify_measure", body={"met": True, "note": words("verify_yes", look.rng)})


async def overdue(look: Look) -> Choice | None:
    """The supervisor presses a unit whose day has passed, once at each level."""
    levels = [level for level in ("urge", "supervise") if level not in (look.todo.hint.get("levels") or ())]
    if not levels or not look.once(levels[0]):
        return None
    return Choice(command="supervise_measure", body={"level": levels[0], "note": words("list", look.rng)})


async def nothing(look: Look) -> Choice | None:
    """Nothing has to be done: it is there for whoever wants to."""
    del look
    return None


BEYOND: Final[Mapping[str, Mapping[str, Policy]]] = {
    "batch": surge.POLICIES,
    "consultation": {"opinion": opinion, "conclude": conclude_item},
    "adjudication": {"evidence": evidence, "rule": rule, "confirm": confirm, "define": rule, "escalated": escalated},
    "ring": {
        "ring_answer": answer_report,
        "ring_units": name_units,
        "ring_lead": name_units,
        "ring_survey": survey,
        "report_in": report_in,
        "ring_conclude": ring_conclude,
        "ring_session": enter_session,
        "ring_standing": standing_meeting,
        "ring_execute": nothing,
        "rate_units": rate_units,
        "rate_whistle": rate_whistle,
    },
    "session": {
        "prepare": prepare,
        "sitting": nothing,
        "invitation": invitation,
        "record": attendance,
        "decide": decide,
        "item": item,
        "opinion": confirm_opinion,
        "draft": nothing,
        "leader": nothing,
        "minutes": minutes,
        "execution": nothing,
        "not_met": supervise_item,
    },
    "supervision": {
        "answer": answer,
        "visit": visit,
        "raise": raise_level,
        "verify": verify,
        "propose": propose,
        "lift": lift,
    },
    "accountability": {
        "facts": facts,
        "grave": _said("approve_grave", "reason", "facts", approve=True),
        "statement": statement,
        "decide": decide_accountability,
        "serve": _said("serve_decision", "note", "serve"),
        "ask_review": ask_review,
        "review": _said("decide_review", "reason", "facts", upheld=True),
        "talk": _said("record_talk", "record", "minutes"),
        "rectify": _said("report_rectification", "report", "supervision_reply"),
        "check": _said("check_rectification", "note", "verify_yes", result="done"),
    },
    "measure": {
        "accept": _said("accept_measure", "plan", "measure"),
        "rectify": rectify,
        "verify": verify_measure,
        "strike_off": _said("strike_off", "reason", "verify_yes", approve=True),
        "rebound": nothing,
        "overdue": overdue,
    },
}
"""By kind of process and kind of todo."""


# ------------------------------------------------------------------------------------------------------------- helpers


async def _units(look: Look, field: str) -> tuple[str, ...]:
    return tuple(str(u) for u in (await look.facts()).get(field) or ())


async def _documents(look: Look, name: str) -> list[str] | None:
    """Hand in a picture; None when that did not work."""
    key = f"{look.account}-{look.todo.process.replace('/', '-')}-{name}-{look.times}"
    outcome = await look.api.upload(
        look.account, look.todo.process, f"{name}.png", picture(key), "image/png", key[:200]
    )
    return [str(outcome.body["id"])] if outcome.ok else None


def _departments(look: Look, n: int, without: set[str], district: str | None) -> list[str]:
    """Return departments: of the district where one is named, else of the city."""
    level = "district" if district else "city"
    units = [
        u.code
        for u in look.city.units
        if u.kind in {"department", "utility"} and u.level == level and u.district == district and u.code not in without
    ]
    return look.rng.sample(units, min(n, len(units)))


def _department(look: Look, without: set[str]) -> str:
    return _departments(look, 1, without, None)[0]


def _day(ahead: int) -> str:
    """Return a day ahead of today in Shanghai."""
    today: date = datetime.now(SHANGHAI).date()
    return (today + timedelta(days=ahead)).isoformat()

"""How each todo is decided: one small function a kind of todo, found in :data:`POLICIES`.

A policy returns a :class:`~simulation.staff.look.Choice`, or None to leave the todo for now. It draws from the look's generator
only, so that the same seed decides alike on the same case.
"""

from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from typing import Any, Final

from domain.casework.words import Satisfaction, Solved, UnitCode
from simulation.departments.answers import picture
from simulation.staff import byways
from simulation.staff.look import CaseView, Choice, Look
from simulation.wording import words

Policy = Callable[[Look], Awaitable[Choice | None]]

EMERGENCY: Final = ("燃气泄漏", "煤气味", "爆管", "困人", "落石", "gas leak")
LEGAL_WAYS: Final = ("litigation", "arbitration", "reconsideration", "petition")
DECLINES: Final = ("not_government", "in_legal_process", "no_facts", "settled_before")
RETURN_GROUNDS: Final = ("not_our_duty", "not_our_area", "other_owner")
CODES: Final = {UnitCode.solved: 70, UnitCode.partly: 12, UnitCode.explained: 13, UnitCode.not_reasonable: 5}
DISSATISFIED_ROUNDS: Final = 4


# ------------------------------------------------------------------------------------------------ screening, dispatch


async def screen(look: Look) -> Choice | None:
    """Agent: merge what was sent again, answer, guide, divert, decline, or triage."""
    text = await look.text()
    leading = await look.leading()
    if leading and look.once("merge"):
        merge = {"into": leading, "reason": words("merge", look.rng)}
        return Choice(command="merge", body=merge, then=_perhaps_split(look, leading))
    item = look.city.item_for(text)
    emergency = any(word in text for word in EMERGENCY)
    drawn = "urgent" if emergency else _draw(look, look.rates.screen)
    ending = ENDINGS.get(drawn)
    if ending is not None:
        return ending(look)
    body = {
        "triage": drawn if drawn in {"urgent", "disputed", "hard"} else "routine",
        "item": item.code if item else None,
    }
    then: tuple[Choice, ...] = ()
    if look.chance("correct"):
        correction = {"field": "case_type", "value": "help", "reason": words("triage", look.rng)}
        then = (Choice(command="correct", body=correction, after=0.5),)
    return Choice(command="triage", body=body, then=then)


ENDINGS: Final[Mapping[str, Callable[[Look], Choice]]] = {
    "answer": lambda look: Choice(command="answer", body={"reply": words("answer", look.rng)}),
    "guide": lambda look: Choice(
        command="guide", body={"way": look.rng.choice(LEGAL_WAYS), "reply": words("guide", look.rng)}
    ),
    "divert": lambda look: Choice(
        command="divert",
        body={"line": look.rng.choice(("110", "119", "120", "122")), "reason": words("divert", look.rng)},
    ),
    "decline": lambda look: Choice(
        command="decline",
        body={
            "ground": look.rng.choice(DECLINES),
            "reason": words("decline", look.rng),
            "remedy": words("remedy", look.rng),
        },
    ),
}


async def dispatch(look: Look) -> Choice | None:
    """Dispatcher: the owner by item and place, sometimes a wrong one; sometimes co, territory, industry, informed units."""
    case = await look.case()
    # Somebody else is about to say whose it is.
    if case.get("triage") in {"disputed", "hard"} and look.always("leave_to_others") and look.todo.age < _days(look, 3):
        return None
    lead = await _owner(look, case)
    taken = {lead}
    body: dict[str, Any] = {"lead": lead, "note": words("dispatch_note", look.rng)}
    for role in ("territory", "industry"):
        unit = case.get("street") if role == "territory" else _department(look, taken)
        if unit and unit not in taken and look.chance(role):
            taken.add(unit)
            body[role] = unit
    for role in ("co", "informed"):
        unit = _department(look, taken)
        if look.chance(role):
            taken.add(unit)
            body[role] = [unit]
    return Choice(command="dispatch", body=body, then=_second_thoughts(look, taken, body))


async def matter(look: Look) -> Choice | None:
    """Dispatcher: ask the units that may own it. City centre, where nobody has: designate. Supervisor: urge, supervise."""
    command = look.todo.commands[0]
    if command == "call_consultation":
        first = await _owner(look, await look.case())
        asked = [first, _department(look, {first})]
        question = words("question", look.rng)
        return Choice(command=command, body={"matter": look.todo.subject, "candidates": asked, "question": question})
    if command != "designate":
        return Choice(command=command, body={"matter": look.todo.subject, "note": words(command, look.rng)})
    case = await look.case()
    lead = case.lead
    keep = lead is not None and (look.times > 0 or look.rng.random() < 0.5)  # noqa: PLR2004 - half and half
    unit = str(lead["unit"]) if keep and lead is not None else await _owner(look, case)
    body: dict[str, Any] = {"lead": unit, "basis": words("designate", look.rng)}
    if look.chance("co"):
        body["co"] = [_department(look, {unit, *case.units})]
    return Choice(command="designate", body=body)


async def phone(look: Look) -> Choice | None:
    """Dispatcher: reach the unit of an urgent order by phone, mostly at once."""
    if not look.always("answer_phone") and look.todo.age < _days(look, 1):
        return None
    return Choice(command="confirm_by_phone", body={"order": look.todo.subject, "note": words("phone", look.rng)})


# ------------------------------------------------------------------------------------------------------------ the unit


async def unit(look: Look) -> Choice | None:
    """Liaison: sign, contact, work, ask for time, give back, hand in. Steps in only when the unit's system is silent."""
    todo, offered = look.todo, set(look.todo.commands)
    if look.city.unit(str(todo.unit)).system and "took_over" not in look.notes:
        if not await _silent(look):
            return None
        look.once("took_over")
    order = await look.order()
    if order.get("role") == "informed":
        return Choice(command="sign", body={"order": todo.subject}) if "sign" in offered else None
    return await _unit_step(look, order, offered)


async def _silent(look: Look) -> bool:
    """Say whether the unit's system has not touched the order in time (signing by timeout is no touch), or got stuck."""
    waited = look.todo.age.total_seconds()
    if waited < look.patience:
        return False
    order = (await look.case()).order(look.todo.subject)
    untouched = order.get("contacted_at") is None and (order.get("signed_at") is None or bool(order.get("auto_signed")))
    return untouched or waited > STUCK * look.patience


async def _unit_step(look: Look, order: Mapping[str, Any], offered: set[str]) -> Choice | None:
    rng = look.rng
    again = order.get("role") == "lead" and order.get("id") != "a1" and order.get("cycle") == 1
    at_work = "submit_result" in offered
    lower = byways.below(look) if at_work or "sign" in offered else None
    if "close_on_spot" in offered and look.always("on_spot"):
        return await byways.close_on_spot(look)
    if "request_strike_off" in offered:
        return await byways.strike_off(look)
    steps: tuple[tuple[bool, str, Callable[[], dict[str, Any]]], ...] = (
        (look.always("unit_return_again" if again else "unit_return"), "request_return", lambda: _return_body(look)),
        (look.always("unit_give_back"), "give_back", lambda: {"reason": words("give_back", rng)}),
        (True, "sign", dict),
        ("contacted" not in look.notes, "contact", lambda: {"note": words("contact", rng)}),
        (True, "begin_work", dict),
        (True, "resume", lambda: {"reason": words("resume", rng)}),
        (look.always("unit_progress"), "report_progress", lambda: {"note": words("progress", rng)}),
        (
            look.always("unit_report_up"),
            "report_up",
            lambda: {"reason": words("report_up", rng), "tried": words("tried", rng)},
        ),
        (look.always("unit_whistle"), "whistle", lambda: {"reason": words("whistle_up", rng)}),
        (look.always("unit_extension"), "request_extension", lambda: _extension_body(look)),
        (
            look.always("unit_pause"),
            "request_pause",
            lambda: {"kind": "expert", "evidence": words("pause_evidence", rng)},
        ),
        (
            order.get("role") != "handed_down" and look.always("unit_terminate"),
            "request_termination",
            lambda: _termination_body(look),
        ),
        (
            order.get("role") == "lead" and look.always("unit_on_account"),
            "request_on_account",
            lambda: byways.account_body(look),
        ),
        (
            lower is not None and look.always("unit_hand_down"),
            "hand_down",
            lambda: byways.hand_down_body(look, str(lower)),
        ),
    )
    for wanted, command, body in steps:
        possible = command in offered or (command in UNASKED and at_work)
        if command == "contact" and look.todo.commands[:1] != ("contact",):
            continue
        if wanted and possible and (command in REPEATED or look.once(command)):
            return Choice(command=command, body={"order": look.todo.subject, **body()})
    if any((asked := look.since(c)) and asked < _days(look, 1) for c in ASKS):
        return None
    if "submit_result" not in offered or look.todo.age < _days(look, look.settled("handle").lognormvariate(0, 0.5)):
        return None
    return await _result(look)


STUCK: Final = 5
UNASKED: Final = frozenset({"request_termination", "request_on_account", "hand_down"})
"""What a unit at work may do without being offered it."""
ASKS: Final = ("request_pause", "request_termination", "request_on_account")
"""After these a unit waits for the answer before it goes on."""
REPEATED: Final = frozenset({"sign", "begin_work"})


async def _result(look: Look) -> Choice | None:
    code = look.rng.choices(list(CODES), list(CODES.values()))[0]
    documents: list[str] = []
    if code in {UnitCode.solved, UnitCode.partly}:
        name = f"{look.todo.no}-{look.todo.subject}-{look.times}.png"
        key = f"{look.account}-{name}"
        outcome = await look.api.upload(look.account, look.todo.process, name, picture(key), "image/png", key)
        if not outcome.ok:
            return None
        documents = [str(outcome.body["id"])]
    body = {"order": look.todo.subject, "code": str(code), "reply": words(str(code), look.rng), "documents": documents}
    return Choice(command="submit_result", body=body)


def _return_body(look: Look) -> dict[str, Any]:
    return {
        "ground": look.rng.choice(RETURN_GROUNDS),
        "reason": words("return_reason", look.rng),
        "basis": words("return_basis", look.rng),
        "proposed_owner": _department(look, {str(look.todo.unit)}),
    }


def _extension_body(look: Look) -> dict[str, Any]:
    return {
        "days": look.rng.randint(1, 5),
        "ground": look.rng.choice(("engineering", "many_units")),
        "reason": words("extension_reason", look.rng),
        "caller_told": True,
    }


def _termination_body(look: Look) -> dict[str, Any]:
    ground = look.rng.choice(("not_acceptable_found_later", "caller_refuses_cooperation"))
    return {"ground": ground, "reason": words("terminate", look.rng)}


# ------------------------------------------------------------------------------------------------------------- reviews


async def review(look: Look) -> Choice | None:
    """Order reviewer: accept, send back, or do without a co-unit's result."""
    order = {"order": look.todo.subject}
    if "waive_result" in look.todo.commands and look.chance("waive_result"):
        return Choice(command="waive_result", body={**order, "reason": words("waive", look.rng)})
    if look.chance("send_back"):
        return Choice(command="review_result", body={**order, "accept": False, "reason": words("send_back", look.rng)})
    return Choice(command="review_result", body={**order, "accept": True, "reason": words("accept", look.rng)})


async def give_back(look: Look) -> Choice | None:
    """Reviewers of a return, and the centre head for what they let lie."""
    escalated = "decide_return" in look.todo.commands
    if not escalated and look.settled(f"sleepy/{look.todo.role}").random() < look.rates["sleepy"]:
        return None
    # Both reviewers judge the same case alike, except one who hesitates.
    approve = look.always("uphold_return")
    if look.todo.role == "shift_leader" and look.chance("hesitate"):
        approve = not approve
    body = {"order": look.todo.subject, "approve": approve, "reason": words(_yes_no("return", approve), look.rng)}
    return Choice(command="decide_return" if escalated else "review_return", body=body)


def _approval(command: str, rate: str, occasion: str, *, of_order: bool = True) -> Policy:
    """Return the policy of a plain approval."""

    async def approve(look: Look) -> Choice | None:
        yes = look.chance("city_office" if look.todo.role == "city_office" else rate)
        body: dict[str, Any] = {"approve": yes, "reason": words(_yes_no(occasion, yes), look.rng)}
        return Choice(command=command, body=body | ({"order": look.todo.subject} if of_order else {}))

    return approve


# ------------------------------------------------------------------------------------------------- callback, incidents


async def callback(look: Look) -> Choice | None:
    """Callback officer: one attempt for one caller."""
    request = {"request": look.todo.subject}
    if look.chance("waive_callback"):
        return Choice(command="waive_callback", body={**request, "reason": words("callback_waive", look.rng)})
    if look.chance("withdrew"):
        return Choice(command="caller_withdrew", body={**request, "note": words("withdrew", look.rng)})
    if not look.chance("reached"):
        note = words("callback_no", look.rng)
        return Choice(command="record_callback", body={**request, "reached": False, "note": note})
    return await _reached(look, request)


async def _reached(look: Look, request: dict[str, Any]) -> Choice:
    obstinate = look.always("obstinate")
    rounds = int((await look.case()).get("dissatisfied") or 0) if obstinate else 0
    if rounds >= DISSATISFIED_ROUNDS if obstinate else look.chance("satisfied"):
        solved = look.rng.choices([Solved.yes, Solved.partly], [85, 15])[0]
        answer = look.rng.choices([Satisfaction.very_satisfied, Satisfaction.satisfied], [40, 60])[0]
        body = {
            "reached": True,
            "solved": solved.value,
            "satisfaction": answer.value,
            "note": words("callback", look.rng),
        }
        objection = Choice(command="object", body={**request, "note": words("object", look.rng)}, after=look.day / 2)
        then = (objection,) if look.chance("object") else ()
        if not then and look.chance("reopen"):
            then = (byways.new_facts(look, str(look.todo.subject)),)
        return Choice(command="record_callback", body={**request, **body}, then=then)
    unreasonable = not obstinate and look.chance("unreasonable")
    note = words("callback_unreasonable" if unreasonable else "callback", look.rng)
    body = {
        "reached": True,
        "solved": look.rng.choice([Solved.no.value, Solved.partly.value]),
        "satisfaction": Satisfaction.unsatisfied.value,
        "note": note,
        "unreasonable": unreasonable,
    }
    return Choice(command="record_callback", body={**request, **body})


async def replace(look: Look) -> Choice | None:
    """Dispatcher: another unit in the place of a helper that has returned its order, or nobody."""
    case = await look.case()
    gone = case.order(look.todo.subject)
    if case.lead is None or look.chance("waive_result"):
        return Choice(command="waive_result", body={"order": look.todo.subject, "reason": words("waive", look.rng)})
    body = {"unit": _department(look, case.units), "role": gone.get("role", "co"), "reason": words("add", look.rng)}
    return Choice(command="add_assignment", body=body)


async def incident(look: Look) -> Choice | None:
    """Operator: try again once, then have it done by hand or waive it."""
    effect = {"effect": look.todo.subject}
    if look.times == 0:
        return Choice(command="retry_effect", body=effect)
    if look.chance("redirect"):
        return Choice(
            command="redirect_effect", body={**effect, "channel": "phone", "note": words("incident", look.rng)}
        )
    return Choice(command="waive_effect", body={**effect, "reason": words("incident_waive", look.rng)})


async def merging(look: Look) -> Choice | None:
    """Dispatcher: another case answers; where no answer comes for days, the case goes on by itself."""
    if look.todo.age < _days(look, 2):
        return None
    return Choice(command="withdraw_merge", body={"reason": words("split", look.rng)})


POLICIES: Final[Mapping[str, Policy]] = {
    "screen": screen,
    "dispatch": dispatch,
    "matter": matter,
    "phone": phone,
    "unit": unit,
    "review": review,
    "return": give_back,
    "replace": replace,
    "extension": _approval("review_extension", "extension", "extension"),
    "pause": _approval("review_pause", "pause", "pause"),
    "closing": _approval("review_closing", "closing", "closing", of_order=False),
    "termination": _approval("review_termination", "termination", "terminate", of_order=False),
    "callback": callback,
    "incident": incident,
    "merge": merging,
    **byways.POLICIES,
}


# ------------------------------------------------------------------------------------------------------------- helpers


async def _owner(look: Look, case: CaseView) -> str:
    """The unit that should own a case: by item and place, or whom a returning unit proposed; sometimes a wrong one."""
    district, street = case.get("district"), case.get("street")
    fallback = f"{district}-urban" if district else "urban"
    item = next((i for i in look.city.items if i.code == case.get("item")), None)
    owner = item.owner_at(district, street, fallback) if item else street or fallback
    candidates = [u for u in (owner, case.get("proposed_owner")) if u and u not in case.units]
    if not candidates or look.chance("wrong_owner"):
        return _department(look, case.units | {owner})
    return str(candidates[0])


def _department(look: Look, without: set[str]) -> str:
    units = [u.code for u in look.city.units if u.kind in {"department", "utility"} and u.level == "city"]
    return look.rng.choice([u for u in units if u not in without])


def _second_thoughts(look: Look, taken: set[str], body: Mapping[str, Any]) -> tuple[Choice, ...]:
    """What a dispatcher thinks of later."""
    after = look.day / 3
    other = _department(look, taken)
    found: list[Choice] = []
    if look.chance("undo_dispatch"):
        found.append(Choice(command="undo_dispatch", body={"reason": words("undo", look.rng)}, after=0.2))
    elif look.chance("add_assignment"):
        added = {"unit": other, "role": "co", "reason": words("add", look.rng)}
        found.append(Choice(command="add_assignment", body=added, after=after))
    elif look.chance("reassign"):
        moved = {"order": "a1", "unit": other, "reason": words("reassign", look.rng)}
        found.append(Choice(command="reassign", body=moved, after=after))
    elif len(body) > 2 and look.rng.random() < 5 * look.rates["withdraw_order"]:  # noqa: PLR2004 - lead, note and more
        back = {"order": "a2", "reason": words("withdraw", look.rng)}
        found.append(Choice(command="withdraw_order", body=back, after=after))
    return tuple(found)


def _perhaps_split(look: Look, leading: str) -> tuple[Choice, ...]:
    if not look.chance("split_off"):
        return ()
    body = {"request": look.todo.no, "reason": words("split", look.rng)}
    return (Choice(command="split_off", body=body, process=f"case/{leading}", after=1.0),)


def _draw(look: Look, table: Mapping[str, float]) -> str:
    """Draw one name of a table of shares; ``""`` for the rest."""
    drawn = look.rng.random()
    for name, share in table.items():
        if drawn < share:
            return name
        drawn -= share
    return ""


def _days(look: Look, days: float) -> timedelta:
    return timedelta(seconds=days * look.day)


def _yes_no(occasion: str, yes: bool) -> str:  # noqa: FBT001 - it is what is asked
    return f"{occasion}_{'yes' if yes else 'no'}"

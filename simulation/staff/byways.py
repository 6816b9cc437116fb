"""How the staff go a case's byways: on account and struck off, handed down and reported, closed on the spot, opened again.

The policies of the todos these make are in :data:`POLICIES`; what a unit or an officer begins of his own accord is asked for by
:mod:`simulation.staff.policies`.
"""

from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from domain.calendar import local_day
from simulation.departments.answers import picture
from simulation.staff.look import Choice, Look
from simulation.wording import words

Policy = Callable[[Look], Awaitable[Choice | None]]
GROUNDS: Final = ("season", "engineering", "funding")
FIRST_REVIEW: Final = (2, 5)
"""In how many days an account is looked at again."""


# ------------------------------------------------------------------------------------------------- on account 挂账、销号


def account_body(look: Look) -> dict[str, Any]:
    """Return why a unit cannot solve it now, its plan, and the day."""
    return {
        "ground": look.rng.choice(GROUNDS),
        "plan": words("account_plan", look.rng),
        "review_on": _day(look),
    }


async def account(look: Look) -> Choice | None:
    """Order reviewer, then city centre: whether it goes on account."""
    return _said(look, "review_on_account", "on_account", "account")


async def recheck(look: Look) -> Choice | None:
    """Order reviewer, on the day: keep it or end it; sometimes he lets it lie, and it is the supervisor's."""
    if look.todo.role == "order_reviewer" and look.always("silent"):
        return None
    body = {"order": look.todo.subject, "keep": look.chance("keep_account"), "reason": words("recheck", look.rng)}
    return Choice(command="recheck_on_account", body=body | ({"review_on": _day(look)} if body["keep"] else {}))


async def strike(look: Look) -> Choice | None:
    """Second person on the striking off."""
    return _said(look, "review_strike_off", "strike_off", "strike")


async def strike_off(look: Look) -> Choice | None:
    """Unit: the plan is carried out after some time; it says so, with a photo."""
    if look.todo.age < timedelta(seconds=look.day * (1 + 2 * look.settled("plan").random())):
        return None
    if (document := await photo(look)) is None:
        return None
    body = {"order": look.todo.subject, "proof": words("strike_proof", look.rng), "documents": [document]}
    return Choice(command="request_strike_off", body=body)


# ------------------------------------------------------------------------------------------- hand-down 转下级, 现场办结


def below(look: Look) -> str | None:
    """Return a unit that stands right below the todo's, or None."""
    units = [u.code for u in look.city.units if u.parent == look.todo.unit and u.level in {"community", "grid"}]
    return look.settled("below").choice(units) if units else None


def hand_down_body(look: Look, unit: str) -> dict[str, Any]:
    """Return to whom it goes and with which words."""
    return {"unit": unit, "note": words("hand_down", look.rng)}


async def report(look: Look) -> Choice | None:
    """The unit above: take the report, or send it back once in a while."""
    accept = not look.chance("send_back")
    body = {"order": look.todo.subject, "accept": accept, "reason": None if accept else words("send_back", look.rng)}
    return Choice(command="review_report", body=body)


async def close_on_spot(look: Look) -> Choice | None:
    """Grid worker: settled at once, with a photo."""
    if (document := await photo(look)) is None:
        return None
    body = {"order": look.todo.subject, "reply": words("on_spot", look.rng), "documents": [document]}
    return Choice(command="close_on_spot", body=body)


# ------------------------------------------------------------------------------------------------------------ 重启 reopening


def new_facts(look: Look, request: str) -> Choice:
    """Return what an officer writes down when a caller has new facts after the closing."""
    body = {"request": request, "facts": words("new_facts", look.rng)}
    return Choice(command="request_reopening", body=body, after=look.day)


async def reopening(look: Look) -> Choice | None:
    """Shift leader, or the centre head: whether the facts are new."""
    return _said(look, "review_reopening", "reopening", "reopening", of_order=False)


async def photo(look: Look) -> str | None:
    """Hand in a photo; return its id, or None when that did not go."""
    name = f"{look.todo.no}-{look.todo.subject}-{look.todo.kind}-{look.times}.png"
    key = f"{look.account}-{name}"
    outcome = await look.api.upload(look.account, look.todo.process, name, picture(key), "image/png", key)
    return str(outcome.body["id"]) if outcome.ok else None


def _said(look: Look, command: str, rate: str, occasion: str, *, of_order: bool = True) -> Choice:
    yes = look.chance(rate)
    body: dict[str, Any] = {"approve": yes, "reason": words(f"{occasion}_{'yes' if yes else 'no'}", look.rng)}
    return Choice(command=command, body=body | ({"order": look.todo.subject} if of_order else {}))


def _day(look: Look) -> str:
    return (local_day(datetime.now(UTC)) + timedelta(days=look.rng.randint(*FIRST_REVIEW))).isoformat()


POLICIES: Final[Mapping[str, Policy]] = {
    "account": account,
    "recheck": recheck,
    "strike": strike,
    "report": report,
    "reopening": reopening,
}

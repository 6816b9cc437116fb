"""A session in the hands of a test, with holders of matters that do no more than the protocol asks (:mod:`domain.holding`)."""

from collections.abc import Sequence
from typing import Any, ClassVar

from domain import holding
from domain.holding import ApplyDecision, Hold, ReleaseMatter, ReserveMatter, Verdict
from domain.measure import DECIDER as MEASURE
from domain.proceeding import Begun, Opening, Parts, Proceeding, begun, decider, move_to, opened, todo
from domain.process import SYSTEM, Actor, Command, Context, Event, Refusal
from domain.session import DECIDER as SESSION
from tests.domain.clock_helpers import sh
from tests.domain.townkit import Town

S = "session/s1"
OTHER = "session/s2"
R1, R2, R3 = (f"ring/r{n}" for n in (1, 2, 3))
SECRETARY = Actor(user="sec1", role="session_secretary")
LEADER = Actor(user="leader1", role="session_leader")
OFFICE = Actor(user="office1", role="city_office")
SUPERVISOR = Actor(user="sup1", role="supervisor")
AT = "2026-03-04 09:00"
VERDICT: dict[str, Any] = {"lead": "roads", "co": ["water"], "basis": "row#basis", "extra_days": 5}
MEASURES: list[dict[str, Any]] = [
    {"unit": "roads", "what": "row#w1", "due": "2026-03-13", "milestones": [{"what": "row#s1", "due": "2026-03-09"}]},
    {"unit": "water", "what": "row#w2", "due": "2026-03-20", "milestones": []},
]


# ---------------------------------------------------------------------------------------------------------- the holder


class Held(Event):
    TYPE: ClassVar[str] = "test_held"
    process: str
    item: str


class Released(Event):
    TYPE: ClassVar[str] = "test_released"


class Applied(Event):
    TYPE: ClassVar[str] = "test_applied"
    verdict: Verdict
    item: str


class Over(Event):
    TYPE: ClassVar[str] = "test_over"
    process: str | None = None
    item: str | None = None


class OpenHolder(Opening):
    unit: str | None = None


class HolderBegun(Begun):
    TYPE: ClassVar[str] = "test_holder_begun"
    unit: str | None = None


class CaseOver(Command):
    NAME: ClassVar[str] = "case_over"


class Holder(Proceeding):
    """A matter of a unit: for whom it is reserved, and what was decided."""

    unit: str | None = None
    hold: Hold | None = None
    verdict: Verdict | None = None


def _reserve(state: Holder, command: ReserveMatter, _context: Context) -> Sequence[Event]:
    if state.stage == "over" or state.verdict is not None:
        raise Refusal("ring_question_gone", stage=state.stage)
    if state.hold is not None and state.hold.process not in {command.process, command.instead_of}:
        raise Refusal("ring_reserved", process=state.hold.process)
    return [Held(process=command.process, item=command.item)]


def _release(state: Holder, command: ReleaseMatter, _context: Context) -> Sequence[Event]:
    return [Released()] if state.hold is not None and state.hold.process == command.process else []


def _apply(state: Holder, command: ApplyDecision, _context: Context) -> Sequence[Event]:
    if state.hold != Hold(process=command.process, item=command.item):
        raise Refusal("not_reserved", process=command.process)
    return [Applied(verdict=command.verdict, item=command.item)]


def _over(state: Holder, _command: CaseOver, _context: Context) -> Sequence[Event]:
    hold = state.hold
    return [Over(process=hold.process, item=hold.item) if hold else Over(), move_to("over")]


_ANY = frozenset({"open", "over"})
HOLDER = decider(
    Parts(
        kind="ring",
        state=Holder,
        commands=(OpenHolder, ReserveMatter, ReleaseMatter, ApplyDecision, CaseOver),
        events=(HolderBegun, Held, Released, Applied, Over),
        table=(
            (
                "open",
                frozenset({"new"}),
                lambda _s, command, context: [HolderBegun(**begun(command, context), unit=command.unit)],
                True,
            ),
            ("reserve_matter", _ANY, _reserve, True),
            ("release_matter", _ANY, _release, True),
            ("apply_decision", _ANY, _apply, True),
            ("case_over", frozenset({"open"}), _over, True),
        ),
        changes={
            HolderBegun.TYPE: lambda s, e, at: opened(s, e, at, stage="open", unit=e.unit),
            Held.TYPE: lambda s, e, _at: s.model_copy(update={"hold": Hold(process=e.process, item=e.item)}),
            Released.TYPE: lambda s, _e, _at: s.model_copy(update={"hold": None}),
            Applied.TYPE: lambda s, e, _at: s.model_copy(update={"verdict": e.verdict}),
            Over.TYPE: lambda s, _e, _at: s.model_copy(update={"hold": None}),
        },
        todos=lambda s: (todo(s, "case_over", "system", "case_over"),),
        over=frozenset({"over"}),
        effects={
            Held.TYPE: lambda s, e: holding.confirm(
                Hold(process=e.process, item=e.item), unit=s.unit, district=s.district, case=f"c-{s.no}"
            ),
            Applied.TYPE: lambda s, _e: holding.confirm_applied(s.hold) if s.hold else (),
            Over.TYPE: lambda _s, e: (
                holding.overtaken(Hold(process=e.process, item=e.item), "case_over") if e.process else ()
            ),
        },
    )
)


# ---------------------------------------------------------------------------------------------------------- the way


def city() -> Town:
    """Three matters that wait for a decision, on Monday, 2026-03-02."""
    town = Town(SESSION, MEASURE, HOLDER)
    for ring, unit in ((R1, "roads"), (R2, "water"), (R3, "parks")):
        town.open(ring, unit=unit, district="east")
    return town


def scheduled(session: str = S, **fields: Any) -> Town:
    town = city()
    schedule(town, session, **fields)
    return town


def schedule(town: Town, session: str = S, **fields: Any) -> None:
    body = {"kind": "leader_session", "level": "city", "leader": "leader1", "at": sh(AT).isoformat(), **fields}
    town.give(session, "schedule_session", by=SECRETARY, **body)


def with_items(*rings: str, **fields: Any) -> Town:
    """The agenda has its matters, each reserved by its holder."""
    town = scheduled(**fields)
    for ring in rings or (R1, R2):
        town.give(S, "add_item", by=SECRETARY, holder=ring)
    town.deliver()
    return town


def called(*rings: str, **fields: Any) -> Town:
    town = with_items(*rings, **fields)
    town.give(S, "call_session", by=SECRETARY, units=["roads", "water", "parks"])
    return town


def held(*rings: str, **fields: Any) -> Town:
    """The session sits: two came, one did not."""
    town = called(*rings, **fields)
    town.until(sh("2026-03-04 10:00"))
    town.give(S, "record_attendance", by=SECRETARY, present=["roads"], deputies=["water"], absent=["parks"])
    return town


def drafted(*rings: str, **opinion: Any) -> Town:
    """The secretary has written down what the leader said on the first item."""
    town = held(*rings or (R1,))
    town.give(S, "give_opinion", by=SECRETARY, item="i1", **{**VERDICT, **opinion})
    return town


def executing(measures: Sequence[dict[str, Any]] = ()) -> Town:
    """One item is decided by the leader himself, the minutes are out."""
    town = held(R1)
    town.give(S, "give_opinion", by=LEADER, item="i1", **VERDICT, measures=list(measures))
    town.give(S, "record_minutes", by=SECRETARY)
    return town


def say(town: Town, to: str, name: str, /, **body: Any) -> str | None:
    """A machine's word; the code of its refusal, or None."""
    return town.send(to, name, body, SYSTEM)

"""A ring in the hands of a test: a town with rings, and a case beside them that holds its matter as domain/holding.py says.

The case is a stand-in: it reserves, releases and applies, and tells its rings what a case tells. So the tests of the ring fail for
the ring's reasons only. The tests here prove that the stand-in keeps the contract.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, ClassVar

from domain import holding
from domain.holding import ApplyDecision, Hold, ReleaseMatter, ReserveMatter, Verdict
from domain.proceeding import Begun, Opening, Parts, Proceeding, begun, decider, move_to, opened, todo
from domain.process import SYSTEM, Code, Context, Effect, Event, Refusal, Todo
from domain.ring import DECIDER
from domain.ringing.commands import CaseOver, UnitFinished
from domain.telling import tell
from tests.domain.casekit import REF
from tests.domain.townkit import Town

MIDDLE = "ring/c1/middle/1"
LARGE = "ring/c1/large/1"
CASE = "case/c1"
REPORTER = "east-1"
VERDICT = {"lead": "water", "co": ["roads"], "basis": REF}


# ------------------------------------------------------------------------------------------------------- the stand-in


class OpenCase(Opening):
    held_by: Code | None = None


class CaseOpened(Begun):
    TYPE: ClassVar[str] = "stub_opened"
    held_by: str | None = None


class Reserved(Event):
    TYPE: ClassVar[str] = "stub_reserved"
    process: str
    item: str


class Freed(Event):
    TYPE: ClassVar[str] = "stub_freed"
    process: str
    item: str
    code: str | None = None


class Applied(Event):
    TYPE: ClassVar[str] = "stub_applied"
    process: str
    item: str
    verdict: Verdict


class Finished(Event):
    TYPE: ClassVar[str] = "stub_finished"
    unit: str


class Over(Event):
    TYPE: ClassVar[str] = "stub_over"
    code: str


class StubCase(Proceeding):
    hold: Hold | None = None
    rings: tuple[str, ...] = ()
    verdicts: tuple[Verdict, ...] = ()


def _open(_state: StubCase, command: OpenCase, context: Context) -> Sequence[Event]:
    return [CaseOpened(**begun(command, context), held_by=command.held_by)]


def _reserve(state: StubCase, command: ReserveMatter, _context: Context) -> Sequence[Event]:
    if state.stage == "over" or state.verdicts:
        raise Refusal("case_closed", case=state.no)
    if state.hold is not None and state.hold.process not in {command.process, command.instead_of}:
        raise Refusal("not_your_turn", step=0)
    return [Reserved(process=command.process, item=command.item)]


def _release(state: StubCase, command: ReleaseMatter, _context: Context) -> Sequence[Event]:
    held = state.hold is not None and state.hold.process == command.process
    return [Freed(process=command.process, item=command.item)] if held else []


def _apply(state: StubCase, command: ApplyDecision, _context: Context) -> Sequence[Event]:
    if state.hold is None or (state.hold.process, state.hold.item) != (command.process, command.item):
        raise Refusal("unknown_case", case=state.no)
    return [Applied(process=command.process, item=command.item, verdict=command.verdict)]


def _over(state: StubCase, command: CaseOver, _context: Context) -> Sequence[Event]:
    held = state.hold
    overtaken = [] if held is None else [Freed(process=held.process, item=held.item, code=command.code)]
    return [*overtaken, Over(code=command.code), move_to("over")]


def _finished(_state: StubCase, command: UnitFinished, _context: Context) -> Sequence[Event]:
    return [Finished(unit=command.unit)]


def _case_opened(state: StubCase, e: CaseOpened, at: datetime) -> StubCase:
    hold = Hold(process=e.held_by, item="i1") if e.held_by else None
    after: StubCase = opened(state, e, at, stage="open", hold=hold, rings=(e.held_by,) if e.held_by else ())
    return after


def _was_reserved(state: StubCase, e: Reserved, _at: datetime) -> StubCase:
    rings = tuple(dict.fromkeys((*state.rings, e.process))) if e.process.startswith("ring/") else state.rings
    return state.model_copy(update={"hold": Hold(process=e.process, item=e.item), "rings": rings})


def _was_applied(state: StubCase, e: Applied, _at: datetime) -> StubCase:
    return state.model_copy(update={"hold": None, "verdicts": (*state.verdicts, e.verdict)})


def _freed(e: Freed) -> Sequence[Effect]:
    return [] if e.code is None else holding.overtaken(Hold(process=e.process, item=e.item), e.code)


def _case_todos(state: StubCase) -> Sequence[Todo]:
    return [todo(state, "case", "dispatcher")]


BEGUN = frozenset({"open", "over"})
EFFECTS: Mapping[str, Any] = {
    Reserved.TYPE: lambda _s, e: holding.confirm(Hold(process=e.process, item=e.item), unit=REPORTER, district="east"),
    Freed.TYPE: lambda _s, e: _freed(e),
    Applied.TYPE: lambda _s, e: holding.confirm_applied(Hold(process=e.process, item=e.item)),
    Finished.TYPE: lambda s, e: [tell(ring, "unit_finished", {"unit": e.unit}) for ring in s.rings],
    Over.TYPE: lambda s, e: [tell(ring, "case_over", {"code": e.code}) for ring in s.rings],
}
STUB = decider(
    Parts(
        kind="case",
        state=StubCase,
        commands=(OpenCase, ReserveMatter, ReleaseMatter, ApplyDecision, CaseOver, UnitFinished),
        events=(CaseOpened, Reserved, Freed, Applied, Finished, Over),
        table=(
            ("open", frozenset({"new"}), _open, True),
            ("reserve_matter", BEGUN, _reserve, True),
            ("release_matter", BEGUN, _release, True),
            ("apply_decision", BEGUN, _apply, True),
            ("case_over", frozenset({"open"}), _over, True),
            ("unit_finished", frozenset({"open"}), _finished, True),
        ),
        changes={
            CaseOpened.TYPE: _case_opened,
            Reserved.TYPE: _was_reserved,
            Freed.TYPE: lambda s, _e, _at: s.model_copy(update={"hold": None}),
            Applied.TYPE: _was_applied,
        },
        todos=_case_todos,
        over=frozenset({"over"}),
        effects=EFFECTS,
    )
)


# ------------------------------------------------------------------------------------------------------------ the town


class Rings(Town):
    """A town with one ring (middle: of the street ``east-1`` in the district ``east``) and its case."""

    def __init__(self, ring: str | None = MIDDLE, **fields: Any) -> None:
        super().__init__(DECIDER, STUB)
        # What is told or begun elsewhere gets lost here: a test says what comes back.
        self.deciders = {d.kind: d for d in (DECIDER, STUB)}
        self.id = ring or ""
        if ring is not None:
            self.up(ring, **fields)

    def up(self, ring: str, *, reserved: bool = True, **fields: Any) -> None:
        """A case comes up."""
        _, case, level, _ = ring.split("/")
        if f"case/{case}" not in self.processes:
            self.open(f"case/{case}", held_by=ring if reserved else None)
        self.open(ring, **self.opening(case, level, reserved=reserved) | fields)

    def opening(self, case: str, level: str, *, reserved: bool = True) -> dict[str, Any]:
        """What a case says when it comes up."""
        entry = {"holder": f"case/{case}", "reserved": reserved, "unit": REPORTER, "district": "east", "case": case}
        return {
            "case": case,
            "level": level,
            "kind": "report_up",
            "reporter": REPORTER,
            "district": "east",
            "reason": REF,
            "tried": REF,
            "entries": [entry],
        }

    @property
    def ring_state(self) -> Any:
        return self.state(self.id)

    @property
    def role(self) -> str:
        return "district_centre" if "/middle/" in self.id else "city_office"

    def does(self, name: str, **body: Any) -> "Rings":
        """The convener does something."""
        self.give(self.id, name, role=body.pop("role", self.role), **body)
        return self

    def refuses(self, name: str, **body: Any) -> str | None:
        """What the convener is told."""
        return self.refusal(self.id, name, role=body.pop("role", self.role), **body)

    def hears(self, name: str, **body: Any) -> str | None:
        """A machine tells the ring something."""
        return self.send(self.id, name, body, SYSTEM)

    def accepted(self) -> "Rings":
        """The ring has taken the case up."""
        return self.does("answer_report", accept=True)

    def with_units(self, *units: str) -> "Rings":
        """Units were called and have come."""
        if self.stage(self.id) == "answering":
            self.accepted()
        self.does("whistle_units", units=list(units))
        for unit in units:
            self.comes(unit)
        return self

    def comes(self, unit: str) -> None:
        self.give(self.id, "report_in", unit=unit, unit_=unit)

    def decided(self, **verdict: Any) -> "Rings":
        """The convener has decided, and the case has heard it."""
        self.does("conclude", **VERDICT | verdict)
        self.deliver()
        return self

    def tells_case(self, name: str, case: str = CASE, **body: Any) -> None:
        """Something happens in the case, and its rings hear of it."""
        assert self.send(case, name, body, SYSTEM) is None
        self.deliver()

    def finished(self, *units: str) -> "Rings":
        """The results of these units were accepted."""
        for unit in units:
            self.tells_case("unit_finished", unit=unit)
        return self

    def bodies(self, type_: str, process: str | None = None) -> list[dict[str, Any]]:
        """The bodies of all events of a type."""
        return [e.body for e in self.events[process or self.id] if e.type == type_]

    def notices(self, what: str, process: str | None = None) -> list[str]:
        """Whom a notice went to."""
        found = [e for e in self.told(process or self.id, "notice") if e.body["what"] == what]
        return [f"{e.target}/{e.body['role']}" for e in found]

    def sent(self, command: str, process: str | None = None) -> list[Any]:
        """The bodies of a command told to other processes, with their targets."""
        kinds = ("tell", "start")
        all_ = [e for kind in kinds for e in self.told(process or self.id, kind)]
        return [(e.target, e.body["body"]) for e in all_ if e.body["command"] == command]

    def todo_keys(self) -> set[str]:
        """The keys of the ring's todos."""
        return {t.key for t in self.todos(self.id)}

    def offered(self, key: str) -> tuple[str, ...]:
        """What a todo offers."""
        return self.todo(self.id, key).commands


# ------------------------------------------------------------------------------------- the stand-in keeps the contract


def test_the_case_holds_its_matter_for_the_ring_that_opened_with_it() -> None:
    town = Rings()
    assert town.state(CASE).hold == Hold(process=MIDDLE, item="i1")
    assert town.ring_state.item.state == "reserved"


def test_the_case_gives_its_matter_to_the_one_in_place_of_the_ring_only() -> None:
    town = Rings()
    other = {"process": "session/s1", "item": "i1", "matter": None}
    assert town.send(CASE, "reserve_matter", other, SYSTEM) == "not_your_turn"
    assert town.send(CASE, "reserve_matter", other | {"instead_of": MIDDLE}, SYSTEM) is None
    assert town.state(CASE).hold.process == "session/s1"

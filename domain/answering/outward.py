"""What the world is told of an accountability. Bodies hold codes and references only (law 8). It proposes, it never punishes."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from domain import telling
from domain.answering import events as ev
from domain.answering.rules import APPROVE, CHECK, DECIDE, FACTS, RECTIFY, REVIEW, SERVE, TALK
from domain.answering.state import Accountability
from domain.answering.words import Outcome, Result, Step
from domain.keeping import OverdueReached
from domain.proceeding import what
from domain.process import Effect
from domain.supervising.words import Level, Trigger

WATCHERS: Final[Mapping[str, str]] = {
    APPROVE: "city_office",
    FACTS: "centre_head",
    DECIDE: "city_office",
    SERVE: "centre_head",
    REVIEW: "city_office",
    TALK: "centre_head",
    RECTIFY: "supervisor",
    CHECK: "centre_head",
}
"""Who is told of what is overdue."""

ENDED: Final[Mapping[Outcome, str]] = {
    Outcome.dropped: "accountability_dropped",
    Outcome.tolerated: "accountability_tolerated",
}
"""What the unit hears of an end without consequences."""


def _to_unit(state: Accountability, said: str, *roles: str, **more: Any) -> Sequence[Effect]:
    return [
        telling.notice(said, role, state.unit, step=str(state.step), matter=state.matter, **more)
        for role in roles or ("unit_head",)
    ]


def _opened(_state: Accountability, e: ev.AccountabilityOpened) -> Sequence[Effect]:
    """A grave case needs the second person's eye; all others are a todo of the supervisors."""
    about = {"step": str(e.step), "unit_concerned": e.unit}
    return [telling.notice("accountability_grave", "centre_head", None, **about)] if e.grave else ()


def _decided(state: Accountability, e: ev.AccountabilityDecided) -> Sequence[Effect]:
    """What is upheld reaches the unit when it is served; what ends here is said at once, to a unit that knew of it."""
    if e.outcome is Outcome.upheld or not state.unit_knows:
        return ()
    return _to_unit(state, ENDED[e.outcome], texts=[e.reason])


def _served(state: Accountability, e: ev.DecisionServed) -> Sequence[Effect]:
    fields = {
        "unit": state.unit,
        "district": state.district,
        "matter": state.matter,
        "step": str(state.step),
        "supervision": state.supervision,
        "review_until": e.until.isoformat(),
    }
    texts = {
        "facts": state.facts,
        **_said(state),
        "decision": state.decision.reason if state.decision else None,
        "note": e.note,
    }
    paper = telling.paper(
        e.paper,
        to=state.unit,
        case=state.case,
        fields={name: value for name, value in fields.items() if value is not None},
        texts={name: ref for name, ref in texts.items() if ref is not None},
        signed_by=state.decision.by if state.decision else None,
    )
    return [paper, *_to_unit(state, "accountability_served", until=e.until.isoformat())]


def _said(state: Accountability) -> Mapping[str, str]:
    """Return all that the unit said, by kind and, from the second on, number: nothing of it is left out of the paper."""
    said: dict[str, str] = {}
    for answer in state.answers:
        n = 1 + sum(name.partition("/")[0] == answer.kind for name in said)
        said[f"{answer.kind}/{n}" if n > 1 else str(answer.kind)] = answer.text
    return said


def _effective(state: Accountability, e: ev.AccountabilityEffective) -> Sequence[Effect]:
    out = list(_to_unit(state, "accountability_effective"))
    if state.step is Step.propose and not e.again:
        # 督查条例 Art. 21: after the decision, the proposal goes to the competent body, which alone may punish.
        out.append(_to_discipline(state, "accountability_proposal"))
    if e.listed is not None:
        body = {
            "by": state.id,
            **state.terms,
            "district": state.district,
            "case": state.case,
            "matter": state.matter,
            "level": str(Level.listed),
            "unit": state.unit,
            "trigger": str(Trigger.accountability),
            "note": state.decision.reason if state.decision else None,
        }
        out.append(telling.start(e.listed, body, "listed_refused", {"process": e.listed}))
    return out


def _reviewed(state: Accountability, e: ev.ReviewDecided) -> Sequence[Effect]:
    if e.upheld:
        return _to_unit(state, "accountability_review_upheld", texts=[e.reason])
    out = list(_to_unit(state, "accountability_set_aside", texts=[e.reason]))
    if state.effective_at is not None and state.step is Step.propose:
        out.append(_to_discipline(state, "accountability_set_aside"))
    if state.listed is not None:
        body = {"process": state.id, "code": "set_aside"}
        out.append(telling.tell(state.listed, "annul_supervision", body, "listed_refused", {"process": state.listed}))
    return out


def _to_discipline(state: Accountability, said: str) -> Effect:
    return telling.notice(said, "discipline_liaison", None, unit_concerned=state.unit, process=state.id)


def _checked(state: Accountability, e: ev.RectificationChecked) -> Sequence[Effect]:
    said = "accountability_rectify_again" if e.result is Result.again else "accountability_closed"
    return _to_unit(state, said, result=str(e.result))


def _overdue(state: Accountability, e: OverdueReached) -> Sequence[Effect]:
    clock = what(e.key)
    out = [telling.notice("accountability_overdue", WATCHERS.get(clock, "centre_head"), None, clock=clock)]
    return [*_to_unit(state, "accountability_overdue", clock=clock), *out] if clock == RECTIFY else out


EFFECTS: Final[Mapping[str, Callable[[Any, Any], Sequence[Effect]]]] = {
    ev.AccountabilityOpened.TYPE: _opened,
    ev.NoticeServed.TYPE: lambda s, e: _to_unit(
        s, "accountability_noticed", "unit_head", "unit_liaison", until=e.until.isoformat()
    ),
    ev.AccountabilityDecided.TYPE: _decided,
    ev.DecisionServed.TYPE: _served,
    ev.ReviewDecided.TYPE: _reviewed,
    ev.AccountabilityEffective.TYPE: _effective,
    ev.RectificationChecked.TYPE: _checked,
    OverdueReached.TYPE: _overdue,
}

"""What the world is told of a supervision. Bodies hold codes and references only (law 8)."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from domain import telling
from domain.keeping import OverdueReached
from domain.proceeding import what
from domain.process import Effect
from domain.supervising import events as ev
from domain.supervising.state import Supervision
from domain.supervising.words import CLOCKS, Level, Trigger

PAPERS: Final[Mapping[Level, str]] = {Level.urge: "urge_notice"}
"""The paper of a level; all others have the supervision order 督办单."""


def _issued(state: Supervision, e: ev.SupervisionIssued) -> Sequence[Effect]:
    fields = {
        "unit": e.unit,
        "district": e.district,
        "matter": e.matter,
        "level": str(e.level),
        "trigger": str(e.trigger),
        "triage": e.triage,
        "reply_due": e.reply_due.isoformat() if e.reply_due else None,
    }
    paper = telling.paper(
        PAPERS.get(e.level, "supervision_order"),
        to=e.unit,
        case=e.case,
        fields={name: value for name, value in fields.items() if value is not None},
        texts={} if e.note is None else {"note": e.note},
        signed_by=e.issuer,
    )
    return [
        paper,
        telling.notice("supervision_issued", "unit_liaison", e.unit, level=str(e.level), matter=state.matter),
    ]


def _raised(state: Supervision, e: ev.SupervisionRaised) -> Sequence[Effect]:
    body = {
        "by": state.id,
        **state.terms,
        "district": state.district,
        "case": state.case,
        "matter": state.matter,
        "level": str(e.to),
        "unit": state.unit,
        "trigger": str(Trigger.raised),
        "note": state.note,
    }
    begin = telling.start(e.process, body, "next_refused", {"process": e.process})
    return [begin, *_over(state, "raised")]


def _fall(state: Supervision, following: str | None, code: str) -> Sequence[Effect]:
    """Take back the next level; where it was refused meanwhile, there is nothing to take back."""
    if following is None:
        return ()
    body = {"process": state.id, "code": code}
    return [telling.tell(following, "annul_supervision", body, "next_refused", {"process": following})]


def _proposed(state: Supervision, e: ev.SupervisionProposed) -> Sequence[Effect]:
    body = {
        "by": state.id,
        **state.terms,
        "district": state.district,
        "unit": state.unit,
        "step": str(e.step),
        "supervision": state.id,
        "case": state.case,
        "matter": state.matter,
        "facts": e.facts,
        "proposed_by": e.by,
    }
    return [telling.start(e.process, body), *_over(state, "proposed")]


def _over(state: Supervision, outcome: str) -> Sequence[Effect]:
    """Tell the case, and the unit: the conclusion goes to who was supervised (督查条例 Art. 16)."""
    about = {"level": str(state.level), "outcome": outcome}
    out = [telling.notice("supervision_over", "unit_liaison", state.unit, **about)]
    if state.case is not None:
        out.append(telling.tell(f"case/{state.case}", "supervision_ended", {"process": state.id, **about}))
    return out


def _overdue(state: Supervision, e: OverdueReached) -> Sequence[Effect]:
    about = {"level": str(state.level), "clock": what(e.key)}
    if e.key == CLOCKS[state.level][0]:
        return [telling.notice("supervision_ack_overdue", "unit_head", state.unit, **about)]
    if e.key == CLOCKS[state.level][1]:
        return [
            telling.notice("supervision_reply_overdue", "unit_head", state.unit, **about),
            telling.notice("supervision_reply_overdue", "supervisor", **about),
        ]
    return [telling.notice("supervision_overdue", "centre_head", **about)]


EFFECTS: Final[Mapping[str, Callable[[Any, Any], Sequence[Effect]]]] = {
    ev.SupervisionIssued.TYPE: _issued,
    ev.SupervisionRaised.TYPE: _raised,
    ev.SupervisionReopened.TYPE: lambda s, e: _fall(s, e.next, "reply_in_time"),
    ev.SupervisionProposed.TYPE: _proposed,
    ev.SupervisionLifted.TYPE: lambda s, _e: _over(s, "lifted"),
    ev.SupervisionWithdrawn.TYPE: lambda s, _e: _over(s, "withdrawn"),
    ev.SupervisionAnnulled.TYPE: lambda s, e: [*_fall(s, e.next, e.code), *_over(s, "withdrawn")],
    OverdueReached.TYPE: _overdue,
}

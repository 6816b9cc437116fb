"""The rules of an adjudication: opening, evidence, hearing, the ruling by two persons, the 编办, and what follows by itself."""

from collections.abc import Sequence

from domain import agenda, guards, keeping
from domain.adjudicating import seated
from domain.adjudicating.commands import (
    CloseEvidence,
    ConfirmRuling,
    Open,
    OpenAdjudication,
    RecordDefinition,
    RecordHearing,
    Rule,
    SubmitEvidence,
    WithdrawAdjudication,
)
from domain.adjudicating.events import (
    AdjudicationOpened,
    AdjudicationWithdrawn,
    DutyReferred,
    EvidenceClosed,
    EvidenceSubmitted,
    HearingRecorded,
    RulingDrafted,
    RulingIssued,
    RulingSentBack,
)
from domain.adjudicating.state import CHANGES, Adjudication, Draft
from domain.adjudicating.words import ADJUDICATE, DEFINITION, EVIDENCE, RulingForm, Stage
from domain.agenda import Item, entries_of, item_of
from domain.clock import Limit, Unit, reckon
from domain.holding import LIVE, ItemState, Verdict
from domain.proceeding import begun, move_to, start
from domain.process import Context, Event, Refusal

GROUP = "adjudication_group"
HEAD = "centre_head"


# --------------------------------------------------------------------------------------------------------------- opening


def open_by_machine(state: Adjudication, command: Open, context: Context) -> Sequence[Event]:
    """Begin for a case, a ring or a consultation. A party that is no unit any more is not heard."""
    known = context.facts.units
    active = tuple(u for u in dict.fromkeys(command.parties) if u in known and known[u].active)
    return _open(state, command, active, context)


def open_adjudication(state: Adjudication, command: OpenAdjudication, context: Context) -> Sequence[Event]:
    """Begin by hand, with one or several matters; their holders are asked for them."""
    parties = tuple(dict.fromkeys(command.parties))
    guards.known_units(context, *parties, command.first_receiver)
    return _open(state, command, parties, context)


def _open(
    state: Adjudication, command: Open | OpenAdjudication, parties: tuple[str, ...], context: Context
) -> Sequence[Event]:
    first = AdjudicationOpened(
        **begun(command, context), parties=parties, question=command.question, first_receiver=command.first_receiver
    )
    after = CHANGES[first.TYPE](state, first, context.now)
    items = agenda.put(entries_of(command.entries), first.by)
    return [first, *items, *start(after, EVIDENCE, "evidence", context)]


# ------------------------------------------------------------------------------------------------------ evidence, hearing


def submit_evidence(state: Adjudication, command: SubmitEvidence, context: Context) -> Sequence[Event]:
    """A party or the first receiver, while there is time for evidence (judged by when it was received); the group at any time."""
    if command.item is not None:
        item_of(state, command.item, *LIVE)
    if context.actor.role == GROUP:
        if command.unit is not None:
            raise Refusal("invalid_value", field="unit", value=command.unit)
    elif command.unit not in {*state.parties, state.first_receiver}:
        raise Refusal("not_a_party", unit=command.unit)
    elif state.stage != Stage.evidence and not _in_time(state, context):
        raise Refusal("evidence_over")
    return [EvidenceSubmitted(by=context.actor.user, **command.model_dump())]


def _in_time(state: Adjudication, context: Context) -> bool:
    clock = state.clock(EVIDENCE)
    return clock is not None and clock.acted and clock.clock.due is not None and context.judged_at < clock.clock.due


def heard(state: Adjudication) -> bool:
    """Say whether the evidence may be closed: every party has handed in something, or no limit runs for it."""
    return not state.silent or state.running(EVIDENCE) is None


def close_evidence(state: Adjudication, command: CloseEvidence, context: Context) -> Sequence[Event]:
    """The group need not wait when every party has handed in what it has."""
    del command
    guards.not_a_party(context, *_interested(state))
    if not heard(state):
        raise Refusal("parties_not_heard", units=state.silent)
    return [*keeping.stop(state, EVIDENCE, context), *_closed(state, context.actor.user)]


def evidence_over(state: Adjudication, _key: str, context: Context) -> Sequence[Event]:
    """The time for evidence has passed: the group rules on what there is."""
    return _closed(state, context.actor.user) if state.stage == Stage.evidence else ()


def _closed(state: Adjudication, by: str) -> Sequence[Event]:
    return [EvidenceClosed(by=by, silent=state.silent), move_to(str(Stage.ruling))]


def record_hearing(state: Adjudication, command: RecordHearing, context: Context) -> Sequence[Event]:
    """Write down a hearing. It is no condition of a ruling."""
    guards.not_a_party(context, *_interested(state))
    guards.known_units(context, *command.attending)
    attending = tuple(dict.fromkeys(command.attending))
    return [HearingRecorded(text=command.text, attending=attending, by=context.actor.user)]


# --------------------------------------------------------------------------------------------------------------- ruling


def rule(state: Adjudication, command: Rule, context: Context) -> Sequence[Event]:
    """Draw up the ruling on an item; also on one the 编办 was asked about, when the group does not wait for it."""
    item = _undrafted(state, command.item)
    lead, co = _named(command)
    _may_rule(state, item, context, lead, *co)
    guards.known_units(context, lead, *co)
    drafted = RulingDrafted(
        item=item.id,
        form=command.form,
        lead=lead,
        co=co,
        term=command.term,
        basis=command.basis,
        by=context.actor.user,
    )
    return [drafted]


def record_definition(state: Adjudication, command: RecordDefinition, context: Context) -> Sequence[Event]:
    """The 编办 has defined whose duty it is: a ruling is drawn up by it, which a second person confirms like any other."""
    item = _undrafted(state, command.item)
    if item.id not in state.referred:
        raise Refusal("not_referred", item=item.id)
    co = _co(command.lead, command.co)
    _may_rule(state, item, context, command.lead, *co)
    guards.known_units(context, command.lead, *co)
    drafted = RulingDrafted(
        item=item.id,
        form=RulingForm.joint if co else RulingForm.designate,
        lead=command.lead,
        co=co,
        term=command.term,
        basis=command.basis,
        by=context.actor.user,
        defined=True,
        documents=command.documents,
    )
    return [drafted]


def confirm_ruling(state: Adjudication, command: ConfirmRuling, context: Context) -> Sequence[Event]:
    """A second person confirms the ruling, which issues it; or sends it back with a reason, and the item is ruled on anew."""
    item = item_of(state, command.item, ItemState.reserved)
    draft = state.drafts.get(item.id)
    if draft is None:
        raise Refusal("no_draft", item=item.id)
    _may_rule(state, item, context, draft.lead, *draft.co)
    guards.four_eyes(context, draft.by)
    user = context.actor.user
    if not command.approve:
        if command.reason is None:
            raise Refusal("reason_needed")
        return [RulingSentBack(item=item.id, by=user, reason=command.reason)]
    if draft.lead is None:
        referred = DutyReferred(item=item.id, basis=draft.basis, drafted_by=draft.by, by=user)
        return [referred, *start(state, f"{DEFINITION}/{item.id}", "on_account_review", context)]
    return [
        *_issued(item, draft, draft.lead, context),
        *keeping.stop(state, f"{DEFINITION}/{item.id}", context),
    ]


def _issued(item: Item, draft: Draft, lead: str, context: Context) -> Sequence[Event]:
    facts, user = context.facts, context.actor.user
    until = None
    if draft.term is not None:
        limit = facts.pack.scaled(Limit(amount=draft.term, unit=Unit.wd))
        until = reckon(context.now, limit, facts.calendar, facts.pack.hours)
    issued = RulingIssued(
        item=item.id,
        form=draft.form,
        lead=lead,
        co=draft.co,
        term=draft.term,
        until=until,
        basis=draft.basis,
        drafted_by=draft.by,
        by=user,
        defined=draft.defined,
    )
    verdict = Verdict(lead=lead, co=draft.co, no_return=True, basis=draft.basis)
    return [issued, agenda.ItemDecided(item=item.id, by=user, verdict=verdict)]


def _undrafted(state: Adjudication, item_id: str) -> Item:
    item = item_of(state, item_id, ItemState.reserved)
    if item.id in state.drafts:
        raise Refusal("draft_open", item=item.id)
    if (held := state.held.get(item.id)) is not None:
        raise Refusal("before_a_meeting", item=item.id, process=held.process)
    return item


def _named(command: Rule) -> tuple[str | None, tuple[str, ...]]:
    """Return lead and co-units, when they fit the form of the ruling."""
    if command.form is RulingForm.refer:
        for field in ("lead", "co", "term"):
            if value := getattr(command, field):
                raise Refusal("invalid_value", field=field, value=value)
        return None, ()
    if command.lead is None:
        raise Refusal("lead_needed", form=str(command.form))
    co = _co(command.lead, command.co)
    if command.form is RulingForm.joint and not co:
        raise Refusal("co_needed", form=str(command.form))
    if command.form is not RulingForm.joint and co:
        raise Refusal("invalid_value", field="co", value=co)
    return command.lead, co


def _co(lead: str, co: tuple[str, ...]) -> tuple[str, ...]:
    if lead in co:
        raise Refusal("lead_among_co", unit=lead)
    return tuple(dict.fromkeys(co))


def _interested(state: Adjudication) -> frozenset[str]:
    handling = {i.unit for i in state.items.values()}
    return frozenset(u for u in {*state.parties, state.first_receiver, *handling} if u is not None)


def _may_rule(state: Adjudication, item: Item, context: Context, *named: str | None) -> None:
    """回避: nobody whose unit is a party, handles a matter now or is named in the ruling. The centre head only when it is late."""
    if context.actor.role == HEAD and not state.escalated(item.id):
        raise Refusal("not_escalated", item=item.id)
    guards.not_a_party(context, *_interested(state), *named)


# --------------------------------------------------------------------------------------------------- the end, by itself


def withdraw_adjudication(state: Adjudication, command: WithdrawAdjudication, context: Context) -> Sequence[Event]:
    """The city centre lets go what is not ruled on; what is ruled stands. Nobody withdraws what his own unit is a party to."""
    guards.not_a_party(context, *_interested(state))
    user = context.actor.user
    return [
        AdjudicationWithdrawn(by=user, reason=command.reason),
        *agenda.drop_all(state, user, command.reason),
    ]


def follow(state: Adjudication, context: Context) -> Sequence[Event]:
    """The group's limit runs while something is with the group; when nothing is left to rule on, it is over."""
    if gone := (*_moot(state, context), *seated.ended(state)):
        return gone
    if state.stage == Stage.ruling and state.live:
        running = state.running(ADJUDICATE)
        if state.with_group and running is None:
            # A delay of ours shortens nobody's limit.
            return start(state, ADJUDICATE, "adjudicate", context, at=context.recorded_at)
        return () if state.with_group else keeping.stop(state, ADJUDICATE, context)
    if state.stage == Stage.evidence and state.live:
        return ()
    rest = str(Stage.closed if agenda.settled(state) else Stage.applying)
    if rest == state.stage:
        return ()
    return [*keeping.stop_all(state, "", context, met=True if state.issued else None), move_to(rest)]


def _moot(state: Adjudication, context: Context) -> Sequence[Event]:
    """Nobody waits for a definition of what is not to be ruled on any more."""
    over = [i.id for i in state.items.values() if i.state not in LIVE]
    return [event for item in over for event in keeping.stop(state, f"{DEFINITION}/{item}", context, met=None)]

"""明责: the adjudication group rules on who owns a matter; a ruling binds, and is a precedent for the next one (M05).

``evidence`` → ``ruling`` → ``applying`` → ``closed``.

Asked for by a case (reviewers disagree, a second return), by a ring, by a consultation without consensus, or by the city centre.
Parties hand in evidence until all have, or until the time for it has passed. Then the group rules on each item: it designates an
owner, orders a joint handling, names who takes what is nobody's (兜底), or refers the duty to the 编办 and waits for its
definition. A second member confirms every ruling before it is issued as a 明责交办单: it cannot be given back. Nobody rules whose
unit is a party, has the matter now, or is named. When the group is late, or the 编办 is silent for too long, the centre head has
the same todos. Or an item is put before a 明责会, a session that decides it in the group's place. Meanwhile whoever received the
matter first handles it (先办后议). It ends when every item is applied, overtaken, refused or let go.

====================================  ================================================================================
:mod:`~domain.adjudicating.commands`  what may be asked; :mod:`~domain.adjudicating.events` what happened
:mod:`~domain.adjudicating.rules`     what it means; :mod:`~domain.adjudicating.seated` 明责会: a session decides in its place
:mod:`~domain.adjudicating.state`     what is remembered
:mod:`~domain.adjudicating.inbox`     who has to act; :mod:`~domain.adjudicating.outward` who is told
====================================  ================================================================================

Sources: M05, domain.md 11.8, 11.14, 10 (recusal); limits: pack steps ``evidence``, ``adjudicate``,
``on_account_review`` (how long one waits for somebody outside before looking again).
"""

from collections.abc import Sequence
from typing import Any, Final

from domain import agenda, cataloguing, holding
from domain.adjudicating import commands, events, inbox, outward, rules, seated
from domain.adjudicating.state import CHANGES, Adjudication
from domain.adjudicating.words import EVIDENCE, KIND, Stage
from domain.proceeding import UNITS_NAMED, Parts, Row, decider
from domain.process import NEW, Command, Decider

_NEW = frozenset({NEW})
_EVIDENCE = frozenset({Stage.evidence})
_RULING = frozenset({Stage.ruling})
_UNDECIDED = _EVIDENCE | _RULING

_ANY = frozenset(Stage)
"""What comes from a meeting may come late; and one item may hold long before the others do."""

TABLE: Final[Sequence[Row]] = (
    # command                   stages            rule                               machine
    ("open",                    _NEW,             rules.open_by_machine,             True),
    ("open_adjudication",       _NEW,             rules.open_adjudication,           False),
    ("submit_evidence",         _UNDECIDED,       rules.submit_evidence,             False),
    ("close_evidence",          _EVIDENCE,        rules.close_evidence,              False),
    ("record_hearing",          _UNDECIDED,       rules.record_hearing,              False),
    ("rule",                    _RULING,          rules.rule,                        False),
    ("confirm_ruling",          _RULING,          rules.confirm_ruling,              False),
    ("record_definition",       _RULING,          rules.record_definition,           False),
    ("withdraw_adjudication",   _UNDECIDED,       rules.withdraw_adjudication,       False),
    ("reserve_matter",          _ANY,             seated.reserve_matter,             True),
    ("release_matter",          _ANY,             seated.release_matter,             True),
    ("apply_decision",          _ANY,             seated.apply_decision,             True),
    *cataloguing.table(_ANY),
    *agenda.table(_ANY),
)  # fmt: skip


def subject_unit(_state: Adjudication, command: Command) -> str | None:
    """Return the unit whose evidence it is: a unit's people hand in for their own unit only."""
    return command.unit if isinstance(command, commands.SubmitEvidence) else None


def lists(state: Adjudication) -> dict[str, list[dict[str, Any]]]:
    """Return the agenda, and the rulings that were issued: precedents 判例 for dispatch and later adjudications."""
    rulings = [
        {
            "process": f"{KIND}/{state.no}",
            "item": item.id,
            "kind": "ruling",
            "case_no": item.case,
            "catalogue_item": item.catalogue_item,
            "matter": item.matter,
            "district": item.district or state.district,
            "lead": ruling.lead,
            "co": list(ruling.co),
            "ruled_at": ruling.at,
            "until": ruling.until,
        }
        for item_id, ruling in state.issued.items()
        if (item := state.items.get(item_id)) is not None
    ]
    return {"agenda_row": agenda.rows(KIND, state), "ruling_row": rulings}


DECIDER: Final[Decider] = decider(
    Parts(
        kind=KIND,
        state=Adjudication,
        commands=(*commands.OWN, *holding.TO_HOLDER, *cataloguing.COMMANDS, *agenda.COMMANDS),
        events=(*events.OWN, *cataloguing.EVENTS, *agenda.EVENTS),
        table=TABLE,
        changes=CHANGES,
        todos=inbox.todos,
        over=frozenset({Stage.closed}),
        effects=outward.EFFECTS,
        acts={EVIDENCE: rules.evidence_over},
        follow=rules.follow,
        units=lambda state: state.units,
        needs={**UNITS_NAMED, **cataloguing.NEEDS, "parties": "unit", "first_receiver": "unit", "attending": "unit"},
        row=agenda.about,
        lists=lists,
        subject_unit=subject_unit,
    )
)

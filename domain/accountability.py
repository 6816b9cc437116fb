"""问责: what follows for a unit, prepared and proposed step by step (M08; domain.md 11.11; 督查条例 Art. 12, 17, 18, 21).

四重递进: ``remind`` 提醒 → ``talk`` 约谈 → ``criticise`` 通报 (with 挂牌督办, 限期整改) → ``propose`` 问责建议. Each step is a
process of its own. **It never punishes**: at the last step the competent body gets a proposal. The first step needs a supervision
that was not met, each other one the effective step before; a grave matter starts at the third or fourth by the word of two persons.

The unit's right of reply is the way itself: facts → notice → its statement, or the end of its time → decision by an authorised
person who has not prepared it → service → 30 days to ask for a review, decided by a third person → effective → rectification.
容错: who decides may tolerate, with a reason (Beijing Art. 36).

====================================  ============================================================================
:mod:`~domain.answering.commands`     what may be asked; :mod:`~domain.answering.events` what happened
:mod:`~domain.answering.rules`        from the opening to the decision in review, and what clocks do
:mod:`~domain.answering.righting`     talk, rectification and its check
:mod:`~domain.answering.inbox`        who has to act; :mod:`~domain.answering.outward` who is told
====================================  ============================================================================
"""

from typing import Final

from domain.answering import inbox, outward, righting, rules
from domain.answering.commands import COMMANDS
from domain.answering.events import EVENTS
from domain.answering.state import CHANGES, Accountability
from domain.answering.words import BEGUN, OVER, Stage
from domain.proceeding import Parts, Row, decider
from domain.process import NEW

KIND: Final = "accountability"


def _in(*stages: str) -> frozenset[str]:
    return frozenset(map(str, stages))


TABLE: Final[tuple[Row, ...]] = (
    # command                 stages                                                   rule                             machine
    ("open",                  _in(NEW),                                                rules.open_from_supervision,     True),
    ("open_accountability",   _in(NEW),                                                rules.open_accountability,       False),
    ("approve_grave",         _in(Stage.grave),                                        rules.approve_grave,             False),
    ("record_facts",          _in(Stage.facts),                                        rules.record_facts,              False),
    ("serve_notice",          _in(Stage.facts),                                        rules.serve_notice,              False),
    # Later than noticed: what came in the window, beside a first word or while the window closed.
    ("make_statement",        _in(Stage.noticed, Stage.deciding, Stage.decided),       rules.make_statement,            False),
    ("object_to_facts",       _in(Stage.noticed, Stage.deciding, Stage.decided),       rules.object_to_facts,           False),
    ("decide_accountability", _in(Stage.facts, Stage.deciding),                        rules.decide_accountability,     False),
    ("serve_decision",        _in(Stage.decided),                                      rules.serve_decision,            False),
    # Later than served: what came in the window while it closed.
    ("ask_review",            _in(Stage.served, Stage.effective, Stage.rectified),     rules.ask_review,                False),
    ("decide_review",         _in(Stage.under_review),                                 rules.decide_review,             False),
    ("record_talk",           _in(Stage.effective),                                    righting.record_talk,            False),
    ("report_rectification",  _in(Stage.effective),                                    righting.report_rectification,   False),
    ("check_rectification",   _in(Stage.effective, Stage.rectified),                   righting.check_rectification,    False),
    ("listed_refused",        _in(*BEGUN),                                             righting.listed_refused,         True),
)  # fmt: skip

DECIDER: Final = decider(
    Parts(
        kind=KIND,
        state=Accountability,
        commands=COMMANDS,
        events=EVENTS,
        table=TABLE,
        changes=CHANGES,
        todos=inbox.todos,
        over=_in(*OVER),
        effects=outward.EFFECTS,
        acts={rules.STATEMENT: rules.silence, rules.WINDOW: rules.window_over},
        # Until it has the notice, the unit does not read what is being prepared.
        units=lambda state: frozenset({state.unit}) if state.unit_knows else frozenset(),
        needs={"unit": "unit", "district": "unit", "case": "case"},
        row=lambda state: {
            "level": str(state.step),
            "unit": state.unit,
            "case_no": state.case,
            "matter": state.matter,
        },
        subject_unit=lambda state, _command: state.unit,
        attributes=lambda state: {"LeadUnit": state.unit or "-"},
    )
)

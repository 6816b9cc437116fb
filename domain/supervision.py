"""督办: a unit is under pressure in one matter, level by level (M17, M08, M31; domain.md 11.10, 18; 督查条例 Art. 15, 16).

``urge`` 催办 → ``supervise`` 督办单 → ``on_site`` 现场督办 → ``listed`` 挂牌督办. Each level is a process of its own, with the
paper that opens it and two clocks: to acknowledge and to reply. Another person verifies the reply: met, and it is lifted; not met,
and the next level begins with the same matter. A reply that does not come raises an urge by itself, any other level by the
supervisor's word. After the last level a person decides: accountability is proposed, or the centre head lifts the listing.

At most one supervision is open per matter and level, by construction: it holds the claim ``supervision/{matter}/{level}``.

======================================  =========================================================================
:mod:`~domain.supervising.commands`     what may be asked; :mod:`~domain.supervising.events` what happened
:mod:`~domain.supervising.rules`        what each command means, and what clocks do
:mod:`~domain.supervising.inbox`        who has to act; :mod:`~domain.supervising.outward` who is told
======================================  =========================================================================
"""

from typing import Final

from domain.proceeding import Parts, Row, decider
from domain.process import NEW
from domain.supervising import inbox, outward, rules
from domain.supervising.commands import COMMANDS
from domain.supervising.events import EVENTS
from domain.supervising.state import CHANGES, Supervision
from domain.supervising.words import CLOCKS, OPEN, OVER, WAITING, Level, Stage

KIND: Final = "supervision"


def _in(*stages: str) -> frozenset[str]:
    return frozenset(map(str, stages))


TABLE: Final[tuple[Row, ...]] = (
    # command                  stages                                rule                          machine
    ("open",                   _in(NEW),                             rules.open_supervision,       True),
    ("issue_supervision",      _in(NEW),                             rules.issue_supervision,      False),
    ("acknowledge",            _in(Stage.issued),                    rules.acknowledge,            False),
    # Raised: only for a reply that was at our door before.
    ("reply_supervision",      _in(*WAITING, Stage.raised),          rules.reply_supervision,      False),
    ("visit_site",             _in(*WAITING, Stage.replied),         rules.visit_site,             False),
    ("verify_supervision",     _in(Stage.replied),                   rules.verify_supervision,     False),
    ("raise_level",            _in(*WAITING),                        rules.raise_level,            False),
    ("propose_accountability", _in(*WAITING, Stage.unmet),        rules.propose_accountability, False),
    ("lift_listed",            _in(Stage.unmet),                  rules.lift_listed,            False),
    ("withdraw_supervision",   _in(*OPEN),                           rules.withdraw_supervision,   False),
    ("next_refused",           _in(*OPEN, *OVER),                    rules.next_refused,           True),
    ("annul_supervision",      _in(*OPEN, *OVER),                    rules.annul_supervision,      True),
)  # fmt: skip

DECIDER: Final = decider(
    Parts(
        kind=KIND,
        state=Supervision,
        commands=COMMANDS,
        events=EVENTS,
        table=TABLE,
        changes=CHANGES,
        todos=inbox.todos,
        over=_in(*OVER),
        effects=outward.EFFECTS,
        acts={CLOCKS[Level.urge][1]: rules.urge_unanswered},
        follow=rules.follow,
        claims=lambda state: frozenset({state.claim}),
        units=lambda state: frozenset({state.unit}),
        needs={"unit": "unit", "district": "unit", "case": "case"},
        row=lambda state: {
            "level": str(state.level),
            "unit": state.unit,
            "case_no": state.case,
            "matter": state.matter,
        },
        subject_unit=lambda state, _command: state.unit,
        attributes=lambda state: {"LeadUnit": state.unit or "-"},
    )
)

"""批量变更: the open cases of a query get another calendar or pack, each by a command of its own (architecture 1.5, 1.6).

``previewing`` 预演 → ``to_approve`` → ``running`` ⇄ ``suspended`` → ``finished`` (or ``stopped``, ``rejected``).

First every case is looked at by the very rule that will change it (:mod:`domain.casework.terms`), and nothing is changed. Then
another person approves. Then it goes through the cases in slices of some seconds at its rate; the cursor is in this journal, so a
crash repeats no more than a slice, and a case takes the command of a batch once, by its id. What became of a case is the outcome
of its command. Cases that began after the preview are taken along; one that was closed meanwhile is *gone*.

Of two batches that want the same case the one approved later holds.

======================================  =========================================================================
:mod:`~domain.batching.commands`        what may be asked; :mod:`~domain.batching.events` what happened
:mod:`~domain.batching.rules`           what each command means
:mod:`~domain.batching.inbox`           who has to act; :mod:`~domain.batching.outward` the slices, and who is told
======================================  =========================================================================
"""

from typing import Final

from domain.batching import inbox, outward, rules
from domain.batching.commands import COMMANDS
from domain.batching.events import EVENTS
from domain.batching.state import CHANGES, Batch
from domain.batching.words import AT_WORK, OPEN, OVER, Stage
from domain.proceeding import Parts, Row, decider
from domain.process import NEW

KIND: Final = "batch"


def _in(*stages: str) -> frozenset[str]:
    return frozenset(map(str, stages))


TABLE: Final[tuple[Row, ...]] = (
    # command          stages                                  rule                    machine
    ("begin_batch",    _in(NEW),                               rules.begin_batch,      False),
    ("preview_batch",  _in(Stage.to_approve),                  rules.preview_batch,    False),
    ("approve_batch",  _in(Stage.to_approve),                  rules.approve_batch,    False),
    ("reject_batch",   _in(Stage.to_approve),                  rules.reject_batch,     False),
    ("pause_batch",    _in(Stage.running),                     rules.pause_batch,      False),
    ("resume_batch",   _in(Stage.suspended),                   rules.resume_batch,     False),
    ("stop_batch",     _in(*OPEN),                             rules.stop_batch,       False),
    # What a slice came to is told also when somebody has paused or stopped the batch meanwhile.
    ("report_preview", _in(Stage.previewing),                  rules.report_preview,   True),
    ("report_slice",   _in(*AT_WORK, Stage.stopped),           rules.report_slice,     True),
    ("report_totals",  _in(*AT_WORK, Stage.stopped),           rules.report_totals,    True),
)  # fmt: skip

DECIDER: Final = decider(
    Parts(
        kind=KIND,
        state=Batch,
        commands=COMMANDS,
        events=EVENTS,
        table=TABLE,
        changes=CHANGES,
        todos=inbox.todos,
        over=_in(*OVER),
        effects=outward.EFFECTS,
        needs={"district": "unit", "calendar": "calendar", "pack": "pack"},
    )
)

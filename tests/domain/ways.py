"""Which stages lead to which: watched in every test of the rules, and kept in ``domain/ways`` with one recorded step an arrow.

Nobody draws an arrow. ``python -m tests.domain.ways`` runs the tests of the rules, takes down every step from one stage to
another and writes the rows; beside them, in ``tests/domain/golden_ways/``, one whole step for each: the process before it, the
command or the instant, the facts. Afterwards the rows cannot be wrong unseen: :class:`Watch` fails a test that goes where no
row leads (Hypothesis, whose dice fall otherwise every time, is told of in the summary), and ``test_ways.py`` takes every recorded
step again.
"""

import gzip
import io
import json
import os
import subprocess
import sys
import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any, Final

import yaml
from hypothesis import currently_in_test_context

from domain import kernel, snapshots
from domain.adjudicating.words import Stage as AdjudicationStage
from domain.answering.words import Stage as AccountabilityStage
from domain.batching.words import Stage as BatchStage
from domain.casework.words import Stage as CaseStage
from domain.consulting.words import Stage as ConsultationStage
from domain.deciders import DECIDERS
from domain.kernel import Advanced, Process, read_event
from domain.measures.words import Stage as MeasureStage
from domain.process import NEW, CaseFact, Decider, Envelope, Facts, ItemFact, Pins, UnitFact
from domain.ringing.words import Stage as RingStage
from domain.sitting.words import Stage as SessionStage
from domain.supervising.words import Stage as SupervisionStage
from storage.policies import load_calendar, load_pack, load_permissions
from storage.ways import CLOCK, WAYS, Way, load_ways
from tests.domain.casekit import CALENDARS, PACKS

STAGES: Final[Mapping[str, Iterable[str]]] = {
    "case": CaseStage,
    "ring": RingStage,
    "consultation": ConsultationStage,
    "adjudication": AdjudicationStage,
    "session": SessionStage,
    "supervision": SupervisionStage,
    "accountability": AccountabilityStage,
    "measure": MeasureStage,
    "batch": BatchStage,
}
STEPS: Final = Path(__file__).parent / "golden_ways"
RECORDING: Final = "SANHUAN_WAYS"
ROUNDS: Final = 10
"""So many times the tests that explore are run while the ways are recorded."""
HEAD: Final = (
    "# Written by `python -m tests.domain.ways`: what the tests of the rules saw. storage/ways.py says what it means.\n"
)

_advance = kernel.advance


def taken(decider: Decider, before: Process, after: Advanced) -> Iterator[Way]:
    """Return the arrows that a step went along: one a record that changed the stage."""
    state = before.state
    stage = str(state.stage) if before.seq else NEW
    for n, record in enumerate(after.records, start=1):
        name = record.command.name
        key = record.command.body.get("key") if name == "ring" else None
        timers = decider.timers(state) if key is not None else ()
        if n == len(after.records):
            state = after.process.state
        else:
            for event in record.events:
                if event.type in decider.events:
                    state = decider.apply(state, read_event(decider, event.type, event.body), event.at)
        source, stage = stage, str(state.stage)
        if stage != source:
            what = next((t.what for t in timers if t.key == key), None)
            yield Way(source, name if key is None else f"{CLOCK}{what}", stage)


# ------------------------------------------------------------------------------------------------------------ recorded steps


def step(decider: Decider, process: Process, envelope: Envelope, facts: Facts, now: datetime) -> dict[str, Any]:
    """Return all that a step was made of, as JSON."""
    return {
        "process": snapshots.write(process) if process.seq else process.id,
        "envelope": envelope.model_dump(mode="json"),
        "now": now.isoformat(),
        "pack": facts.pack.id,
        "units": [u.model_dump(mode="json") for u in facts.units.values()],
        "items": [i.model_dump(mode="json") for i in facts.items.values()],
        "cases": [c.model_dump(mode="json") for c in facts.cases.values()],
        "packs": sorted(facts.packs),
        "calendars": sorted(facts.calendars),
        "taken": dict(facts.taken),
        "pins": facts.pins.model_dump(mode="json") if facts.pins is not None else None,
    }


def again(kind: str, recorded: Mapping[str, Any]) -> set[Way]:
    """Take a recorded step again by the rules of today; return the arrows it goes along."""
    decider = DECIDERS[kind]
    text = recorded["process"]
    fresh = Process(id=text, kind=kind, state=decider.initial())
    process = snapshots.take_up(decider, text) if text.startswith("{") else fresh
    facts = Facts(
        pack=load_pack(recorded["pack"]),
        calendar=load_calendar(),
        permissions=load_permissions(),
        units={u["code"]: UnitFact.model_validate(u) for u in recorded["units"]},
        items={i["code"]: ItemFact.model_validate(i) for i in recorded["items"]},
        cases={c["no"]: CaseFact.model_validate(c) for c in recorded["cases"]},
        packs={name: PACKS[name] for name in recorded.get("packs", ())},
        calendars={name: CALENDARS[name] for name in recorded.get("calendars", ())},
        taken=recorded["taken"],
        pins=Pins.model_validate(recorded["pins"]) if recorded["pins"] is not None else None,
    )
    envelope, now = Envelope.model_validate(recorded["envelope"]), datetime.fromisoformat(recorded["now"])
    return set(taken(decider, process, _advance(decider, process, envelope, facts, now)))


def steps(kind: str) -> Sequence[Mapping[str, Any]]:
    """Return the recorded steps of a kind, one an arrow."""
    path = STEPS / f"{kind}.json.gz"
    return json.loads(gzip.decompress(path.read_bytes())) if path.exists() else []


# ----------------------------------------------------------------------------------------------------------------- watching


@cache
def _known(kind: str) -> frozenset[Way]:
    return frozenset(load_ways(kind))


class Watch:
    """Stands in for :func:`kernel.advance` and looks where every step leads: compares it with the rows, or takes it down."""

    def __init__(self, *, recording: bool) -> None:
        self.recording = recording
        self.found: dict[str, dict[Way, str]] = {}

    def __call__(
        self,
        decider: Decider,
        process: Process,
        envelope: Envelope,
        facts: Facts,
        now: datetime,
        spread: timedelta = kernel.NO_SPREAD,
    ) -> Advanced:
        got = _advance(decider, process, envelope, facts, now, spread)
        if got.records and DECIDERS.get(decider.kind) is decider:
            for way in taken(decider, process, got):
                if self.recording:
                    self._take_down(decider, way, process, envelope, facts, now)
                elif way not in _known(decider.kind):
                    message = f"{decider.kind}: {way} is no row of domain/ways: python -m tests.domain.ways"
                    if not currently_in_test_context():
                        raise AssertionError(message)
                    # Dice that fall otherwise every time may come to what no recording came to: the rules may be right.
                    warnings.warn(message, UserWarning, stacklevel=2)
        return got

    def _take_down(
        self, decider: Decider, way: Way, process: Process, envelope: Envelope, facts: Facts, now: datetime
    ) -> None:
        if facts.pack != load_pack(facts.pack.id) or facts.permissions != load_permissions():
            return  # a test's own pack: cannot be taken again from its name
        known = self.found.setdefault(decider.kind, {})
        text = json.dumps(step(decider, process, envelope, facts, now), ensure_ascii=False, sort_keys=True)
        best = known.get(way)
        # The smallest step, and of two alike the first by its letters, so that two recordings differ in little.
        if best is None or (len(text), text) < (len(best), best):
            known[way] = text

    def write(self) -> None:
        """Write rows and steps of every kind: those seen now, and those recorded before that still go where they went."""
        STEPS.mkdir(exist_ok=True)
        WAYS.mkdir(exist_ok=True)
        for kind, stages in STAGES.items():
            order = [NEW, *(str(s) for s in stages if s != NEW)]
            before = {way: recorded for recorded in steps(kind) for way in again(kind, recorded)}
            seen = {way: json.loads(text) for way, text in self.found.get(kind, {}).items()}
            found = before | {way: recorded for way, recorded in seen.items() if way in again(kind, recorded)}
            ways = sorted(found, key=lambda w: (order.index(w.source), order.index(w.target), w.cause))
            arrows: dict[str, dict[str, list[str]]] = {}
            for way in ways:
                arrows.setdefault(way.source, {}).setdefault(way.target, []).append(way.cause)
            tree = {"stages": order[1:], "arrows": arrows}
            text = yaml.safe_dump(tree, sort_keys=False, default_flow_style=None, width=120)
            (WAYS / f"{kind}.yaml").write_text(HEAD + text, encoding="utf-8")
            packed = io.BytesIO()
            with gzip.GzipFile(fileobj=packed, mode="wb", mtime=0) as file:
                file.write(json.dumps([found[w] for w in ways], ensure_ascii=False, sort_keys=True).encode())
            (STEPS / f"{kind}.json.gz").write_bytes(packed.getvalue())


def main() -> int:
    """Run the tests of the rules, and those that explore again and again with other dice; write what they saw."""
    more = {"SANHUAN_STEPS": os.environ.get("SANHUAN_STEPS", "40000"), RECORDING: "record"}
    base = [sys.executable, "-m", "pytest", "tests/domain", "-q", "-n", "0", "-o", "timeout=3600"]
    rounds = [[*base, "-k", "machine", f"--hypothesis-seed={seed}"] for seed in range(ROUNDS)]
    codes = [subprocess.run(c, env={**os.environ, **more}, check=False).returncode for c in (base, *rounds)]
    return max(codes)


if __name__ == "__main__":
    sys.exit(main())

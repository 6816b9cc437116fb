"""Where each kind of process can go, as pictures: ``python -m api.courses docs`` writes ``states.md`` in both languages.

Nothing is drawn by hand. Arrows are the rows of ``domain/ways`` (:mod:`storage.ways`), which the tests of the rules keep true; the
commands of a stage are the deciders' own tables; all words come from the catalogue. The console shows the same beside a process,
with its stage marked (:func:`course`).
"""

import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from domain.deciders import DECIDERS
from domain.process import NEW
from storage.texts import text
from storage.ways import CLOCK, Ways, load_ways

PAGES: Final[Mapping[str, str]] = {"zh": "states.zh-CN.md", "en": "states.md"}
MOST_CAUSES: Final = 3
"""So many causes stand at an arrow; the table below the picture names all of them."""


@dataclass(frozen=True)
class Step:
    """A stage in the course of one process, and its place as seen from where that stands.

    ``now`` it stands there, ``next`` it comes by one step, ``ahead`` by some steps onward, ``again`` only after a step back (sent
    back, done again, opened again), ``no`` never again.

    ``causes`` are the words for what leads there from where it stands: commands and clocks.
    """

    stage: str
    label: str
    place: str
    over: bool
    causes: tuple[str, ...] = ()


def course(kind: str, stage: str, lang: str) -> tuple[Step, ...]:
    """Return all stages of a kind in the order of its main way, seen from the stage it stands at."""
    known = load_ways(kind)
    direct = known.arrows.get(stage, {})
    places = dict.fromkeys(known.stages, "no") | dict.fromkeys(known.after(stage), "again")
    places |= dict.fromkeys(known.after(stage, onward=True), "ahead") | dict.fromkeys(direct, "next") | {stage: "now"}
    steps = []
    for name in known.stages:
        place = places[name]
        causes = tuple(_cause(c, lang) for c in direct.get(name, ())) if place == "next" else ()
        steps.append(Step(name, text(f"stage.{name}", lang), place, _over(kind, name), causes))
    return tuple(steps)


def leads(kind: str, stage: str, command: str, lang: str) -> tuple[Step, ...]:
    """Return where a command may lead from a stage, by the same rows; nothing when it leaves the process where it stands."""
    targets = load_ways(kind).arrows.get(stage, {})
    return tuple(
        Step(name, text(f"stage.{name}", lang), "next", _over(kind, name))
        for name, causes in targets.items()
        if command in causes
    )


def page(lang: str) -> str:
    """Return the page in a language."""
    return "\n".join([*_head(lang), *(line for kind in DECIDERS for line in _kind(kind, lang))])


def _head(lang: str) -> Iterator[str]:
    other = next(name for code, name in PAGES.items() if code != lang)
    yield from (f"# {text('states.title', lang)}", "")
    yield from (f"[{text('states.other', lang)}]({other})", "")
    yield from (text("states.intro", lang, clock=_CLOCK), "")


def _kind(kind: str, lang: str) -> Iterator[str]:
    known = load_ways(kind)
    yield from (f"## {text(f'process.{kind}', lang)} `{kind}`", "")
    yield from ("```mermaid", "stateDiagram-v2", "    direction TB")
    for stage in known.stages:
        yield f'    state "{text(f"stage.{stage}", lang)} ({stage})" as {stage}'
    yield from _arrows(known, lang)
    yield from (f"    {stage} --> [*]" for stage in known.stages if _over(kind, stage))
    yield from ("```", "")
    yield from _stages(kind, known, lang)


def _arrows(known: Ways, lang: str) -> Iterator[str]:
    for source, targets in known.arrows.items():
        for target, causes in targets.items():
            words = [_cause(c, lang) for c in causes[:MOST_CAUSES]]
            more = ["…"] if len(causes) > MOST_CAUSES else []
            begin = "[*]" if source == NEW else source
            # Mermaid ends a label at a colon or a semicolon, and takes what follows for states.
            yield f"    {begin} --> {target} : {' / '.join(words + more).translate(_MARKS)}"


def _stages(kind: str, known: Ways, lang: str) -> Iterator[str]:
    """Yield the table below the picture: by stage, where it leads and by what, and what else may be done there."""
    heads = [text(f"states.{name}", lang) for name in ("stage", "leads", "stays")]
    yield f"| {' | '.join(heads)} |"
    yield "| --- | --- | --- |"
    moves = DECIDERS[kind].moves
    for stage in (NEW, *known.stages):
        targets = known.arrows.get(stage, {})
        leads = [f"→ `{target}`: {', '.join(_code(c) for c in causes)}" for target, causes in targets.items()]
        moving = {c for causes in targets.values() for c in causes}
        stays = [_code(n) for n, move in moves.items() if stage in move.stages and n not in moving]
        name = f"**{text(f'stage.{stage}', lang)}** `{stage}`" if stage != NEW else f"`{NEW}`"
        yield f"| {name} | {'<br>'.join(leads)} | {', '.join(stays)} |"
    yield ""


def _over(kind: str, stage: str) -> bool:
    decider = DECIDERS[kind]
    return decider.closed(decider.initial().model_copy(update={"stage": stage}))


_CLOCK: Final = "⏱"
_MARKS: Final = str.maketrans({":": " –", ";": ",", "#": " "})


def _cause(cause: str, lang: str) -> str:
    """Return a cause in words."""
    return (
        text("course.rang", lang, what=text(cause, lang)) if cause.startswith(CLOCK) else text(f"command.{cause}", lang)
    )


def _code(cause: str) -> str:
    return f"{_CLOCK} `{cause.removeprefix(CLOCK)}`" if cause.startswith(CLOCK) else f"`{cause}`"


def main(folder: str) -> None:
    """Write the pages into a folder."""
    for lang, name in PAGES.items():
        (Path(folder) / name).write_text(page(lang), encoding="utf-8")


def arguments(given: Sequence[str]) -> str:
    """Return the folder that was named, ``docs`` by itself."""
    return given[1] if len(given) > 1 else "docs"


if __name__ == "__main__":
    main(arguments(sys.argv))

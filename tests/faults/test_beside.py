"""The comparison of what is beside a case accepts two true runs and rejects a forgery of each thing it looks at; invariants too."""

import hashlib
import json
import re
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, insert, select, update

from activities.journal import Journal
from activities.signatures import CommitRequest
from domain.deciders import decider_of
from domain.kernel import GENESIS
from domain.process import Actor, Envelope
from storage.models import (
    ClaimRow,
    CounterRow,
    DeliveryRow,
    EffectRow,
    EventRow,
    NoticeRow,
    PaperRow,
    ProcessRow,
    table,
)
from storage.unit_of_work import Database
from tests.factories.book import MONDAY, Book, actor, references
from tests.factories.city import found_city, rows
from tests.faults.beside import Beside, invariants, unlike
from tests.faults.driver import Play
from tests.faults.lives import Life, by_script, differences, read_lives
from tests.faults.scripts import SCRIPTS

URGED = next(s for s in SCRIPTS if s.name == "urged")
SILENT = next(s for s in SCRIPTS if s.name == "silent")


@dataclass
class Scene:
    """A case whose unit is urged, in a database of its own."""

    database: Database
    book: Book
    urge: str

    def life(self) -> dict[str, Life]:
        play = Play("c1", URGED, ())
        play.numbers["a"] = self.book.no
        return read_lives(self.database, [play], Path("nobody"))

    def write(self, statement: Any) -> None:
        with self.database.write() as connection:
            connection.execute(statement)


def scene(database: Database, *, hours: float = 0, before: int = 0) -> Scene:
    """Play it. ``before``: so many other cases of the city are urged first, so that documents have other numbers."""
    found_city(database)
    for _ in range(before):
        _played(database, Book(database))
    book = Book(database).go(hours=hours)
    return Scene(database, book, _played(database, book))


def decision(of: str) -> str:
    """The id of a person's decision, as our door makes it."""
    return f"d/{hashlib.sha256(of.encode()).hexdigest()}"


def _played(database: Database, book: Book) -> str:
    def do(name: str, n: int = 1, **more: Any) -> None:
        book.do(name, command=decision(f"{book.no}/{name}/{n}"), **more)

    book.opened()
    do("triage", triage="routine")
    do("dispatch", lead="water")
    for n in (1, 2):
        do("submit_result", n, unit="water", order=f"a{n}", code="solved", documents=("doc-1",))
        do("review_result", n, order=f"a{n}", accept=True)
        do("record_callback", n, request=book.no, reached=True, solved="no", satisfaction="unsatisfied")
    urge, journal = f"supervision/{book.no}/urge/{book.no}-1", Journal(database)
    result = journal.commit(CommitRequest(process=urge, seq=0, head=GENESIS, now=book.now))
    assert result.outcome == "recorded"
    for name, unit in (("acknowledge", "water"), ("reply_supervision", "water")):
        model, who, id_ = decider_of(urge).commands[name], actor(name, unit), decision(f"{urge}/{name}")
        envelope = Envelope(
            id=id_,
            process=urge,
            name=name,
            body=dict(references(model, id_)),
            actor=Actor(user=who.user, role=who.role, unit=unit),
            received_at=book.now,
        )
        request = CommitRequest(process=urge, seq=result.seq, head=result.head, now=book.now, envelope=envelope)
        result = journal.commit(request)
        assert result.outcome == "recorded", result.code
    return urge


def fresh(template: Path, path: Path) -> Database:
    """An empty database with the schema."""
    shutil.copyfile(template, path)
    return Database(f"sqlite:///{path}")


@pytest.fixture
def calm(sqlite_template: Path, tmp_path: Path) -> Iterator[dict[str, Life]]:
    found = fresh(sqlite_template, tmp_path / "calm.db")
    lives, unsteady = by_script(scene(found).life())
    assert unsteady == []
    assert lives["urged.a"].beside
    yield lives
    found.close()


@pytest.fixture
def storm(sqlite_template: Path, tmp_path: Path) -> Iterator[Scene]:
    found = fresh(sqlite_template, tmp_path / "storm.db")
    yield scene(found, hours=0.5, before=2)
    found.close()


def test_the_same_script_at_another_hour_with_other_numbers_comes_to_the_same(
    calm: dict[str, Life], storm: Scene
) -> None:
    assert differences(calm, storm.life()) == []
    assert invariants(storm.database) == []
    (beside,) = calm["urged.a"].beside.values()
    assert beside.told.keys() == {"case/<a>", "people"}
    assert beside.effects
    assert beside.notices
    assert beside.papers
    assert beside.claims == ["supervision/<a>/urge"]


def events(s: Scene) -> list[Any]:
    return rows(s.database, EventRow, process=s.urge)


def effect_of(s: Scene, kind: str) -> Any:
    return next(e for e in rows(s.database, EffectRow, process=s.urge) if e.kind == kind)


def another_word(s: Scene) -> None:
    """An event says something else."""
    first, e = events(s)[0], table(EventRow)
    s.write(update(e).where(e.c.process == s.urge, e.c.seq == first.seq).values(body=first.body | {"trigger": "media"}))


def another_order(s: Scene) -> None:
    """What people did comes in another order."""
    e = table(EventRow)
    by_type = {x.type: x for x in events(s)}
    one, two = by_type["supervision_acknowledged"], by_type["supervision_replied"]
    for at, what in ((one, two), (two, one)):
        s.write(update(e).where(e.c.process == s.urge, e.c.seq == at.seq).values(type=what.type, body=what.body))


def another_writer(s: Scene) -> None:
    """What a person did is said to have come of a message of the case."""
    e = table(EventRow)
    opening = events(s)[0].command
    s.write(update(e).where(e.c.process == s.urge, e.c.type == "supervision_replied").values(command=opening))


def an_effect_less(s: Scene) -> None:
    """What was owed is gone."""
    s.write(delete(table(EffectRow)).where(table(EffectRow).c.id == effect_of(s, "notice").id))


def an_effect_left(s: Scene) -> None:
    """What was owed has become an incident."""
    f = table(EffectRow)
    s.write(update(f).where(f.c.id == effect_of(s, "notice").id).values(status="incident"))


def a_notice_less(s: Scene) -> None:
    """A notice was never given."""
    s.write(delete(table(NoticeRow)).where(table(NoticeRow).c.effect == effect_of(s, "notice").id))


def a_delivery_more(s: Scene) -> None:
    """A message was delivered that nobody owed."""
    values = {"effect": "x/1/0-00000000", "process": s.urge, "unit": "water", "channel": "inbox", "attempts": 1}
    s.write(insert(table(DeliveryRow)).values(**values, delivered_at=MONDAY))


def other_words_on_paper(s: Scene) -> None:
    """A document says something else."""
    p = table(PaperRow)
    s.write(update(p).where(p.c.process == s.urge).values(en=p.c.en + "\nAnd more."))


def a_claim_less(s: Scene) -> None:
    """The key is free, although the supervision is open."""
    s.write(delete(table(ClaimRow)).where(table(ClaimRow).c.process == s.urge))


def a_claim_more(s: Scene) -> None:
    """A key is taken that nothing holds."""
    s.write(insert(table(ClaimRow)).values(key="supervision/other/urge", process=s.urge))


def a_claim_of_the_case_less(s: Scene) -> None:
    """The case holds no order any more."""
    s.write(delete(table(ClaimRow)).where(table(ClaimRow).c.process == s.book.process))


def another_stage(s: Scene) -> None:
    """The state that is kept stands elsewhere."""
    p = table(ProcessRow)
    (row,) = rows(s.database, ProcessRow, id=s.urge)
    snapshot = json.loads(row.snapshot)
    snapshot["state"]["stage"] = "issued"
    s.write(update(p).where(p.c.id == s.urge).values(snapshot=json.dumps(snapshot)))


def over(s: Scene) -> None:
    """It is said to be over."""
    s.write(update(table(ProcessRow)).where(table(ProcessRow).c.id == s.urge).values(closed=True))


def begun_twice(s: Scene) -> None:
    """A second process for the same."""
    (row,) = rows(s.database, ProcessRow, id=s.urge)
    s.write(insert(table(ProcessRow)).values(**{**row._mapping, "id": s.urge.removesuffix("-1") + "-2"}))


def never_begun(s: Scene) -> None:
    """It is not there."""
    s.write(delete(table(ProcessRow)).where(table(ProcessRow).c.id == s.urge))


FORGERIES: dict[Callable[[Scene], None], str] = {
    another_word: "told",
    another_order: "told",
    another_writer: "told",
    an_effect_less: "effects",
    an_effect_left: "effects",
    a_notice_less: "notices",
    a_delivery_more: "deliveries",
    other_words_on_paper: "papers",
    a_claim_less: "claims",
    a_claim_more: "claims",
    a_claim_of_the_case_less: "claims",
    another_stage: "stage",
    over: "over",
    begun_twice: "beside it",
    never_begun: "beside it",
}


@pytest.mark.parametrize("forge", FORGERIES, ids=lambda f: f.__name__)
def test_a_forged_run_is_rejected_by_what_was_forged(
    calm: dict[str, Life], storm: Scene, forge: Callable[[Scene], None]
) -> None:
    forge(storm)
    (line,) = differences(calm, storm.life())
    assert FORGERIES[forge] in line.partition("[")[0]


def test_what_a_deadline_asks_for_is_not_compared_where_deadlines_are_met_by_chance(
    sqlite_template: Path, tmp_path: Path
) -> None:
    database = fresh(sqlite_template, tmp_path / "timed.db")
    found_city(database)
    books = [Book(database, pack="demo").dispatched() for _ in range(2)]
    books[1].go(minutes=10).commit()
    for book in books:
        book.do("submit_result", unit="water", order="a1", code="solved", documents=("doc-1",))
    play = Play("c1", SILENT, ())
    play.numbers |= {"a": books[0].no, "b": books[1].no}
    lives = read_lives(database, [play], Path("nobody"))
    event = table(EventRow)
    with database.read() as connection:
        asked = select(event.c.process).where(event.c.type == "supervision_asked")
        assert set(connection.execute(asked).scalars()) == {books[1].process}
    prompt, late = (
        re.sub(r"<[ab]>/d\d+#", "<decision>#", life.model_dump_json()).replace("<b>", "<a>") for life in lives.values()
    )
    assert late == prompt
    database.close()


def test_there_is_a_forgery_for_all_that_is_compared() -> None:
    assert set(Beside.model_fields) <= set(FORGERIES.values())


def test_orders_of_two_writers_may_mingle_as_they_like() -> None:
    one = Beside(told={"people": ["a", "b"], "case/<a>": ["c"]})
    assert unlike({"ring": one}, {"ring": Beside(told={"case/<a>": ["c"], "people": ["a", "b"]})}) is None
    assert unlike({"ring": one}, {"ring": Beside(told={"people": ["b", "a"], "case/<a>": ["c"]})}) is not None


# -------------------------------------------------------------------------------------------------------------- invariants


def a_number_is_missing(s: Scene) -> None:
    """The first document of its kind is gone."""
    p = table(PaperRow)
    with s.database.read() as connection:
        effect = connection.execute(select(p.c.effect).where(p.c.n == 1)).scalars().first()
    s.write(delete(p).where(p.c.effect == effect))


def a_number_was_lost(s: Scene) -> None:
    """A number was given out that no document has."""
    s.write(update(table(CounterRow)).values(n=table(CounterRow).c.n + 1))


def another_limit(s: Scene) -> None:
    """A clock is due later than its rule says."""
    e = table(EventRow)
    clock = next(x for x in events(s) if x.type == "clock_set")
    due = clock.body["clock"] | {"due": (MONDAY + timedelta(days=90)).isoformat()}
    s.write(update(e).where(e.c.process == s.urge, e.c.seq == clock.seq).values(body=clock.body | {"clock": due}))


BROKEN: dict[Callable[[Scene], None], str] = {
    a_number_is_missing: "paper",
    a_number_was_lost: "paper",
    other_words_on_paper: "paper",
    a_claim_less: "claim",
    a_claim_more: "claim",
    another_limit: "ledger",
}


@pytest.mark.parametrize("forge", BROKEN, ids=lambda f: f.__name__)
def test_a_broken_run_is_found_without_another_to_compare_it_with(storm: Scene, forge: Callable[[Scene], None]) -> None:
    forge(storm)
    found = invariants(storm.database)
    assert [line for line in found if line.startswith(BROKEN[forge])], found

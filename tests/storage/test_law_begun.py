"""Laws 1 and 3 for what is not there yet: whoever comes first opens it, a beginning is refused once, nobody waits for nothing."""

from typing import Any

import pytest
from sqlalchemy import delete, insert

from activities.journal import Journal
from activities.signatures import CommitRequest, CommitResult
from domain.kernel import GENESIS
from domain.process import SYSTEM, Actor, Envelope
from storage.models import ClaimRow, CommandRow, EffectRow, EventRow, table
from storage.unit_of_work import Database
from tests.factories.book import MONDAY, Book
from tests.factories.city import added, counts, rows

URGE = "supervision/leak/urge/{}-1"
CLAIM = "supervision/leak/urge"


class Supervised:
    """Two cases of one matter, whose units are both to be urged: only one supervision may be open for it."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.first, self.second = (self._case(lead) for lead in ("water", "parks"))
        self.journal = self.first.journal

    def _case(self, lead: str) -> Book:
        book = Book(self.database).opened()
        book.do("triage", triage="routine", matter="leak")
        book.do("dispatch", lead=lead)
        for n in (1, 2):
            book.do("submit_result", unit=lead, order=f"a{n}", code="solved", documents=("doc-1",))
            book.do("review_result", order=f"a{n}", accept=True)
            book.do("record_callback", request=book.no, reached=True, solved="no", satisfaction="unsatisfied")
        return book

    def commit(self, process: str, envelope: Envelope | None) -> CommitResult:
        request = CommitRequest(process=process, seq=0, head=GENESIS, now=MONDAY, envelope=envelope)
        return self.journal.commit(request)

    def opening(self, book: Book) -> Envelope:
        """What the case owes the supervision of its unit."""
        (effect,) = [e for e in rows(self.database, EffectRow, process=book.process) if e.kind == "start"]
        return message(effect)

    def owes(self, book: Book, target: str, name: str, on_refused: str | None = None, **body: Any) -> Envelope:
        """Let a case owe a message."""
        said = {"command": name, "body": body, "on_refused": on_refused}
        return self._owe(book, "tell", target, said)

    def begins(self, book: Book, target: str, body: Any) -> Envelope:
        """Let a case owe an opening."""
        return self._owe(book, "start", target, {"command": "open", "body": body, "on_refused": "process_refused"})

    def _owe(self, book: Book, kind: str, target: str, body: Any) -> Envelope:
        owed = len(rows(self.database, EffectRow, process=book.process))
        effect = f"{book.process}/1/{owed}-00000000"
        values = {"id": effect, "process": book.process, "seq": 1, "kind": kind, "target": target, "body": body}
        with self.database.write() as connection:
            connection.execute(
                insert(table(EffectRow)).values(**values, status="planned", attempt=1, planned_at=MONDAY)
            )
        (row,) = rows(self.database, EffectRow, id=effect)
        return message(row)

    def effect(self, envelope: Envelope) -> Any:
        (row,) = rows(self.database, EffectRow, id=envelope.id)
        return row

    def types(self, process: str) -> list[str]:
        return [e.type for e in rows(self.database, EventRow, process=process)]


def message(effect: Any) -> Envelope:
    """The command an effect carries, as the teller signals it."""
    return Envelope(
        id=effect.id,
        process=effect.target,
        name=effect.body["command"],
        body=effect.body["body"],
        actor=SYSTEM,
        received_at=MONDAY,
        effect=True,
    )


@pytest.fixture
def city(database: Database) -> Supervised:
    return Supervised(database)


@pytest.fixture
def refused(city: Supervised) -> str:
    """The supervision that was refused its beginning, as another is open for its matter."""
    assert city.commit(URGE.format(city.first.no), city.opening(city.first)).outcome == "recorded"
    process = URGE.format(city.second.no)
    assert city.commit(process, city.opening(city.second)).code == "already_supervised"
    return process


def annul(city: Supervised, process: str, on_refused: str | None = None) -> Envelope:
    return city.owes(city.second, process, "annul_supervision", on_refused, clock="a1/handle")


def test_a_message_that_comes_before_the_opening_opens_and_the_opening_finds_its_answer(city: Supervised) -> None:
    process = URGE.format(city.first.no)
    early = city.owes(city.first, process, "annul_supervision", clock="a1/handle")
    assert city.commit(process, early).outcome == "recorded"
    assert city.types(process)[0] == "supervision_issued"
    opening = city.opening(city.first)
    assert city.effect(opening).status == city.effect(early).status == "done"
    before = counts(city.database)
    assert city.commit(process, opening).outcome == "recorded"
    assert added(before, counts(city.database)) == {}


def test_a_message_to_what_was_refused_its_beginning_is_settled_as_refused_and_no_incident(
    city: Supervised, refused: str
) -> None:
    late = annul(city, refused)
    before = counts(city.database)
    first, again = city.commit(refused, late), city.commit(refused, late)
    assert (first.outcome, first.code, first.seq, first.closed) == ("refused", "not_begun", 0, True)
    assert again == first
    assert added(before, counts(city.database)) == {"command": 1}
    assert [(c.outcome, c.code) for c in rows(city.database, CommandRow, id=late.id)] == [("refused", "not_begun")]
    assert (city.effect(late).status, city.effect(late).outcome) == ("done", "refused")


def test_a_message_that_names_a_command_for_its_refusal_stays_owed_until_that_command_settles_it(
    city: Supervised, refused: str
) -> None:
    late = annul(city, refused, "process_refused")
    assert city.commit(refused, late).code == "not_begun"
    assert city.effect(late).status == "planned"
    reply = city.second.envelope(
        "process_refused", command=f"{late.id}/refused", process=refused, code="not_begun"
    ).model_copy(update={"settles": late.id})
    assert city.second.commit(reply).outcome == "recorded"
    assert (city.effect(late).status, city.effect(late).outcome) == ("done", "refused")


def test_a_message_that_comes_before_an_opening_that_is_refused_is_refused_with_it(city: Supervised) -> None:
    city.commit(URGE.format(city.first.no), city.opening(city.first))
    process = URGE.format(city.second.no)
    early = annul(city, process)
    assert city.commit(process, early).code == "not_begun"
    outcomes = {c.name: (c.outcome, c.code) for c in rows(city.database, CommandRow, process=process)}
    assert outcomes == {"open": ("refused", "already_supervised"), "annul_supervision": ("refused", "not_begun")}
    assert city.commit(process, city.opening(city.second)).code == "already_supervised"


def test_so_it_is_when_the_rules_do_not_ask_and_the_journal_finds_the_key_taken(
    city: Supervised, monkeypatch: pytest.MonkeyPatch
) -> None:
    city.commit(URGE.format(city.first.no), city.opening(city.first))
    facts = Journal._facts
    monkeypatch.setattr(Journal, "_facts", lambda self, *about: facts(self, *about[:4]))
    process = URGE.format(city.second.no)
    early = annul(city, process)
    assert city.commit(process, early).code == "not_begun"
    assert city.commit(process, city.opening(city.second)).code == "order_exists"
    assert (city.effect(early).status, city.types(process)) == ("done", [])


def test_a_beginning_that_was_refused_stays_refused_when_it_would_be_free_now(city: Supervised, refused: str) -> None:
    with city.database.write() as connection:
        connection.execute(delete(table(ClaimRow)).where(table(ClaimRow).c.key.startswith(CLAIM)))
    assert city.commit(refused, city.opening(city.second)).code == "already_supervised"
    assert city.commit(refused, None).outcome == "refused"
    assert city.commit(refused, annul(city, refused)).code == "not_begun"
    assert city.types(refused) == []


def test_another_who_owes_the_opening_too_begins_it(city: Supervised, refused: str) -> None:
    other = city.opening(city.second).body | {"matter": "other"}
    begun = city.begins(city.first, refused, other)
    late = annul(city, refused)
    assert city.commit(refused, late).outcome == "recorded"
    assert (city.effect(begun).status, city.effect(late).status) == ("done", "done")
    assert city.types(refused)[0] == "supervision_issued"


@pytest.mark.parametrize("process", ["supervision/nothing/urge/1", "case/20200101-999999"])
def test_a_message_to_what_nobody_has_begun_is_refused_on_record_and_stays_somebodys_to_look_at(
    city: Supervised, process: str
) -> None:
    lost = city.owes(city.first, process, "urge")
    assert city.commit(process, lost).code == "unknown_process"
    assert city.commit(process, lost).code == "unknown_process"
    assert [(c.outcome, c.code) for c in rows(city.database, CommandRow, id=lost.id)] == [
        ("refused", "unknown_process")
    ]
    assert city.effect(lost).status == "planned", "the teller makes an incident of it"


def test_a_person_who_wants_something_of_it_leaves_no_trace(city: Supervised, refused: str) -> None:
    person = Actor(user="u1", role="unit_liaison", unit="parks")
    wanted = annul(city, refused).model_copy(update={"actor": person, "effect": False, "id": "d1"})
    before = counts(city.database)
    assert city.commit(refused, wanted).code == "not_begun"
    assert added(before, counts(city.database)) == {}

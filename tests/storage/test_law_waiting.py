"""Law 6: a wait is never a lie; lateness is judged by the instant our door received the decision."""

from datetime import timedelta

from storage.models import CommandRow, EventRow
from storage.unit_of_work import Database
from tests.factories.book import Book
from tests.factories.city import rows


def overdue(database: Database) -> tuple[Book, object]:
    """A dispatched case whose handling limit passed before anybody heard of the result."""
    book = Book(database).dispatched()
    due = next(t.at for t in rows_timers(book) if t.key == "a1/handle/due")
    book.now = due + timedelta(minutes=1)
    book.commit()
    assert "overdue_reached" in [e.type for e in rows(database, EventRow, process=book.process)]
    return book, due


def rows_timers(book: Book) -> list[object]:
    """Let the yellow card ring, so that the due instant is the next; return the timers."""
    result = book.go(days=10).commit()
    return list(result.timers)

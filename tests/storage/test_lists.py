"""What lists are sorted by is what the case says: written by the commit, never reckoned beside all cases there are."""

from sqlalchemy import func, select

from domain.casework.columns import NEVER
from storage.cases import Reach, Urgency, list_cases
from storage.models import CaseRow, TodoRow, table
from storage.unit_of_work import Database
from tests.factories.book import MONDAY, Book


def reckoned(database: Database) -> list[str]:
    """The numbers of all cases by the first of all their limits, from the todos themselves."""
    case, todo = table(CaseRow), table(TodoRow)
    with database.read() as connection:
        dues = connection.execute(select(todo.c.process, func.min(todo.c.due).label("due")).group_by(todo.c.process))
        steps = {r.process: r.due for r in dues}
        rows = connection.execute(select(case)).all()
    first = {}
    for row in rows:
        due = min((at for at in (row.due, steps.get(f"case/{row.no}")) if at is not None), default=NEVER)
        assert row.first_due == due, (row.no, row.stage)
        first[row.no] = due
    return sorted(first, key=lambda no: (first[no], no))


def test_what_is_due_first_is_a_column_in_every_stage(database: Database) -> None:
    books = [
        Book(database).opened(),
        Book(database).dispatched(co=("roads",)),
        Book(database, at=MONDAY.replace(hour=1)).opened(),
        Book(database).in_callback(),
        Book(database).closed(),
    ]
    books[1].go(hours=1).do("sign", unit="water", order="a1")
    order = reckoned(database)
    assert len(order) == len(books)
    urgency = Urgency(MONDAY, first=True)
    with database.read() as connection:
        seen: list[str] = []
        after = None
        while page := list_cases(connection, Reach(city=True), filters={}, urgency=urgency, after=after, limit=2):
            seen += [r.no for r in page]
            after = (page[-1].sorted_by, page[-1].no)
        assert seen == order
        orders = {r.no: r.sorted_by for r in list_cases(connection, Reach(unit="roads"), filters={}, urgency=urgency)}
    assert list(orders) == [books[1].no]

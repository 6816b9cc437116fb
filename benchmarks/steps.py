"""The activity of the bare workflow: one INSERT a step, through the same door to the same database as the journal."""

from sqlalchemy import Column, Integer, MetaData, String, Table, insert
from temporalio import activity

from benchmarks.stamps import Stamps
from storage.unit_of_work import Database

BARE = Table(
    "bare", MetaData(), Column("id", Integer, primary_key=True), Column("case_no", String), Column("step", String)
)


class BareSteps:
    """One INSERT a step."""

    def __init__(self, database: Database, stamps: Stamps) -> None:
        self.database, self.stamps = database, stamps

    @activity.defn(name="bare.step")
    def step(self, case: str, name: str) -> str:
        """Insert the step's row."""
        with self.database.write() as connection:
            connection.execute(insert(BARE).values(case_no=case, step=name))
        self.stamps.note(f"{case}-{name}")
        return name

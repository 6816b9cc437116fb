"""Notices to callers and staff: the row is the notice; a channel (SMS, letter) reads rows and never makes them twice."""

from datetime import UTC, datetime

from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.signatures import EffectOrder, Performed
from storage import effects
from storage.unit_of_work import Database, StorageUnavailable


class Notices:
    """Gives notices."""

    def __init__(self, database: Database) -> None:
        self.database = database

    @activity.defn(name="notices.give", no_thread_cancel_exception=True)
    def give_notice(self, order: EffectOrder) -> Performed:
        """Give the notice once: its row and the settled effect are one transaction."""
        try:
            with self.database.write() as connection:
                effect = effects.owed(connection, order.id)
                if effect is not None:
                    effects.noticed(connection, effect, datetime.now(UTC))
        except StorageUnavailable as error:
            raise ApplicationError("the database did not answer", type="StorageUnavailable") from error
        return Performed(status="done")

"""The door to the database: one engine a process, one transaction a use case.

SQLite (WAL) and PostgreSQL behave alike here: a writing transaction takes its lock at the beginning, so two decisions on one
process follow one another; waiting for a connection, a lock or a statement is bounded, so a stuck database becomes an error
the caller can retry rather than a hanging one.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock
from typing import Any, Final

from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

POOL_TIMEOUT_S: Final = 1.0
TURN_TIMEOUT_S: Final = 1.5
LOCK_TIMEOUT_MS: Final = 1000
STATEMENT_TIMEOUT_MS: Final = 1500


class StorageUnavailable(Exception):
    """The database did not answer in time, or is not there. Nothing was written; trying again is safe."""


class Database:
    """An engine with bounded waits. Thread-safe; make one a process and never share it over a fork."""

    def __init__(self, url: str, *, pool_size: int = 16) -> None:
        self.url = url
        self.sqlite = url.startswith("sqlite")
        self._one_at_a_time = Lock()
        self.engine = _sqlite_engine(url, pool_size) if self.sqlite else _postgres_engine(url, pool_size)

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A transaction that may write: commits at the end, rolls back on any error.

        Raises :class:`StorageUnavailable` for what a later try may cure.
        """
        try:
            with self._turn(), self.engine.connect() as connection:
                if self.sqlite:
                    connection.exec_driver_sql("BEGIN IMMEDIATE")
                try:
                    yield connection
                except BaseException:
                    connection.rollback()
                    raise
                connection.commit()
        except (DBAPIError, PoolTimeoutError) as error:
            if _passing(error):
                raise StorageUnavailable(type(error).__name__) from error
            raise

    @contextmanager
    def _turn(self) -> Iterator[None]:
        """Let the threads of this process write to SQLite one after the other.

        They could only wait for its one lock by trying again, which lets some starve while others pass.
        """
        if not self.sqlite:
            yield
            return
        if not self._one_at_a_time.acquire(timeout=TURN_TIMEOUT_S):
            raise StorageUnavailable("turn")
        try:
            yield
        finally:
            self._one_at_a_time.release()

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A transaction that only reads."""
        try:
            with self.engine.connect() as connection:
                yield connection
                connection.rollback()
        except (DBAPIError, PoolTimeoutError) as error:
            if _passing(error):
                raise StorageUnavailable(type(error).__name__) from error
            raise

    def ping(self) -> bool:
        """Say whether the database answers."""
        try:
            with self.read() as connection:
                connection.execute(text("SELECT 1"))
        except (StorageUnavailable, SQLAlchemyError):
            return False
        return True

    def close(self) -> None:
        """Close all connections."""
        self.engine.dispose()


def _sqlite_engine(url: str, pool_size: int) -> Engine:
    engine = create_engine(
        url,
        hide_parameters=True,  # an error's text may reach a log or a history
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=POOL_TIMEOUT_S,
        connect_args={"timeout": LOCK_TIMEOUT_MS / 1000, "check_same_thread": False},
    )

    @event.listens_for(engine, "connect")
    def _configure(connection: Any, _record: Any) -> None:
        # pysqlite must not open transactions by itself: BEGIN IMMEDIATE is ours.
        connection.isolation_level = None
        cursor = connection.cursor()
        cursor.execute("PRAGMA journal_mode=WAL")
        # What was answered is on the disk, not only out of our hands: with NORMAL the last commits go with the power.
        cursor.execute("PRAGMA synchronous=FULL")
        cursor.execute("PRAGMA foreign_keys=ON")
        cursor.execute("PRAGMA busy_timeout=1000")
        cursor.close()

    return engine


def _postgres_engine(url: str, pool_size: int) -> Engine:
    options = f"-c lock_timeout={LOCK_TIMEOUT_MS} -c statement_timeout={STATEMENT_TIMEOUT_MS} -c timezone=UTC"
    return create_engine(
        url,
        hide_parameters=True,  # an error's text may reach a log or a history
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=POOL_TIMEOUT_S,
        pool_pre_ping=False,
        connect_args={"options": options, "connect_timeout": 2},
    )


def _passing(error: DBAPIError | PoolTimeoutError) -> bool:
    """Say whether the error is one of load or absence, which a later try may cure."""
    if isinstance(error, PoolTimeoutError) or error.connection_invalidated:
        return True
    name = type(error).__name__
    return name in {"OperationalError", "InterfaceError"}

"""Alembic's entry: migrates the database whose URL the caller set (``sanhuan migrate``, the tests)."""

from typing import Any, Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext
from sqlalchemy import create_engine
from sqlalchemy.pool import NullPool

from storage.models import Base, Utc


def render_item(type_: str, obj: Any, _context: AutogenContext) -> str | Literal[False]:
    """Write our instants as the plain type: a migration must not change when the models do."""
    return "sa.DateTime(timezone=True)" if type_ == "type" and isinstance(obj, Utc) else False


config = context.config
engine = create_engine(config.get_main_option("sqlalchemy.url") or "", poolclass=NullPool)
with engine.connect() as connection:
    context.configure(
        connection=connection, target_metadata=Base.metadata, render_as_batch=True, render_item=render_item
    )
    with context.begin_transaction():
        context.run_migrations()
    connection.commit()
engine.dispose()

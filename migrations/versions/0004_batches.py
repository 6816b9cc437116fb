"""Batches: the cases that one means, and an index by which it finds the open cases of a city."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

OPEN_CASES = "coalesce(stage, '') IN ('callback', 'dispatched', 'in_progress', 'reply_review', 'screening', 'triaged')"


def upgrade() -> None:
    op.create_table(
        "batch_item",
        sa.Column("batch", sa.String(length=200), nullable=False),
        sa.Column("no", sa.String(length=40), nullable=False),
        sa.Column("command", sa.String(length=300), nullable=False),
        sa.Column("foreseen", sa.String(length=12), nullable=False),
        sa.Column("direction", sa.String(length=12), nullable=True),
        sa.Column("code", sa.String(length=80), nullable=True),
        sa.Column("clock", sa.String(length=80), nullable=True),
        sa.Column("due_from", sa.DateTime(timezone=True), nullable=True),
        sa.Column("due_to", sa.DateTime(timezone=True), nullable=True),
        sa.Column("moved", sa.Integer(), nullable=False),
        sa.Column("added", sa.Boolean(), nullable=False),
        sa.Column("gone", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("batch", "no", name=op.f("pk_batch_item")),
    )
    with op.batch_alter_table("case_row", schema=None) as batch_op:
        batch_op.create_index(
            "ix_case_row_open",
            ["no"],
            unique=False,
            sqlite_where=sa.text(OPEN_CASES),
            postgresql_where=sa.text(OPEN_CASES),
        )


def downgrade() -> None:
    refuse_to_lose_batches()
    with op.batch_alter_table("case_row", schema=None) as batch_op:
        batch_op.drop_index("ix_case_row_open")
    op.drop_table("batch_item")


def refuse_to_lose_batches() -> None:
    """Raise RuntimeError while there are batches: the release before can neither show them nor go on with them."""
    found = sa.select(sa.func.count()).select_from(sa.table("batch_item"))
    items = op.get_bind().execute(found).scalar_one()
    if items:
        message = f"{items} cases of batches would be lost"
        raise RuntimeError(message)

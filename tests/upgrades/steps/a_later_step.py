"""A step as a later release may bring it: new columns, an index, a narrower type, a table. For the tests only."""

import sqlalchemy as sa
from alembic import op

revision = "later"
down_revision: str | None = None  # the newest real step: the test puts it here
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "note", sa.Column("id", sa.Integer(), primary_key=True), sa.Column("text", sa.Text(), nullable=False)
    )
    with op.batch_alter_table("process", schema=None) as batch:
        batch.add_column(sa.Column("note", sa.String(length=40), nullable=True))
        batch.create_index("ix_process_note", ["note"], unique=False)
    with op.batch_alter_table("event", schema=None) as batch:
        batch.add_column(sa.Column("version", sa.Integer(), nullable=False, server_default="1"))
        batch.alter_column("type", existing_type=sa.String(length=60), type_=sa.String(length=80))


def downgrade() -> None:
    with op.batch_alter_table("event", schema=None) as batch:
        batch.alter_column("type", existing_type=sa.String(length=80), type_=sa.String(length=60))
        batch.drop_column("version")
    with op.batch_alter_table("process", schema=None) as batch:
        batch.drop_index("ix_process_note")
        batch.drop_column("note")
    op.drop_table("note")

"""A catalogue item has co-units, and remembers which consultation or ruling gave it each of its versions."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("item", schema=None) as batch_op:
        batch_op.add_column(sa.Column("co", sa.JSON(), nullable=False, server_default=sa.text("'[]'")))
    op.create_table(
        "item_version",
        sa.Column("code", sa.String(length=80), nullable=False),
        sa.Column("version", sa.String(length=40), nullable=False),
        sa.Column("was", sa.String(length=40), nullable=False),
        sa.Column("owner", sa.String(length=80), nullable=False),
        sa.Column("co", sa.JSON(), nullable=False),
        sa.Column("process", sa.String(length=200), nullable=False),
        sa.Column("item", sa.String(length=10), nullable=False),
        sa.Column("by", sa.String(length=80), nullable=False),
        sa.Column("effect", sa.String(length=300), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("code", "version", name=op.f("pk_item_version")),
    )
    with op.batch_alter_table("item_version", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_item_version_process"), ["process"], unique=False)


def downgrade() -> None:
    if op.get_bind().execute(sa.select(sa.func.count()).select_from(sa.table("item_version"))).scalar_one():
        message = "the catalogue has been changed by decisions: going back would forget which"
        raise RuntimeError(message)
    op.drop_table("item_version")
    with op.batch_alter_table("item", schema=None) as batch_op:
        batch_op.drop_column("co")

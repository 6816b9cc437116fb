"""What is due first of a case becomes a column: ordering a city's cases by it reckoned it for every case there is."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

NEVER = "9999-12-31 00:00:00.000000"


def upgrade() -> None:
    with op.batch_alter_table("case_row", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("first_due", sa.DateTime(timezone=True), nullable=False, server_default=sa.text(f"'{NEVER}'"))
        )
        batch_op.create_index("ix_case_row_due", ["first_due", "no"], unique=False)
    case = sa.table("case_row", sa.column("no"), sa.column("due"), sa.column("first_due"))
    todo = sa.table("todo", sa.column("process"), sa.column("due"))
    step = sa.select(sa.func.min(todo.c.due)).where(todo.c.process == sa.literal("case/").concat(case.c.no))
    first = step.scalar_subquery()
    op.execute(sa.update(case).values(first_due=first).where(first.is_not(None)))
    op.execute(
        sa.update(case).values(first_due=case.c.due).where(case.c.due.is_not(None), case.c.due < case.c.first_due)
    )


def downgrade() -> None:
    with op.batch_alter_table("case_row", schema=None) as batch_op:
        batch_op.drop_index("ix_case_row_due")
        batch_op.drop_column("first_due")

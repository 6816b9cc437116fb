"""挂账 as rows, and what else is counted of a case: dispatches undone, reopenings, closings on the spot."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

COUNTS = ("undone", "reopened", "on_spot")


def upgrade() -> None:
    with op.batch_alter_table("case_row", schema=None) as batch_op:
        batch_op.add_column(sa.Column("on_account", sa.Boolean(), nullable=False, server_default=sa.false()))
        for name in COUNTS:
            batch_op.add_column(sa.Column(name, sa.Integer(), nullable=False, server_default=sa.text("0")))
    op.create_table(
        "on_account_row",
        sa.Column("case_no", sa.String(length=40), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("order_id", sa.String(length=10), nullable=False),
        sa.Column("unit", sa.String(length=80), nullable=False),
        sa.Column("district", sa.String(length=80), nullable=True),
        sa.Column("ground", sa.String(length=20), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("how", sa.String(length=20), nullable=True),
        sa.Column("review_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("kept", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("case_no", "n", name=op.f("pk_on_account_row")),
    )
    with op.batch_alter_table("on_account_row", schema=None) as batch_op:
        batch_op.create_index("ix_on_account_row_since", ["since", "case_no", "n"], unique=False)
        batch_op.create_index("ix_on_account_row_unit", ["unit", "since", "case_no", "n"], unique=False)


def downgrade() -> None:
    op.drop_table("on_account_row")
    with op.batch_alter_table("case_row", schema=None) as batch_op:
        for name in ("on_account", *COUNTS):
            batch_op.drop_column(name)

"""Processes beside the case: their lists, agendas and rulings, and the official documents they issue."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "proceeding_row",
        sa.Column("id", sa.String(length=200), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("no", sa.String(length=160), nullable=False),
        sa.Column("stage", sa.String(length=40), nullable=False),
        sa.Column("level", sa.String(length=20), nullable=True),
        sa.Column("district", sa.String(length=80), nullable=True),
        sa.Column("unit", sa.String(length=80), nullable=True),
        sa.Column("case_no", sa.String(length=40), nullable=True),
        sa.Column("matter", sa.String(length=80), nullable=True),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("due", sa.DateTime(timezone=True), nullable=True),
        sa.Column("overdue", sa.Boolean(), nullable=False),
        sa.Column("by", sa.String(length=200), nullable=False),
        sa.Column("pack", sa.String(length=40), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_proceeding_row")),
    )
    with op.batch_alter_table("proceeding_row", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_proceeding_row_by"), ["by"], unique=False)
        batch_op.create_index(batch_op.f("ix_proceeding_row_case_no"), ["case_no"], unique=False)
        batch_op.create_index("ix_proceeding_row_kind", ["kind", "opened_at", "id"], unique=False)
        batch_op.create_index(batch_op.f("ix_proceeding_row_matter"), ["matter"], unique=False)
        batch_op.create_index("ix_proceeding_row_open", ["kind", "closed_at", "due"], unique=False)
        batch_op.create_index("ix_proceeding_row_opened", ["opened_at", "id"], unique=False)
        batch_op.create_index("ix_proceeding_row_unit", ["unit", "kind", "opened_at"], unique=False)

    op.create_table(
        "party_row",
        sa.Column("process", sa.String(length=200), nullable=False),
        sa.Column("unit", sa.String(length=80), nullable=False),
        sa.PrimaryKeyConstraint("process", "unit", name=op.f("pk_party_row")),
    )
    with op.batch_alter_table("party_row", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_party_row_unit"), ["unit"], unique=False)

    op.create_table(
        "agenda_row",
        sa.Column("process", sa.String(length=200), nullable=False),
        sa.Column("item", sa.String(length=10), nullable=False),
        sa.Column("holder", sa.String(length=200), nullable=False),
        sa.Column("case_no", sa.String(length=40), nullable=True),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("lead", sa.String(length=80), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("process", "item", name=op.f("pk_agenda_row")),
    )
    with op.batch_alter_table("agenda_row", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_agenda_row_case_no"), ["case_no"], unique=False)
        batch_op.create_index(batch_op.f("ix_agenda_row_holder"), ["holder"], unique=False)

    op.create_table(
        "ruling_row",
        sa.Column("process", sa.String(length=200), nullable=False),
        sa.Column("item", sa.String(length=10), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("case_no", sa.String(length=40), nullable=True),
        sa.Column("catalogue_item", sa.String(length=80), nullable=True),
        sa.Column("matter", sa.String(length=80), nullable=True),
        sa.Column("district", sa.String(length=80), nullable=True),
        sa.Column("lead", sa.String(length=80), nullable=False),
        sa.Column("co", sa.JSON(), nullable=False),
        sa.Column("ruled_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("process", "item", name=op.f("pk_ruling_row")),
    )
    with op.batch_alter_table("ruling_row", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_ruling_row_catalogue_item"), ["catalogue_item"], unique=False)
        batch_op.create_index(batch_op.f("ix_ruling_row_matter"), ["matter"], unique=False)

    op.create_table(
        "paper",
        sa.Column("effect", sa.String(length=300), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("process", sa.String(length=200), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("template", sa.String(length=40), nullable=False),
        sa.Column("zh", sa.Text(), nullable=False),
        sa.Column("en", sa.Text(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("effect", name=op.f("pk_paper")),
    )
    with op.batch_alter_table("paper", schema=None) as batch_op:
        batch_op.create_index("ix_paper_number", ["kind", "year", "n"], unique=True)
        batch_op.create_index(batch_op.f("ix_paper_process"), ["process"], unique=False)


def downgrade() -> None:
    refuse_to_lose_processes()
    op.drop_table("paper")
    op.drop_table("ruling_row")
    op.drop_table("agenda_row")
    op.drop_table("party_row")
    op.drop_table("proceeding_row")


def refuse_to_lose_processes() -> None:
    """Raise RuntimeError while there are documents, or processes that the release before cannot go on with."""
    count = sa.select(sa.func.count())
    papers, beside = (
        op.get_bind().execute(count.select_from(sa.table(name))).scalar_one() for name in ("paper", "proceeding_row")
    )
    if papers or beside:
        message = f"{papers} documents and {beside} processes beside the cases would be lost"
        raise RuntimeError(message)

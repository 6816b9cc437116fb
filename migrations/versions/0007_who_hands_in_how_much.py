"""Files by who handed them in: how much one hand may bring in a day is asked at every file."""

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_document_uploaded", "document", ["uploaded_by", "uploaded_at"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_document_uploaded", table_name="document")

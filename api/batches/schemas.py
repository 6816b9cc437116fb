"""What is shown of the cases of a batch."""

from datetime import datetime

from pydantic import BaseModel


class BatchItem(BaseModel):
    """A case that a batch means: what was foreseen, and what became of it. Codes and instants only.

    ``foreseen``: changed, unchanged, refused; ``direction``: where its first due goes (later, earlier, same), of ``clock``, from
    ``due_from`` to ``due_to``; ``moved``: how many of its clocks. ``outcome``: pending, waiting, changed, unchanged, refused, gone.
    ``code`` says why it was refused, or would be. ``added``: it began after the preview. ``case_open``: the reader may read it.
    """

    no: str
    foreseen: str
    direction: str | None
    clock: str | None
    due_from: datetime | None
    due_to: datetime | None
    moved: int
    added: bool
    outcome: str
    code: str | None
    decided_at: datetime | None
    case_open: bool


class BatchItemPage(BaseModel):
    """One page of the cases of a batch, by number."""

    items: tuple[BatchItem, ...]
    next: str | None

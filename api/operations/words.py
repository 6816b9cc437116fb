"""What the operators' endpoints have in common."""

from typing import Annotated

from fastapi import Path

ProcessPath = Annotated[str, Path(max_length=120, pattern=r"^[\w/-]+$", description="such as case/20260105-000001")]

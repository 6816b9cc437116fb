"""What the operators' endpoints have in common."""

from typing import Annotated

from fastapi import Path

PROCESS = r"^[\w.:@/+-]+$"
"""Anything that might be the id of a process: one that does not exist is told from one that cannot."""
LONGEST = 200
ProcessPath = Annotated[str, Path(max_length=LONGEST, pattern=PROCESS, description="such as case/20260105-000001")]

"""Types of fields that people fill in."""

from typing import Annotated

from pydantic import StringConstraints

Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=300, pattern=r"^[^\n\r\t]*$")]
"""A text of one line, not blank."""

UnitCode = Annotated[str, StringConstraints(min_length=1, max_length=80, pattern=r"^[\w.:@/+-]+$")]
ProcessId = Annotated[str, StringConstraints(max_length=120, pattern=r"^[a-z]+/[\w/-]+$")]
CaseNo = Annotated[str, StringConstraints(max_length=40, pattern=r"^\d{8}-\d{6,9}$")]

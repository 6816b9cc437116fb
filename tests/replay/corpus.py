"""What is recorded and where: one folder a version, a file a run, and a manifest that says what each file must hold."""

import ast
import gzip
import hashlib
import json
import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from temporalio.api.enums.v1 import EventType
from temporalio.client import WorkflowHistory

from domain.model import Model

ROOT: Final = Path(__file__).parents[2]
HISTORIES: Final = Path(__file__).parent / "histories"
GOLDEN: Final = ROOT / "tests" / "upgrades" / "golden"
IDENTITY: Final = "recorder"
"""Who asked and who worked, in every recorded event: never a machine's name."""


class Run(Model):
    """One run of one case: its file, the file's digest, and how many events of each kind it holds."""

    file: str
    sha256: str
    process: str
    events: dict[str, int]


class Recorded(Model):
    """A shape as it was recorded."""

    what: str
    runs: tuple[Run, ...]


class Manifest(Model):
    """All shapes of one version, and the workflow files they were recorded with."""

    version: str
    sdk: str
    workflows: dict[str, str]
    shapes: dict[str, Recorded]


def version() -> str:
    """The version of the project that is being worked on."""
    found: str = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    return found


def recorded_versions() -> list[str]:
    """The versions there are histories of, the oldest first."""
    names = [path.parent.name for path in HISTORIES.glob("*/manifest.json")]
    return sorted(names, key=lambda name: [int(part) for part in name.split(".")])


def manifest(of: str) -> Manifest:
    """What was recorded for a version."""
    return Manifest.model_validate_json((HISTORIES / of / "manifest.json").read_bytes())


def manifests() -> Mapping[str, Manifest]:
    """The manifests of all versions."""
    return {of: manifest(of) for of in recorded_versions()}


def packed(text: str) -> bytes:
    """The bytes of a file: the same for the same text, on every machine."""
    return gzip.compress(text.encode(), 9, mtime=0)


def unpacked(path: Path) -> str:
    """The text of a file."""
    return gzip.decompress(path.read_bytes()).decode()


def digest(data: bytes) -> str:
    """SHA-256 in hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def history(of: str, run: Run) -> WorkflowHistory:
    """A recorded history."""
    return WorkflowHistory.from_json(run.process, unpacked(HISTORIES / of / run.file))


def runs() -> Iterator[tuple[str, str, Run]]:
    """Every run there is: version, shape, run."""
    for of, found in manifests().items():
        for name, shape in found.shapes.items():
            yield from ((of, name, run) for run in shape.runs)


def counted(found: WorkflowHistory) -> dict[str, int]:
    """How many events of each kind a history holds."""
    kinds = Counter(EventType.Name(e.event_type).removeprefix("EVENT_TYPE_") for e in found.events)
    return dict(sorted(kinds.items()))


def workflow_files() -> dict[str, str]:
    """The fingerprint of each workflow file as it is now."""
    return {path.name: fingerprint(path.read_text(encoding="utf-8")) for path in sorted(ROOT.glob("workflows/*.py"))}


def fingerprint(source: str) -> str:
    """A digest of what the code says: comments, layout and docstrings do not count, nor does the version of Python."""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            first = node.body[0] if node.body else None
            if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
                node.body = node.body[1:]
    return digest(json.dumps(_plain(tree)).encode())


def _plain(node: Any) -> Any:
    if isinstance(node, ast.AST):
        fields = [[name, _plain(value)] for name, value in ast.iter_fields(node) if value not in (None, [])]
        return [type(node).__name__, *fields]
    return [_plain(n) for n in node] if isinstance(node, list) else repr(node)

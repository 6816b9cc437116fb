"""Nothing of a person or a machine stays in what is recorded."""

import base64
import json
import os
import re
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from temporalio.client import WorkflowHistory

from tests.factories.city import ADDRESS, CONTENT, NAME, PHONE, PLACE, TITLE

PERSONAL: Final = (NAME, PHONE, ADDRESS, TITLE, CONTENT, PLACE)
PATH: Final = re.compile(r"(?:/[\w.+-]+){2,}/?[\w+-]+\.(?:py|db|so)\b|File \"")


def scrubbed(history: WorkflowHistory) -> str:
    """The history as JSON without stack traces, which name files of the machine."""
    tree = json.loads(history.to_json())
    _drop(tree, "stackTrace")
    return json.dumps(tree, ensure_ascii=False, separators=(",", ":"))


def _drop(tree: Any, name: str) -> None:
    if isinstance(tree, dict):
        tree.pop(name, None)
    for value in tree.values() if isinstance(tree, dict) else tree if isinstance(tree, list) else ():
        _drop(value, name)


def everything_said(text: str) -> str:
    """The text of a history and, beside it, all its payloads decoded."""
    return "\n".join((text, *_payloads(json.loads(text))))


def _payloads(tree: Any) -> Iterator[str]:
    if isinstance(tree, dict):
        if isinstance(tree.get("data"), str):
            yield base64.b64decode(tree["data"]).decode(errors="replace")
        for value in tree.values():
            yield from _payloads(value)
    elif isinstance(tree, list):
        for value in tree:
            yield from _payloads(value)


def traces(said: str, identity: str) -> list[str]:
    """What of a person or a machine is found in what a history says."""
    found = [word for word in PERSONAL if word in said]
    found += PATH.findall(said)
    found += {i for i in re.findall(r'"identity":\s*"([^"]*)"', said) if i != identity and "@" in i}
    return found


def this_machine() -> list[str]:
    """Words that only this machine would say."""
    here = [socket.gethostname(), str(Path.home()), str(Path(__file__).parents[2]), os.environ.get("USER", "")]
    return [word for word in here if len(word) > 4]

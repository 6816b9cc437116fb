"""Looks for planted words where only codes belong: workflow histories, search attributes, memos, logs, metrics, errors."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import httpx
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode


def forms(word: str) -> tuple[bytes, ...]:
    """The bytes a word may stand in: as it is, and as JSON escapes it."""
    return (word.encode(), json.dumps(word)[1:-1].encode())


def found_in(content: bytes, words: Sequence[str]) -> list[str]:
    """Return the words that stand in the content."""
    return [word for word in words if any(form in content for form in forms(word))]


def in_files(files: Iterable[Path], words: Sequence[str]) -> Iterator[str]:
    """Look into files as they are on disk."""
    for file in files:
        if file.is_file():
            yield from (f"{file.name} holds {word}" for word in found_in(file.read_bytes(), words))


def in_texts(texts: Mapping[str, str] | Iterable[str], words: Sequence[str]) -> Iterator[str]:
    """Look into texts, such as error answers."""
    for text in texts:
        yield from (f"{text[:200]} holds {word}" for word in found_in(text.encode(), words))


async def in_temporal(address: str, words: Sequence[str]) -> tuple[list[str], int]:
    """Look into histories, search attributes and memos of all workflows; return what was found and how many histories."""
    client = await Client.connect(address)
    found: list[str] = []
    count = 0
    async for execution in client.list_workflows():
        handle = client.get_workflow_handle(execution.id, run_id=execution.run_id)
        try:
            history = await handle.fetch_history()
            described = await handle.describe()
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND:
                continue  # deleted, and still in the list for a moment
            raise
        parts = [event.SerializeToString() for event in history.events]
        parts.append(described.raw_description.SerializeToString())
        found += [f"the history of {execution.id} holds {word}" for word in found_in(b"\n".join(parts), words)]
        count += 1
    return found, count


def in_metrics(addresses: Iterable[str], words: Sequence[str]) -> Iterator[str]:
    """Look into what is measured."""
    for address in addresses:
        text = httpx.get(address, timeout=10).raise_for_status().text
        yield from (f"{address} holds {word}" for word in found_in(text.encode(), words))

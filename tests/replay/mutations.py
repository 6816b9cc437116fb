"""Changes of the workflow code and its models, each with what becomes of histories of older releases."""

from typing import Final

DURABLE, CASE, SIGNATURES = "workflows.durable", "workflows.case", "activities.signatures"
ACTS = "workflows.acts"
COMMANDS, MESSAGES, PROCESS = "domain.casework.commands", "domain.messages", "domain.process"

Change = dict[str, tuple[str, str]]

BREAKING: Final[dict[str, Change]] = {
    "an added await of a timer": {
        DURABLE: (
            "            result = await self._commit(job.envelope if job else None, everything=everything)\n",
            (
                "            await workflow.sleep(0.001)\n"
                "            result = await self._commit(job.envelope if job else None, everything=everything)\n"
            ),
        )
    },
    "an added await that only yields, before an effect": {
        DURABLE: (
            "            performed = await self.perform(order)\n",
            "            await asyncio.sleep(0)\n            performed = await self.perform(order)\n",
        )
    },
    "timers before effects": {
        DURABLE: (
            (
                "        for order in result.effects:\n"
                "            if self._open.get(order.id) != order.attempt:\n"
                "                self._start(order)\n"
                "        self._arm(result.timers)\n"
            ),
            (
                "        self._arm(result.timers)\n"
                "        for order in result.effects:\n"
                "            if self._open.get(order.id) != order.attempt:\n"
                "                self._start(order)\n"
            ),
        )
    },
    "the commit's activity renamed": {SIGNATURES: ('name="journal.commit"', 'name="journal.decide"')},
    "the messages' activity renamed": {SIGNATURES: ('name="departments.send_message"', 'name="departments.tell"')},
    "the notices' activity renamed": {SIGNATURES: ('name="notices.give"', 'name="notices.send"')},
    "the activity between processes renamed": {SIGNATURES: ('name="processes.tell"', 'name="processes.say"')},
    "an added upsert of attributes": {
        DURABLE: (
            "        workflow.set_current_details(result.details)\n",
            (
                "        workflow.set_current_details(result.details)\n"
                '        workflow.upsert_search_attributes([SearchAttributeKey.for_keyword("Ring").value_set("small")])\n'
            ),
        )
    },
    "attributes no longer shown": {DURABLE: ("        if changed:\n", "        if changed and False:\n")},
    "timers no longer kept": {
        DURABLE: ("        self._arm(result.timers)\n", "        self._arm(result.timers[:0])\n"),
    },
    "stale timers left to run": {DURABLE: ("                stale.task.cancel()\n", "                pass\n")},
    "effects to one target at once": {
        DURABLE: ("        if before is not None and not before.done():\n", "        if before is False:\n"),
    },
    "no fallback when the database is away": {
        DURABLE: (
            "        return await workflow.execute_activity(\n            signatures.commit,\n",
            "        return await workflow.execute_local_activity(\n            signatures.commit,\n",
        )
    },
    "never a new run": {
        DURABLE: ("lambda: bool(self._queue) or workflow.all_handlers_finished()", "lambda: bool(self._queue)")
    },
    "a case that is over no longer looks again": {
        DURABLE: ("                await self._wait(wait)\n", "                await self._wait()\n"),
    },
    "a run that ends before its effects": {
        DURABLE: ("self._closed and self._owed == 0 and idle", "self._closed and idle"),
    },
    "a signal's handler removed": {DURABLE: ('@workflow.signal(name="decide"', '@workflow.signal(name="command"')},
    "a command removed": {CASE: ("    divert = decision(c.Divert)\n", "")},
    "a command renamed": {COMMANDS: ('    NAME: ClassVar[str] = "sign"\n', '    NAME: ClassVar[str] = "sign_for"\n')},
    "an effect no longer performed": {CASE: ('            case "tell":\n', '            case "ask":\n')},
    "a command with a new required field": {
        COMMANDS: ('    NAME: ClassVar[str] = "sign"\n', '    NAME: ClassVar[str] = "sign"\n    place: str\n'),
    },
    "a command with a tighter field": {COMMANDS: ("Field(ge=1, le=60)", "Field(ge=1, le=1)")},
    "a command with a word less": {COMMANDS: ('Literal["phone", "visit", "arrival", "message"]', 'Literal["phone"]')},
    "a decision with a new required field": {
        MESSAGES: ("    seen: int | None = None\n", "    seen: int | None\n    by: str\n")
    },
    "an envelope with a new required field": {PROCESS: ("    settles: str | None = None\n", "    settles: str\n")},
    "the journal's answer with a new required field": {
        SIGNATURES: ("    owed: int = 0\n", "    owed: int = 0\n    why: str\n")
    },
    "an activity's answer with a new required field": {
        SIGNATURES: ("    reply: str | None = None\n", "    reply: str | None = None\n    by: str\n"),
    },
    "a start with a new required field": {
        MESSAGES: ("    waiting: tuple[Envelope, ...] = ()\n", "    waiting: tuple[Envelope, ...] = ()\n    by: str\n"),
    },
}
"""What would leave the cases of a city standing still: the corpus has to see each of them."""

HARMLESS: Final[dict[str, Change]] = {
    "nothing": {},
    "a comment": {DURABLE: ("ONE_MS = timedelta(milliseconds=1)\n", "ONE_MS = timedelta(milliseconds=1)  # one\n")},
    "other time-outs": {
        ACTS: ("start_to_close_timeout=timedelta(seconds=20)", "start_to_close_timeout=timedelta(seconds=40)")
    },
    "other retries": {
        DURABLE: ("maximum_interval=timedelta(seconds=15))\n", "maximum_interval=timedelta(seconds=60))\n")
    },
    "an added await that only yields, where no order depends on it": {
        DURABLE: (
            "        left = order.at - workflow.now()\n",
            "        await asyncio.sleep(0)\n        left = order.at - workflow.now()\n",
        )
    },
    "another queue": {SIGNATURES: ('NOTICES: Final = "notices"', 'NOTICES: Final = "told"')},
    "a new command": {
        CASE: ("    urge = decision(c.Urge)\n", "    urge = decision(c.Urge)\n    again = decision(c.Open)\n")
    },
    "a command with a new optional field": {
        COMMANDS: (
            '    NAME: ClassVar[str] = "sign"\n',
            '    NAME: ClassVar[str] = "sign"\n    place: str | None = None\n',
        ),
    },
    "the journal's answer with a new optional field": {
        SIGNATURES: ("    owed: int = 0\n", "    owed: int = 0\n    why: str | None = None\n"),
    },
    "a change behind workflow.patched": {
        DURABLE: (
            "            result = await self._commit(job.envelope if job else None, everything=everything)\n",
            (
                '            if workflow.patched("look-first"):\n'
                "                await workflow.sleep(0.001)\n"
                "            result = await self._commit(job.envelope if job else None, everything=everything)\n"
            ),
        )
    },
}
"""What a release may change freely while cases run."""

EVERYWHERE: Final = (
    "an added await of a timer",
    "the commit's activity renamed",
    "an added upsert of attributes",
    "attributes no longer shown",
)
"""Of what breaks cases: what breaks processes of every kind, since it lies in what all of them share."""

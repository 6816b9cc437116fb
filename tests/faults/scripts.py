"""What people and department systems do with a case, step by step, and what must come of each step.

A script is data: the same steps in the same order whatever breaks meanwhile. A step's key is its place in the script, so that
it is repeated under the same Idempotency-Key after any loss. ``{no}`` in a body is the case's number, ``{b}`` that of the
second request of the script.

Scripts of the pack ``haikou`` meet no deadline within a run: two runs give the same journal, event by event. Scripts of the
pack ``demo`` meet many (a working day has six seconds); what people did must still be the same.
"""

import random
from collections.abc import Mapping
from typing import Any, Final

from pydantic import BaseModel, Field

RECORDED: Final = "recorded"
STRICT, TIMED = "haikou", "demo"


class Step(BaseModel, frozen=True):
    """One step. ``how``: ``decide`` (a person), ``answer`` (a department system), ``wait`` (until a stage), ``order`` (until the
    case shows that order), ``item`` (until an item of a process waits for its decision), ``together``. ``at`` is another process
    than the case, with ``{no}`` for the case's number.

    ``expect`` lists the results that are right: ``recorded`` or codes of refusals. Empty: whatever the rules say.
    """

    how: str = "decide"
    who: str = ""
    command: str = ""
    body: Mapping[str, Any] = Field(default_factory=dict)
    expect: tuple[str, ...] = (RECORDED,)
    case: str = "a"
    at: str = ""
    twice: bool = False
    proof: bool = False
    steps: tuple["Step", ...] = ()


class Script(BaseModel, frozen=True):
    """A whole life. ``end`` is the stage it must reach; ``compared`` is False where more than one end is right."""

    name: str
    pack: str = STRICT
    requests: int = 1
    steps: tuple[Step, ...]
    end: str
    share: int = 1
    compared: bool = True


def person(who: str, command: str, *expect: str, case: str = "a", at: str = "", **body: Any) -> Step:
    """A person's decision through the console's door."""
    return Step(who=who, command=command, body=body, expect=expect or (RECORDED,), case=case, at=at)


def unit(who: str, command: str, *expect: str, twice: bool = False, proof: bool = False, **body: Any) -> Step:
    """A department system's signed answer about its order; ``twice``: the same message again; ``proof``: with a picture."""
    return Step(
        how="answer", who=who, command=command, body=body, expect=expect or (RECORDED,), twice=twice, proof=proof
    )


def until(stage: str, case: str = "a", at: str = "") -> Step:
    """Wait until the case, or another process, is at a stage."""
    return Step(how="wait", command=stage, case=case, at=at)


def shows(order: str) -> Step:
    """Wait until what was decided elsewhere has reached the case: it shows an order."""
    return Step(how="order", command=order)


def waiting(item: str, at: str) -> Step:
    """Wait until an item is there to be decided: whose matter it is has said so. Nobody is asked to decide it before."""
    return Step(how="item", command=item, at=at)


def together(*steps: Step) -> Step:
    """Steps given at one moment."""
    return Step(how="together", steps=steps)


def rated(satisfaction: str = "satisfied", solved: str = "yes", request: str = "{no}") -> Step:
    """A caller is reached and says how it was."""
    return person(
        "callback_officer", "record_callback", request=request, reached=True, solved=solved, satisfaction=satisfaction
    )


TRIAGED = person("agent", "triage", triage="routine")


def dispatched(lead: str, *co: str) -> Step:
    """The dispatcher sends the orders out."""
    return person("dispatcher", "dispatch", lead=lead, co=list(co), note="请尽快办理")


def accepted(order: str = "a1") -> Step:
    """The reviewer accepts a result."""
    return person("order_reviewer", "review_result", order=order, accept=True)


def explained(liaison: str, order: str = "a1") -> tuple[Step, ...]:
    """A liaison hands in an explanation by hand, and it is accepted."""
    return (
        person(liaison, "submit_result", order=order, code="explained", reply="已向来电人说明情况"),
        accepted(order),
    )


NOT_OURS: Final[dict[str, Any]] = {"ground": "not_our_duty", "reason": "不属本单位职责", "basis": "部门职责规定"}
GONE: Final = ("not_in_this_state", "not_in_this_stage")
SECOND = person("shift_leader", "review_closing", approve=True, reason="说明属实")

RING: Final = "ring/{no}/large/1"
CONSULTATION: Final = "consultation/{no}-m1"
GROUP: Final = "adjudication/{no}-m1"

SCRIPTS: Final[tuple[Script, ...]] = (
    Script(
        name="straight",
        share=6,
        end="closed",
        steps=(
            TRIAGED,
            dispatched("street-lights", "power"),
            unit("street-lights", "sign", order="a1", twice=True),
            unit("street-lights", "contact", order="a1"),
            unit("power", "submit_result", order="a2", code="solved", reply="电路已修复"),
            unit("street-lights", "begin_work", order="a1"),
            unit("street-lights", "submit_result", order="a1", code="solved", reply="路灯已修复", proof=True),
            person("liaison.street-lights", "sign", *GONE, order="a1"),
            accepted("a2"),
            accepted("a1"),
            rated(),
            unit("street-lights", "report_progress", *GONE, order="a1", note="迟到的反馈"),
        ),
    ),
    Script(
        name="by_hand",
        share=3,
        end="closed",
        steps=(
            TRIAGED,
            dispatched("finance"),
            person("liaison.finance", "sign", order="a1"),
            person("liaison.finance", "contact", order="a1"),
            *explained("liaison.finance"),
            rated(),
            SECOND,
        ),
    ),
    Script(
        name="returned",
        share=2,
        end="closed",
        steps=(
            TRIAGED,
            dispatched("housing"),
            unit("housing", "sign", order="a1"),
            unit("housing", "request_return", order="a1", **NOT_OURS, proposed_owner="urban", twice=True),
            person("order_reviewer", "review_return", order="a1", approve=True, reason="情况属实"),
            person("order_reviewer", "review_return", "not_your_turn", order="a1", approve=True, reason="再审"),
            person("shift_leader", "review_return", order="a1", approve=True, reason="同意退单"),
            dispatched("urban"),
            unit("urban", "submit_result", order="a2", code="solved", reply="占道经营已清理", proof=True),
            accepted("a2"),
            rated(),
        ),
    ),
    Script(
        name="redo",
        share=2,
        end="closed",
        steps=(
            TRIAGED,
            dispatched("water-supply"),
            unit("water-supply", "submit_result", order="a1", code="solved", reply="水压已恢复", proof=True),
            accepted("a1"),
            rated("unsatisfied", "no"),
            unit(
                "water-supply", "submit_result", "not_in_this_state", order="a1", code="explained", reply="迟到的旧答复"
            ),
            unit("water-supply", "submit_result", order="a2", code="solved", reply="更换水泵，水压正常", proof=True),
            person("order_reviewer", "review_result", order="a2", accept=False, reason="请补充照片说明"),
            unit("water-supply", "submit_result", order="a2", code="solved", reply="已补充照片", proof=True),
            accepted("a2"),
            rated("satisfied", "yes"),
        ),
    ),
    Script(
        name="more_time",
        share=1,
        end="closed",
        steps=(
            TRIAGED,
            dispatched("industry"),
            person("liaison.industry", "sign", order="a1"),
            person(
                "liaison.industry",
                "request_extension",
                order="a1",
                days=2,
                ground="engineering",
                reason="需要备件",
                caller_told=True,
            ),
            person("head.industry", "review_extension", order="a1", approve=True, reason="同意"),
            person("city_centre", "review_extension", order="a1", approve=True, reason="同意"),
            person("liaison.industry", "request_pause", order="a1", kind="expert", evidence="鉴定委托书"),
            person("order_reviewer", "review_pause", order="a1", approve=True, reason="属实"),
            person("liaison.industry", "submit_result", "paused", order="a1", code="explained", reply="暂停中"),
            person("liaison.industry", "resume", order="a1", reason="鉴定完毕"),
            *explained("liaison.industry"),
            rated(),
            SECOND,
        ),
    ),
    Script(
        name="merged",
        share=1,
        requests=2,
        end="closed",
        steps=(
            until("screening"),
            person("agent", "merge", case="b", into="{no}", reason="同一诉求"),
            until("merged", "b"),
            TRIAGED,
            dispatched("justice"),
            *explained("liaison.justice"),
            rated(),
            rated(request="{b}"),
            SECOND,
        ),
    ),
    Script(
        name="ring",
        share=2,
        end="closed",
        steps=(
            TRIAGED,
            dispatched("finance"),
            person("liaison.finance", "report_up", order="a1", reason="涉及多个部门", tried="已协调两次"),
            until("answering", at=RING),
            person("city_office", "answer_report", at=RING, accept=True),
            person("city_office", "name_lead", at=RING, lead="justice", units=["finance-supervision"]),
            person("liaison.justice", "report_in", at=RING, unit="justice"),
            person("city_office", "conclude", at=RING, lead="justice", basis="经现场勘查明确"),
            shows("a2"),
            *explained("liaison.justice", "a2"),
            rated(),
            SECOND,
        ),
    ),
    Script(
        name="ruling",
        share=2,
        end="closed",
        steps=(
            person("agent", "triage", triage="disputed"),
            person(
                "dispatcher",
                "call_consultation",
                matter="m1",
                candidates=["justice", "finance"],
                question="由哪个单位承办",
            ),
            until("voting", at=CONSULTATION),
            *(
                person(
                    f"liaison.{unit}",
                    "state_opinion",
                    at=CONSULTATION,
                    item="i1",
                    unit=unit,
                    opinion="not_mine",
                    basis="三定规定",
                )
                for unit in ("justice", "finance")
            ),
            until("meeting", at=CONSULTATION),
            person("city_centre", "send_to_adjudication", at=CONSULTATION),
            until("evidence", at=GROUP),
            *(
                person(f"liaison.{unit}", "submit_evidence", at=GROUP, unit=unit, kind="three_fixings", text="三定规定")
                for unit in ("justice", "finance")
            ),
            person("adjudicator", "close_evidence", at=GROUP),
            waiting("i1", at=GROUP),
            person("adjudicator", "rule", at=GROUP, item="i1", form="designate", lead="justice", basis="首接负责"),
            person("adjudicator", "confirm_ruling", "four_eyes", at=GROUP, item="i1", approve=True),
            person("adjudicator_2", "confirm_ruling", at=GROUP, item="i1", approve=True),
            shows("a1"),
            *explained("liaison.justice"),
            rated(),
            SECOND,
        ),
    ),
    Script(
        name="out_of_order",
        share=1,
        end="closed",
        steps=(
            TRIAGED,
            dispatched("power"),
            unit("power", "submit_result", order="a1", code="solved", reply="电路已修复", proof=True, twice=True),
            unit("power", "report_progress", "not_in_this_state", order="a1", note="正在抢修"),
            unit("power", "begin_work", "not_in_this_state", order="a1"),
            unit("power", "sign", "not_in_this_state", order="a1"),
            unit("power", "request_return", "not_in_this_state", order="a1", **NOT_OURS, proposed_owner="urban"),
            accepted(),
            rated(),
            unit("power", "sign", *GONE, order="a1"),
        ),
    ),
    Script(
        name="wrong_answers",
        share=1,
        end="closed",
        steps=(
            TRIAGED,
            dispatched("housing"),
            unit("urban", "sign", "not_permitted", order="a1"),
            unit("housing", "sign", "not_permitted", order="a9"),
            unit("housing", "review_result", "command_not_for_units", order="a1", accept=True),
            unit("housing", "submit_result", "invalid_input", order="a1", code="magic", reply="已办"),
            unit("housing", "submit_result", "invalid_input", order="a1", code="solved", reply="已办", documents=["x"]),
            unit("housing", "submit_result", order="a1", code="solved", reply="电梯已修复", proof=True),
            unit("housing", "submit_result", "not_in_this_state", order="a1", code="explained", reply="另一说法"),
            accepted(),
            rated(),
        ),
    ),
    Script(name="answered", end="answered", steps=(person("agent", "answer", reply="营业时间为每日九时至十七时"),)),
    Script(
        name="declined",
        end="declined",
        steps=(
            person("agent", "decline", ground="no_facts", reason="无具体事实", remedy="可补充材料后再次反映"),
            person("agent", "triage", "not_in_this_stage", triage="routine"),
        ),
    ),
    Script(
        name="same_moment",
        share=1,
        end="declined,diverted",
        compared=False,
        steps=(
            until("screening"),
            together(
                person(
                    "agent",
                    "decline",
                    RECORDED,
                    "not_in_this_stage",
                    ground="settled_before",
                    reason="已办结",
                    remedy="可申请复核",
                ),
                person("dispatcher", "divert", RECORDED, "not_in_this_stage", line="119", reason="火情"),
            ),
        ),
    ),
    Script(
        name="same_key",
        share=1,
        end="closed",
        steps=(
            TRIAGED,
            together(*(person("dispatcher", "dispatch", lead="data", note="同一次点击") for _ in range(3))),
            *explained("liaison.data"),
            together(*(rated() for _ in range(2))),
            SECOND,
        ),
    ),
    Script(
        name="archived",
        pack=TIMED,
        share=3,
        end="archived",
        steps=(
            person("agent", "triage", triage="routine"),
            dispatched("parking"),
            unit("parking", "submit_result", order="a1", code="solved", reply="道闸已修复", proof=True),
            accepted("a1"),
            rated(),
        ),
    ),
    Script(
        name="silent",
        pack=TIMED,
        share=1,
        end="archived",
        steps=(
            person("agent", "triage", triage="routine"),
            dispatched("tax"),
            *explained("liaison.tax"),
            rated(),
            SECOND,
        ),
    ),
)
"""Every script, and how often it is played in proportion to the others."""


def cast(cases: int, seed: int) -> list[Script]:
    """Return which script each case plays: every script at least once where there are cases enough, then by share."""
    rng = random.Random(f"cast/{seed}")
    parts = list(SCRIPTS[:cases])
    parts += rng.choices(SCRIPTS, [s.share for s in SCRIPTS], k=max(0, cases - len(parts)))
    rng.shuffle(parts)
    # Those that have to wait for their archive begin first.
    return sorted(parts, key=lambda script: script.pack != TIMED)

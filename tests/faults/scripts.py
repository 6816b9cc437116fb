"""What people and department systems do with a case, step by step, and what must come of each step.

A script is data: the same steps in the same order whatever breaks meanwhile.

Scripts of the pack ``haikou`` meet no deadline within a run: two runs give the same journal, event by event. Scripts of the
pack ``demo`` meet many (a working day has six seconds); what people did must still be the same.
"""

import random
from typing import Any, Final

from tests.faults.steps import (
    RECORDED,
    TIMED,
    TRIAGED,
    Script,
    accepted,
    dispatched,
    explained,
    person,
    rated,
    shows,
    together,
    unit,
    until,
    waiting,
)

NOT_OURS: Final[dict[str, Any]] = {"ground": "not_our_duty", "reason": "不属本单位职责", "basis": "部门职责规定"}
GONE: Final = ("not_in_this_state", "not_in_this_stage")
SECOND = person("shift_leader", "review_closing", approve=True, reason="说明属实")

RING: Final = "ring/{no}/large/1"
CONSULTATION: Final = "consultation/{no}-m1"
GROUP: Final = "adjudication/{no}-m1"
MEASURE: Final = "measure/{no}.large.1-1"
URGE: Final = "supervision/{no}/urge/{no}-1"

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
        name="planned",
        share=1,
        end="closed",
        steps=(
            TRIAGED,
            dispatched("finance"),
            person("liaison.finance", "report_up", order="a1", reason="涉及多个部门", tried="已协调两次"),
            until("answering", at=RING),
            person("city_office", "answer_report", at=RING, accept=True),
            person("city_office", "name_lead", at=RING, lead="justice"),
            person("liaison.justice", "report_in", at=RING, unit="justice"),
            person("city_office", "set_plan", at=RING, unit="justice", what="加装护栏", due="{in_30_days}"),
            until("listed", at=MEASURE, who="city_office"),
            person("liaison.justice", "accept_measure", at=MEASURE),
            person("centre_head", "give_up_measure", at=MEASURE, reason="改由他处实施"),
            person("city_office", "conclude", at=RING, lead="justice", basis="经现场勘查明确"),
            shows("a2"),
            *explained("liaison.justice", "a2"),
            rated(),
            SECOND,
        ),
    ),
    Script(
        name="urged",
        share=1,
        end="closed",
        steps=(
            TRIAGED,
            dispatched("finance"),
            *explained("liaison.finance"),
            rated("unsatisfied", "no"),
            *explained("liaison.finance", "a2"),
            rated("unsatisfied", "no"),
            until("issued", at=URGE, who="supervisor"),
            person("liaison.finance", "acknowledge", at=URGE),
            person("liaison.finance", "reply_supervision", at=URGE, reply="已再次上门说明"),
            *explained("liaison.finance", "a3"),
            rated(),
            SECOND,
            # Last, so that what the case hears of it has its place.
            person("supervisor", "verify_supervision", at=URGE, met=True, note="属实"),
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
            waiting("i1", at=GROUP),
            *(
                person(f"liaison.{unit}", "submit_evidence", at=GROUP, unit=unit, kind="three_fixings", text="三定规定")
                for unit in ("justice", "finance")
            ),
            person("adjudicator", "close_evidence", at=GROUP),
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

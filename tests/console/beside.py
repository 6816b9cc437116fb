"""Processes beside the case for console tests: a city in which one of each kind is under way, made through the API."""

import itertools
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

import httpx

from domain.calendar import local_day
from tests.console.kit import PATIENCE_S, Running

DISTRICT, STREET = "songlan", "songlan-liuting"
CENTRE = f"centre.{DISTRICT}"
WORDS = {
    "channel": "phone",
    "case_type": "complaint",
    "content": "小区北门下水道堵塞，污水流到路面上。",
    "place": "和风路与听海街交叉口",
    "district": DISTRICT,
    "caller": {"type": "person", "name": "来电人", "phone": "000-0000"},
}
_keys = itertools.count(1)


def today() -> date:
    return local_day(datetime.now(UTC))


@dataclass
class Town:
    """People who act through the API of a console that runs, and the processes they began, by kind."""

    console: Running
    tokens: dict[str, str] = field(default_factory=dict)
    processes: dict[str, str] = field(default_factory=dict)
    cases: dict[str, str] = field(default_factory=dict)
    http: httpx.Client = field(default_factory=lambda: httpx.Client(timeout=30))

    def call(self, user: str, method: str, path: str, body: Any = None) -> Any:
        if user not in self.tokens:
            self.tokens[user] = self.console.token(user)
        headers = {"authorization": f"Bearer {self.tokens[user]}", "idempotency-key": f"town-{next(_keys)}"}
        answer = self.http.request(method, f"{self.console.url}/api/v1{path}", json=body, headers=headers)
        assert answer.status_code < 300, (user, path, answer.text)
        return answer.json()

    def do(self, user: str, process: str, command: str, /, **body: Any) -> None:
        self.call(user, "POST", f"/processes/{process}/decisions/{command}", body)

    def begin(self, user: str, kind: str, command: str, /, **body: Any) -> str:
        process = str(self.call(user, "POST", f"/proceedings/{kind}/open/{command}", body)["process"])
        self.processes.setdefault(kind, process)
        return process

    def case(self, title: str) -> str:
        """A case that waits for its dispatch."""
        no = str(self.call("agent", "POST", "/requests", {**WORDS, "title": title})["no"])
        self.do("agent", f"case/{no}", "triage", triage="routine")
        return no

    def until(self, process: str, holds: Callable[[Any], bool]) -> None:
        """Wait until messages have arrived."""
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline:
            headers = {"authorization": f"Bearer {self.console.token('dispatcher')}"}
            answer = self.http.get(f"{self.console.url}/api/v1/proceedings/{process}", headers=headers)
            if answer.status_code == 200 and holds(answer.json()):
                return
            time.sleep(0.2)
        raise AssertionError(f"{process}: not within {PATIENCE_S} s")

    def a_pack(self) -> str:
        """A pack that cases may be moved to."""
        first = self.call("city_office", "GET", "/policies")["items"][0]
        return f"{first['id']}@{first['version']}"

    # ------------------------------------------------------------------------------------------------------ one of each

    def consulting(self, title: str = "楼下路灯不亮") -> str:
        """Two units are asked whose a lamp is."""
        no = self.case(title)
        process = self.begin(
            "agent",
            "consultation",
            "open_consultation",
            question="该路灯由谁管护？",
            candidates=["urban", "street-lights"],
            entries=[{"holder": f"case/{no}"}],
            district=DISTRICT,
        )
        self.until(process, lambda v: v["items"][0]["state"] == "reserved")
        return process

    def ringing(self) -> str:
        """A street reports up; the district takes it and calls two units, one of which comes."""
        no = self.case("下水道堵塞污水外溢")
        self.do("dispatcher", f"case/{no}", "dispatch", lead=STREET)
        self.do(f"liaison.{STREET}", f"case/{no}", "sign", order="a1")
        self.do(
            f"liaison.{STREET}",
            f"case/{no}",
            "report_up",
            order="a1",
            reason="镇街无力处置。",
            tried="已联系两家单位。",
        )
        process = self.processes["ring"] = f"ring/{no}/middle/1"
        self.cases["ring"] = no
        self.until(process, lambda _: True)
        self.do(CENTRE, process, "answer_report", accept=True)
        self.do(CENTRE, process, "whistle_units", units=["drainage", "songlan-housing"], note="请到现场。")
        self.do("liaison.drainage", process, "report_in", unit="drainage", note="已到现场。")
        return process

    def adjudicating(self, *, issued: bool = False) -> str:
        """The group has drawn up a ruling, which a second member may have confirmed."""
        no = self.case("两区交界处道路破损")
        process = self.begin(
            "city_centre",
            "adjudication",
            "open_adjudication",
            parties=["urban", "transport"],
            entries=[{"holder": f"case/{no}"}],
            question="该路段由谁负责养护？",
            district=DISTRICT,
        )
        self.until(process, lambda v: v["items"][0]["state"] == "reserved")
        for unit in ("urban", "transport"):
            self.do(f"liaison.{unit}", process, "submit_evidence", unit=unit, kind="law", text="城市道路管理条例。")
        self.do("adjudicator", process, "close_evidence")
        self.do("adjudicator", process, "rule", item="i1", form="designate", lead="urban", basis="城市道路由城管养护。")
        if issued:
            self.do("adjudicator_2", process, "confirm_ruling", item="i1")
        return process

    def sitting(self) -> str:
        """A session of the city with a matter on its agenda, to which units are invited."""
        no = self.case("烂尾楼长期停工")
        at = f"{today() + timedelta(days=3)}T09:00:00+08:00"
        process = self.begin(
            "session_secretary",
            "session",
            "schedule_session",
            kind="leader_session",
            level="city",
            at=at,
            leader="session_leader",
            title="四季度第一次坐诊",
        )
        self.do("session_secretary", process, "add_item", holder=f"case/{no}")
        self.until(process, lambda v: bool(v["items"]) and v["items"][0]["state"] == "reserved")
        self.do("session_secretary", process, "call_session", units=["housing", "planning"])
        return process

    def everything(self) -> "Town":
        """One of each kind."""
        self.consulting()
        self.begin(
            "city_office",
            "batch",
            "begin_batch",
            ground="reorganisation",
            pack=self.a_pack(),
            reason="规则调整。",
        )
        self.ringing()
        self.adjudicating(issued=True)
        self.sitting()
        self.begin(
            "supervisor",
            "supervision",
            "issue_supervision",
            level="urge",
            unit="urban",
            matter="lamp-1",
            trigger="media",
            note="媒体曝光，请速办。",
        )
        process = self.begin(
            "supervisor",
            "accountability",
            "open_accountability",
            unit="transport",
            step="criticise",
            matter="road-1",
            facts="多次督办未落实。",
        )
        self.do("centre_head", process, "approve_grave", approve=True, reason="情形严重")
        process = self.begin(
            "supervisor",
            "measure",
            "enter_measure",
            unit="housing",
            what="完成全市消防通道排查。",
            due=str(today() + timedelta(days=20)),
        )
        self.do("liaison.housing", process, "accept_measure", plan="一楼一策。")
        return self

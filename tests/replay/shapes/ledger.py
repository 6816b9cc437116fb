"""台账: measures from their listing to the strike-off, and back when the problem comes again."""

from datetime import timedelta

from domain.calendar import local_day
from tests.factories.engine import until
from tests.replay.shapes.beside import begun, holds, just_before, opened
from tests.replay.shapes.clocks import A_LIFE_S
from tests.replay.shapes.registry import Stage, shape

EVIDENCE = {"unit_": "water", "documents": ("doc-1",)}


@shape(
    holds="measure_listed measure_accepted measure_self_checked measure_verified strike_off_denied measure_struck_off"
    " measure_rebounded measure_amended measure_given_up measure_concluded"
)
async def struck_off_and_come_back(stage: Stage) -> None:
    """A person enters it; other eyes send it back once; struck off, it comes back, gets another day, and is given up."""
    no, today = (await stage.case()).no, local_day(await stage.engine.now())
    one = await begun(
        stage, f"measure/h-{no}", "enter_measure", role="supervisor", unit="water", due=today + timedelta(days=9)
    )
    await one.give("accept_measure", unit_="water")
    for approve in (False, True):
        await one.give("self_check", **EVIDENCE)
        await one.give("verify_measure", role="supervisor", user_="verifier", met=True)
        await one.give("strike_off", role="supervisor", user_="second", approve=approve, reason="d/x#reason")
    await one.give("report_rebound", role="supervisor", due=today + timedelta(days=12))
    await one.give("amend_measure", role="city_office", due=today + timedelta(days=15))
    await one.give("give_up_measure", role="centre_head")


@shape(
    holds="milestone_reported warning_given overdue_reached overdue_annulled measure_supervised measure_not_supervised"
    " measure_struck_off",
    shows="TIMER_FIRED",
)
async def a_day_that_has_passed(stage: Stage) -> None:
    """A measure whose day is over when it is listed: late from the first, supervised once, and put right."""
    case = await stage.case()
    no, today = case.no, local_day(await stage.engine.now())
    words, day = f"d/{no}#what", (today - timedelta(days=1)).isoformat()
    ordered = {"unit": "water", "what": words, "due": day, "origin": f"session/nobody-{no}"}
    steps = [{"what": words, "due": day}]
    one = await opened(stage, f"measure/s-{no}", pack="demo", milestones=steps, **ordered)
    await until(lambda: one.types().count("overdue_reached") > 2, seconds=A_LIFE_S)
    accept = next(e.body["due"] for e in one.events() if e.type == "overdue_reached" and e.body["key"] == "accept")
    await one.give("accept_measure", unit_="water", received=just_before(accept))
    await holds(one, "overdue_annulled")
    await holds(one, "warning_given", seconds=A_LIFE_S)
    for _ in range(2):  # the second is refused: it is supervised
        await one.give("supervise_measure", level="supervise")
    await holds(one, "measure_not_supervised")
    await one.give("report_milestone", unit_="water", milestone="m1")
    await one.give("self_check", **EVIDENCE)
    await one.give("verify_measure", role="supervisor", user_="verifier", met=True)
    await one.give("strike_off", role="supervisor", user_="second", approve=True)

"""A refusal in words, for pages and forms; the texts are those of the API."""

from collections.abc import Iterable
from typing import Final

from starlette.responses import Response

from api.problems import Problem
from storage.texts import known, refusal, text

BROKEN: Final = "\ufffd"


def in_words(problem: Problem, lang: str) -> str:
    """Return the sentence that says why something was refused."""
    if problem.refused or not known(f"problem.{problem.code}"):
        return refusal(problem.code, problem.values, lang)
    return text(f"problem.{problem.code}", lang, **problem.values)


def whole(words: Iterable[str]) -> None:
    """Refuse with 400 a form that was not UTF-8: what could not be read stands in it as U+FFFD, and would be kept so."""
    if any(BROKEN in word for word in words):
        raise Problem(400, "invalid_utf8")


def waiting(response: Response, problem: Problem | None) -> Response:
    """Return the page with the ``Retry-After`` of its problem, if that has one."""
    if problem is not None and "Retry-After" in problem.headers:
        response.headers["Retry-After"] = problem.headers["Retry-After"]
    return response


def faults(problem: Problem, lang: str) -> list[tuple[str, str]]:
    """Return what is wrong and where: pairs of place and sentence."""
    return [(e.place.strip("/"), text(f"input.{e.code}", lang, **e.values)) for e in problem.errors]

"""A refusal in words, for pages and forms; the texts are those of the API."""

from api.problems import Problem
from storage.texts import known, refusal, text


def in_words(problem: Problem, lang: str) -> str:
    """Return the sentence that says why something was refused."""
    if problem.refused or not known(f"problem.{problem.code}"):
        return refusal(problem.code, problem.values, lang)
    return text(f"problem.{problem.code}", lang, **problem.values)


def faults(problem: Problem, lang: str) -> list[tuple[str, str]]:
    """Return what is wrong and where: pairs of place and sentence."""
    return [(e.place.strip("/"), text(f"input.{e.code}", lang, **e.values)) for e in problem.errors]

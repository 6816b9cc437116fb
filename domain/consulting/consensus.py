"""共识: whether the units asked agree on who owns an item. One rule, on top of the pack's majority and quorum.

* The owner is always a unit that claims the item (``mine``): nobody becomes the owner against its word by a vote of others; that
  is what an adjudication is for.
* A claim has the voices of the claimant, and of every unit that spoke, claims nothing, and named that claimant as the owner. A
  unit that claims nothing and names nobody stands behind the claim when it is the only one, and behind none when there are
  several.
* A claim holds when the pack says so of its voices, of those who spoke, of those who were asked (``consensus.agreed``): by
  default at least two thirds of those who spoke, with a quorum; in a pack with ``unanimous``, all of them. Nobody's voice stands
  behind two claims, so two can never hold.
* 协办: units that said ``joint`` work with the owner, in the order in which they were asked. All saying ``joint`` and none
  ``mine`` leaves nobody in the lead: no consensus.
"""

from collections.abc import Mapping, Sequence

from domain.consulting.state import Count, Voice
from domain.consulting.words import Opinion
from domain.policy import Consensus


def count(candidates: Sequence[str], voices: Mapping[str, Voice], rule: Consensus) -> Count:
    """Count the voices of those who spoke."""
    spoke = {unit: voices[unit] for unit in candidates if unit in voices}
    claims = [unit for unit, voice in spoke.items() if voice.opinion is Opinion.mine]
    behind = {claim: _behind(claim, spoke, alone=len(claims) == 1) for claim in claims}
    lead = next((claim for claim in claims if rule.agreed(behind[claim], len(spoke), len(candidates))), None)
    joint = tuple(unit for unit, voice in spoke.items() if voice.opinion is Opinion.joint)
    return Count(
        agreed=lead is not None,
        yes=behind[lead] if lead is not None else max(behind.values(), default=0),
        spoke=len(spoke),
        asked=len(candidates),
        lead=lead,
        co=joint if lead is not None else (),
        silent=tuple(unit for unit in candidates if unit not in spoke),
    )


def _behind(claim: str, spoke: Mapping[str, Voice], *, alone: bool) -> int:
    def stands(unit: str, voice: Voice) -> bool:
        if voice.opinion is Opinion.mine:
            return unit == claim
        return voice.owner == claim or (voice.owner is None and alone)

    return sum(stands(unit, voice) for unit, voice in spoke.items())

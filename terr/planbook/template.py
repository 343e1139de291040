"""A company's own form of territory plans: which sections in which order, its questions, its cadences."""

from __future__ import annotations

from dataclasses import dataclass

from terr.errors import InputError
from terr.planbook.cadence import USUAL_CADENCES, Cadence

SECTIONS = {
    "standing": "Where we stand",
    "targets": "Target accounts",
    "potential": "Potential",
    "offers": "Offers",
    "support": "Support needed",
    "calendar": "Outreach calendar",
    "swot": "SWOT",
    "goals": "Goals and activities",
    "actions": "Actions",
    "questions": "Questions",
}
"""Key -> title, in the usual order."""
USUAL = tuple(s for s in SECTIONS if s != "questions")


@dataclass(frozen=True)
class PlanTemplate:
    """What a company's territory plans hold.

    Attributes:
        sections: keys of `SECTIONS` in their order; questions of their own make the section "questions" appear.
        questions: in words, each once.
        targets: how many accounts a plan begins with, 1 to 100.
        cadences: one per tier.
    """

    sections: tuple[str, ...] = USUAL
    questions: tuple[str, ...] = ()
    targets: int = 20
    cadences: tuple[Cadence, ...] = USUAL_CADENCES

    def __post_init__(self) -> None:
        unknown = [s for s in self.sections if s not in SECTIONS]
        if unknown:
            raise InputError(f'"{unknown[0][:40]}" isn\'t a section of a territory plan')
        if not self.sections or len(set(self.sections)) < len(self.sections):
            raise InputError("a template needs one section or more, each once")
        if not 1 <= self.targets <= 100:
            raise InputError("a plan begins with 1 to 100 target accounts")
        asked = [q.strip() for q in self.questions]
        if any(not q or len(q) > 300 for q in asked) or len({q.casefold() for q in asked}) < len(asked):
            raise InputError("each question needs up to 300 characters and may be asked once")
        if len(asked) > 30:
            raise InputError("a template asks up to 30 questions")
        if len({c.tier for c in self.cadences}) < len(self.cadences):
            raise InputError("each tier has one cadence; delete one of the two")

    @property
    def shown(self) -> tuple[str, ...]:
        """Sections of a plan: with questions there is a place for them, last unless the template says where."""
        listed = tuple(s for s in self.sections if s != "questions" or self.questions)
        return (*listed, "questions") if self.questions and "questions" not in listed else listed

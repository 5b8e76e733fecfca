"""Whether citations gather on few documents, as they do in every real network, or fall on all alike.

Documents of one release are of about the same age, so that of them no one has had more time to be cited. If citations
fell on them at random, two would meet in one document as often as chance has it; in real networks they meet three to
ninety times as often. That number depends neither on how many citations there are nor on how old the corpus is.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from hotarea.domain import limits
from hotarea.domain.finding import Finding


@dataclass(frozen=True)
class Cohort:
    """The documents that one release was the first to hold, as another release cites them."""

    documents: int
    citations: int
    meetings: int  # Σ k·(k − 1) over the documents' citations k: ordered pairs that meet in one document


def ratio(cohorts: Iterable[Cohort]) -> float | None:
    """Return how much more often citations meet than by chance; None if there are too few to tell."""
    counted = [cohort for cohort in cohorts if cohort.documents]
    by_chance = sum(c.citations * (c.citations - 1) / c.documents for c in counted)
    if sum(c.citations for c in counted) < limits.RANDOM_CITATIONS or by_chance < limits.AT_LEAST:
        return None
    return sum(c.meetings for c in counted) / by_chance


def random(cohorts: Iterable[Cohort]) -> Iterator[Finding]:
    """Yield a finding if citations fall on documents of the same age alike."""
    found = ratio(cohorts)
    if found is not None and found < limits.RANDOM_RATIO:
        yield Finding(
            "random_citations",
            "critical",
            "cited_id",
            f"Two citations meet in one document at least {limits.RANDOM_RATIO} times as often as by chance.",
            f"{found:.2f} times: in-degrees have no tail, so the citations are random or their ids are mixed up",
        )

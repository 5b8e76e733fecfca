"""The subjects of validations, and which comes later: pure functions of their names."""

import re
from collections.abc import Iterable

from hotarea.domain.windows import Cutoff

_DATED = re.compile(r"(\d{4}-\d\d-\d\d)(?:@(\d{4}-\d\d-\d\d))?(?:-v(\d+))?", re.ASCII)

ALONE = frozenset({"training_set", "predictions"})
"""Datasets of which one subject is in service at a time; each training, and each model that scores, makes another."""


def of_predictions(cutoff: Cutoff, model_version: int) -> str:
    """Return how a validation names the predictions of a model at a cutoff."""
    return f"{cutoff}-v{model_version}"


def reach(dataset: str, passed: Iterable[str], rejected: Iterable[str]) -> bool:
    """Whether what passed now is as late as all that was rejected before, or later.

    Releases and cutoffs follow each other by their dates, predictions of one cutoff by the model's version. The name
    of a training tells no order: the one that is judged now is later. A name of another form is reached by nothing.
    """
    if dataset == "training_set":
        return True
    orders = [_order(subject) for subject in rejected]
    known = [order for order in orders if order]
    newest = max(filter(None, map(_order, passed)), default=None)
    return newest is not None and bool(known) and len(known) == len(orders) and newest >= max(known)


def _order(subject: str) -> tuple[str, str, int] | None:
    """Return the day, the date on which it was known, and the version; None of a name of another form."""
    found = _DATED.fullmatch(subject)
    return (found[1], found[2] or found[1], int(found[3] or 0)) if found else None

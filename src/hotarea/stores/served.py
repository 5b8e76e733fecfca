"""Whose predictions are in service, now and at any time before, as the ledger has it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from hotarea.domain.records import Champion, PredictionSet
from hotarea.stores.ledger import Ledger


@dataclass(frozen=True)
class Reign:
    """The time in which one champion's predictions were in service: until `ended`, or still."""

    champion: Champion
    since: datetime
    ended: datetime | None


def history(ledger: Ledger) -> list[Reign]:
    """Return the reigns, the one that is still going on last.

    A champion's predictions are in service from its promotion on or, if it has scored nothing by then, from its first
    scoring; until then, those of the champion before stay. What was so at a moment never changes later.
    """
    sets = sorted(ledger.all(PredictionSet), key=lambda s: s.published_at, reverse=True)
    first = {s.model_version: s.published_at for s in sets}
    begun = [
        (champion, max(champion.promoted_at, first[champion.model_version]))
        for champion in ledger.all(Champion)
        if champion.model_version in first
    ]
    # one that scored after the next had taken its place never reigned
    ruled = [(c, since) for n, (c, since) in enumerate(begun) if all(since < later for _, later in begun[n + 1 :])]
    ends: Sequence[datetime | None] = [*(since for _, since in ruled[1:]), None]
    return [Reign(c, since, ended) for (c, since), ended in zip(ruled, ends, strict=False)]


def champion(ledger: Ledger) -> Champion | None:
    """Return the champion whose predictions are in service: until a new one has scored, that is the one before."""
    reigns = history(ledger)
    return reigns[-1].champion if reigns else None


def predictions(ledger: Ledger) -> PredictionSet | None:
    """Return the predictions in service at their newest cutoff; after a rollback, the old ones."""
    serving = champion(ledger)
    sets = ledger.all(PredictionSet, model_version=serving.model_version) if serving else []
    return max(sets, key=lambda s: (s.cutoff, s.known), default=None)

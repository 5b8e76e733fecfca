"""What is in service, as the ledger has it."""

from hotarea.domain.records import Champion, PredictionSet
from hotarea.stores.ledger import Ledger


def predictions(ledger: Ledger) -> PredictionSet | None:
    """Return the champion's predictions at the newest cutoff that it has scored; after a rollback, the old ones."""
    champion = ledger.newest(Champion)
    sets = ledger.all(PredictionSet, model_version=champion.model_version) if champion else []
    return max(sets, key=lambda s: (s.cutoff, s.known), default=None)

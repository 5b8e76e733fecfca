"""Model cards: one page and one JSON file per version, of what the training, the gate and the timeline remember."""

import logging
from pathlib import Path

from hotarea.domain import model_card, records
from hotarea.domain.errors import NotReadyError
from hotarea.domain.model_card import Data, ModelCard, Origin
from hotarea.domain.settings import Settings
from hotarea.domain.training import MODEL_NAME
from hotarea.stages import binding, sample
from hotarea.stores import model_card_page, registry
from hotarea.stores.layout import Layout
from hotarea.stores.ledger import Ledger
from hotarea.stores.training_folder import TrainingFolder, write

log = logging.getLogger(__name__)


def run(settings: Settings, version: int | None = None) -> ModelCard:
    """Make the card of a version anew, by default the champion's, or else the newest one's, and return it.

    It lies as `card.html` and `card.json` in the training's folder and with the version in the registry, and as a page
    among the reports. Raises `NotReadyError` if there is no such version, or it was not evaluated.
    """
    with Ledger(settings.ledger) as ledger:
        card = _card(settings, ledger, _training(ledger, version))
    folder = TrainingFolder.of(Layout(settings.home), card.plan.training_id)
    write(folder.card.with_suffix(".json"), card)
    for page in (folder.card, report(settings, card.version)):
        model_card_page.write(page, card)
    registry.attach(settings, card.version, card.summary, [folder.card, folder.card.with_suffix(".json")])
    log.info("the card of version %d is %s", card.version, folder.card)
    return card


def of_training(settings: Settings, training_id: str) -> ModelCard:
    """Make the card of the version that a training gave."""
    with Ledger(settings.ledger) as ledger:
        found = ledger.newest(records.TrainingRun, training_id=training_id)
    if found is None:
        raise NotReadyError(f"there is no trained candidate {training_id}; expected one. Train first.")
    return run(settings, found.model_version)


def of_outcome(settings: Settings, training_id: str) -> ModelCard:
    """Make the card of the version that a training gave, and those of the champion and of whom it replaced."""
    card = of_training(settings, training_id)
    of_reigns(settings)
    return card


def of_reigns(settings: Settings) -> list[ModelCard]:
    """Make the cards of the version in service and of the one that it replaced anew, after the champion has changed."""
    with Ledger(settings.ledger) as ledger:
        timeline = sorted(ledger.all(records.Champion), key=lambda c: c.sequence)
    return renew(settings, *(entry.model_version for entry in timeline[:-3:-1]))


def renew(settings: Settings, *versions: int) -> list[ModelCard]:
    """Make cards anew, after what they tell of has changed; return them.

    One whose training's folder is gone stays as it is: what became of its model does not depend on it.
    """
    cards = []
    for version in dict.fromkeys(versions):
        try:
            cards.append(run(settings, version))
        except NotReadyError as error:
            log.warning("the card of version %d stays as it is: %s", version, error)
    return cards


def page(settings: Settings, card: ModelCard) -> Path:
    """Return the page of a card, in the folder of its training."""
    return TrainingFolder.of(Layout(settings.home), card.plan.training_id).card


def report(settings: Settings, version: int) -> Path:
    """Return where the page of a version's card lies among the reports."""
    return Layout(settings.home).reports / "model_cards" / f"{MODEL_NAME}-v{version}.html"


def _training(ledger: Ledger, version: int | None) -> records.TrainingRun:
    champion = ledger.newest(records.Champion)
    wanted = version if version is not None else champion and champion.model_version
    found = ledger.newest(records.TrainingRun, **({} if wanted is None else {"model_version": wanted}))
    if found is None:
        there = sorted({run.model_version for run in ledger.all(records.TrainingRun)})
        raise NotReadyError(
            f"{MODEL_NAME} has no version {'' if wanted is None else wanted}; expected one of {there or 'none yet'}. "
            "Train first, or name another."
        )
    return found


def _card(settings: Settings, ledger: Ledger, training: records.TrainingRun) -> ModelCard:
    folder = TrainingFolder.of(Layout(settings.home), training.training_id)
    tags = registry.tags(settings, training.model_version)
    return ModelCard(
        name=MODEL_NAME,
        version=training.model_version,
        plan=folder.read_plan(),
        recipe=folder.read_recipe(),
        data=_data(settings, ledger, folder),
        origin=Origin(
            feature_service=training.feature_service,
            feature_service_sha256=tags.get(binding.FINGERPRINT),
            code_version=registry.code_of(settings, training.model_version),
            run_id=training.run_id,
            trained_at=training.trained_at,
        ),
        evidence=folder.read_evidence(),
        decision=ledger.newest(records.Decision, training_id=training.training_id),
        answers=tuple(ledger.all(records.Approval, training_id=training.training_id)),
        reigns=model_card.reigns(ledger.all(records.Champion), training.model_version),
        made_at=records.now(),
    )


def _data(settings: Settings, ledger: Ledger, folder: TrainingFolder) -> Data:
    plan, facts = folder.read_plan(), folder.read_facts()
    known = {release.release_id: release for release in ledger.all(records.Release)}
    source = Path(known[plan.releases[-1]].source) if plan.releases[-1] in known else None
    return Data(
        source=source.name if source else "unknown",
        synthetic=bool(source and sample.is_synthetic(settings, source)),
        releases=plan.releases,
        rows=facts.rows,
        hot=facts.hot,
        evaluation_rows=facts.evaluation_rows,
        evaluation_hot=facts.evaluation_hot,
        unknown=facts.unknown,
        dataset_sha256=facts.digest,
    )

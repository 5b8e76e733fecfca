"""Rebuild: makes the rows of a training again from what they were made of, and compares them byte for byte."""

import logging
from collections.abc import Iterator
from dataclasses import dataclass

import pyarrow as pa

from hotarea.domain.errors import NotReadyError, ValidationError
from hotarea.domain.settings import Settings
from hotarea.stages import training_rows
from hotarea.stores import layout as files
from hotarea.stores.layout import Layout
from hotarea.stores.training_folder import DatasetFacts, Inputs, TrainingFolder

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Rebuilt:
    """A training's rows, made again and found to be the same."""

    training_id: str
    rows: int
    evaluation_rows: int
    digest: str
    files: dict[str, str]  # SHA-256 of each file of rows, then and now
    note: str  # where values are the same and bytes are not, why


def run(settings: Settings, training_id: str) -> Rebuilt:
    """Rebuild the rows of a training aside and compare them with those that it learned from.

    Raises `NotReadyError` if the training is unknown or a set that it was made of is gone, `ValidationError` if the
    rows differ: it names each input that is another than it was.
    """
    folder = TrainingFolder.of(Layout(settings.home), training_id)
    if not folder.dataset.is_dir():
        known = ", ".join(sorted(f.parent.name for f in Layout(settings.home).runs.glob("*/dataset"))) or "none"
        raise NotReadyError(f"{training_id} has no rows to compare with; expected one of {known}. Name one of them.")
    facts, inputs, plan = folder.read_facts(), folder.read_inputs(), folder.read_plan()
    baselines = list(inputs.services)[-1]
    rows = training_rows.collect(settings, plan, baselines)
    again = TrainingFolder(Layout(settings.home).aside("rebuild"))
    try:
        sets = training_rows.made_of(settings, plan)
        services = training_rows.services(settings, plan, baselines)
        found = again.write_rows(Layout(settings.home), rows, sets, services)
        return _compared(training_id, (facts, inputs), (found, again.read_inputs()))
    finally:
        files.discard(again.path)


def _compared(training_id: str, then: tuple[DatasetFacts, Inputs], now: tuple[DatasetFacts, Inputs]) -> Rebuilt:
    (facts, inputs), (found, made_of) = then, now
    if found.digest != facts.digest:
        causes = "; ".join(_changed(inputs, made_of)) or "no input has changed, so the code that joins them has"
        raise ValidationError(
            f"the rows of {training_id} are {found.digest[:12]} when made again ({found.rows} and "
            f"{found.evaluation_rows}); expected {facts.digest[:12]} ({facts.rows} and {facts.evaluation_rows}). "
            f"{causes}. Restore what has changed from a backup, or train again."
        )
    note = ""
    if made_of.rows != inputs.rows:
        note = "the values are the same; the files differ"
        if inputs.written_by != pa.__version__:
            note += f", written by pyarrow {inputs.written_by}, now {pa.__version__}"
    log.info("the rows of %s are the same when made again", training_id)
    return Rebuilt(training_id, found.rows, found.evaluation_rows, found.digest, made_of.rows, note)


def _changed(then: Inputs, now: Inputs) -> Iterator[str]:
    """Tell which inputs are others than they were."""
    for was, is_now in zip(then.sets, now.sets, strict=True):
        others = sorted(n for n in was.files | is_now.files if was.files.get(n) != is_now.files.get(n))
        if others:
            yield f"{was.kind} of {was.cutoff} have changed: {', '.join(others)}"
    for service, fingerprint in then.services.items():
        if now.services.get(service) != fingerprint:
            yield f"feature service {service} has changed"

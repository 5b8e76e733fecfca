"""The rehearsal before the gate: the model as the registry keeps it, in a fresh process, and what is served online.

The evaluation has judged a model in the process that made it. What would serve is the registered file, read by another
process, beside features that the online store answers.
"""

import logging
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import numpy as np

from hotarea.domain.errors import GateError, JobError, NotReadyError
from hotarea.domain.evidence import Evidence, Rehearsal
from hotarea.domain.records import Audit, Materialization
from hotarea.domain.settings import Settings
from hotarea.stages.fresh_process import UNUSABLE, Answers
from hotarea.stores.ledger import Ledger
from hotarea.stores.training_folder import TrainingFolder

if TYPE_CHECKING:
    import pyarrow as pa

log = logging.getLogger(__name__)

REQUESTS = 300
"""So many evaluation rows, evenly spread, are asked for: enough for a 99th percentile, and done in a second."""

_TIMEOUT_S = 600


def complete(
    settings: Settings, folder: TrainingFolder, evidence: Evidence, run_id: str, *, serves: bool = True
) -> Evidence:
    """Return the evidence with the rehearsal of the registered model and, of a home that serves, what the audits found.

    What cannot be found out, such as the agreement of views that nobody brought online, stays missing.
    """
    views = _online_views(settings, folder.read_plan().feature_service) if serves else []
    found = replace(
        evidence,
        rehearsal=rehearsed(settings, folder, evidence.model_version),
        online_views=tuple(views),
        disagreement=_disagreement(settings, views, run_id),
    )
    log.info("%s in a fresh process: %s; online answers that differ: %s", evidence.training_id, *_told(found))
    return found


def rehearsed(settings: Settings, folder: TrainingFolder, version: int) -> Rehearsal:
    """Let a fresh process load a version's registered file and score sample requests, and compare to the bit.

    What is wrong with the file is found; raises `JobError` if the process is ended or gives no answer in time, which
    says nothing of the model.
    """
    from hotarea.domain import training
    from hotarea.stores import registry

    rows = _sample(folder.rows("evaluation"))
    expected = training.score(training.load(folder.model), training.matrix(rows, folder.read_plan().features))
    with tempfile.TemporaryDirectory(prefix="hotarea-") as scratch:
        try:
            model = registry.fetch(settings, version, Path(scratch) / "model.ubj")
            answers = _ask(model, rows, Path(scratch))
        except GateError as error:
            return Rehearsal(loading_s=0, requests=0, p50_ms=0, p99_ms=0, differing=0, error=str(error))
    took = np.percentile(answers.milliseconds or [0.0], [50, 99])
    return Rehearsal(
        loading_s=round(answers.loading_s, 4),
        requests=len(answers.scores),
        p50_ms=round(float(took[0]), 4),
        p99_ms=round(float(took[1]), 4),
        differing=int((np.asarray(answers.scores) != expected).sum()),
    )


def _sample(rows: "pa.Table") -> "pa.Table":
    places = np.linspace(0, rows.num_rows - 1, min(REQUESTS, rows.num_rows)).astype(np.int64)
    return rows.take(places)


def _ask(model: Path, rows: "pa.Table", scratch: Path) -> Answers:
    import pyarrow.parquet as pq

    requests, result = scratch / "requests.parquet", scratch / "answers.json"
    pq.write_table(rows, requests)
    command = [sys.executable, "-m", "hotarea.stages.fresh_process", str(model), str(requests), str(result)]
    try:
        ended = subprocess.run(command, capture_output=True, text=True, check=False, timeout=_TIMEOUT_S)
    except subprocess.TimeoutExpired as error:
        raise JobError(
            f"the fresh process that tries {model.name} gave no answer within {_TIMEOUT_S} s; expected "
            f"{rows.num_rows} scores. Run the gate again when the machine is less busy."
        ) from error
    said = ["nothing", *ended.stderr.strip().splitlines()][-1]
    if ended.returncode == UNUSABLE:
        raise GateError(said)
    if ended.returncode != 0:
        raise JobError(
            f"the fresh process that tries {model.name} ended with status {ended.returncode} and said: {said}. "
            "Mend the cause and run the gate again."
        )
    return msgspec.json.decode(result.read_bytes(), type=Answers)


def _online_views(settings: Settings, service: str) -> list[str]:
    """Return the views that both the model and applications read: those that the online store should answer."""
    from hotarea.stages.serving import APPLICATIONS_READ
    from hotarea.stores import definitions, feature_store

    definitions.apply(settings)
    store = feature_store.open_store(settings)
    return sorted({*feature_store.views_of(store, service)} & {*feature_store.views_of(store, APPLICATIONS_READ)})


def _disagreement(settings: Settings, views: Sequence[str], run_id: str) -> dict[str, float]:
    """Return by view which share of the audited documents differed; views are audited where that is not known yet.

    The audit that follows a write may be running still, or may have been killed.
    """
    from hotarea.stages import audit

    unknown = [view for view, found in _audits(settings, views).items() if found is None]
    if unknown:
        try:
            audit.compare(settings, run_id, unknown)
        except NotReadyError as error:
            log.warning("%s cannot be audited: %s", ", ".join(unknown), error)
    return {view: found.share for view, found in _audits(settings, views).items() if found}


def _audits(settings: Settings, views: Sequence[str]) -> dict[str, Audit | None]:
    """Return the newest audit of each view; None where rows were written since, or never."""
    from hotarea.stores import feature_store, online_name

    store = online_name.of(feature_store.open_store(settings).config.online_store)
    with Ledger(settings.ledger) as ledger:
        return {view: _audit(ledger, view, store) for view in views}


def _audit(ledger: Ledger, view: str, store: str) -> Audit | None:
    written = ledger.newest(Materialization, view=view, store=store)
    found = ledger.newest(Audit, view=view, store=store)
    return found if written and found and found.audited_at >= written.materialized_at else None


def _told(found: Evidence) -> tuple[str, str]:
    rehearsal = found.rehearsal
    said = rehearsal.error or f"{rehearsal.requests} requests, p99 {rehearsal.p99_ms} ms" if rehearsal else "none"
    return said, ", ".join(f"{view} {share:.2%}" for view, share in found.disagreement.items()) or "not known"

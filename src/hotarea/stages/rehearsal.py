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
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import numpy as np

from hotarea.domain.errors import GateError, JobError, NotReadyError
from hotarea.domain.evidence import Agreement, Evidence, Rehearsal
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

    Raises `NotReadyError` if a view that the model reads cannot be audited, or does not serve the newest cutoff yet,
    and `JobError` if the fresh process gives no answer: neither says anything of the model, and both can be mended.
    """
    plan = folder.read_plan()
    online = _online(settings, plan.feature_service) if serves else {}
    agreement = _agreement(settings, [*online], plan.window.newest.day, run_id) if online else {}
    tried = rehearsed(settings, folder, evidence.model_version)
    found = replace(
        evidence,
        rehearsal=tried,
        serves=serves,
        online_views=tuple(online),
        online_features=tuple(name for names in online.values() for name in names),
        agreement=agreement,
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


def _online(settings: Settings, service: str) -> dict[str, list[str]]:
    """Return what the model reads of the views that applications read too, which the online store should answer."""
    from hotarea.stages.serving import APPLICATIONS_READ
    from hotarea.stores import definitions, feature_store

    definitions.apply(settings)
    store = feature_store.open_store(settings)
    read, offered = feature_store.read_of(store, service), feature_store.views_of(store, APPLICATIONS_READ)
    return {view: read[view] for view in sorted(read.keys() & offered.keys())}


def _agreement(settings: Settings, views: Sequence[str], newest: date, run_id: str) -> dict[str, Agreement]:
    """Audit what is served of each view, and return what all audits found since the view was last written as a whole.

    The decision has an audit of its own: others may have compared the few documents that they had written. One that
    has failed counts until all rows are written anew, whatever a later one drew.
    """
    from hotarea.stages import audit
    from hotarea.stores import feature_store, online_name

    store = online_name.of(feature_store.open_store(settings).config.online_store)
    with Ledger(settings.ledger) as ledger:
        written = {view: _written(ledger, view, store, newest) for view in views}
        own = {found.view: found for found in audit.compare(settings, run_id, views)}
        return {view: _since(ledger, written[view], own[view]) for view in views}


def _written(ledger: Ledger, view: str, store: str, newest: date) -> Materialization:
    """Return the last write of all of a view's rows, which must be of the newest cutoff."""
    written = ledger.newest(Materialization, view=view, store=store)
    if written is None or written.cutoff < newest:
        served = f"cutoff {written.cutoff}" if written else "nothing"
        raise NotReadyError(
            f"{view}, which the model reads, serves {served} from the online store {store}; expected cutoff {newest} "
            "or later. Run `hotarea materialize`, then the gate again."
        )
    return written


def _since(ledger: Ledger, written: Materialization, own: Audit) -> Agreement:
    """Sum up the audits of a view since a write of it was complete."""
    complete = written.materialized_at + timedelta(seconds=written.seconds)
    found = [a for a in ledger.all(Audit, view=own.view, store=own.store) if a.audited_at >= complete]
    return Agreement(own.documents, max(a.share for a in (own, *found)), str(own.cutoff))


def _told(found: Evidence) -> tuple[str, str]:
    rehearsal = found.rehearsal
    said = rehearsal.error or f"{rehearsal.requests} requests, p99 {rehearsal.p99_ms} ms" if rehearsal else "none"
    differs = (f"{view} {of.share:.2%} of {of.documents}" for view, of in found.agreement.items())
    return said, ", ".join(differs) or "nothing is served"

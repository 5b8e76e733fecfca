"""Scores the documents of one cutoff with one model: predictions from the published features."""

import argparse
import shutil
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime
from datetime import time as clock
from pathlib import Path
from typing import Any

import apache_beam as beam
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import xgboost as xgb
from apache_beam.ml.inference.base import KeyedModelHandler, ModelHandler, RunInference

from beam_jobs import cutoff_sets, program
from beam_jobs.progress import Followed
from beam_jobs.steps import Step, counted, counted_bytes
from hotarea.domain import training
from hotarea.domain.knowledge import until, visible
from hotarea.domain.predictions import POPULATION, Served, rows, scorable
from hotarea.domain.tables import PREDICTIONS

MARKER = "predictions.json"
"""The result, in the output folder; it stands there once all predictions are complete."""

BATCH_ROWS = 65_536

_STAMPS = ("event_timestamp", "created_timestamp")


class HotAreaModelHandler(ModelHandler[pa.RecordBatch, pa.Table, xgb.Booster]):
    """Runs the model on batches of features.

    Beam's own XGBoost handlers can't be imported: they need the package datatable, which ended with Python 3.11.
    """

    def __init__(self, model: Path, served: Served) -> None:
        """Keep the path of the UBJ file, which every worker reads once, and what predictions say of themselves."""
        super().__init__(min_batch_size=1, max_batch_size=1)  # an element is a batch of documents already
        self._model, self._served = model, served

    def load_model(self) -> xgb.Booster:
        """Read the model."""
        return training.load(self._model)

    def run_inference(
        self,
        batch: Sequence[pa.RecordBatch],
        model: xgb.Booster,
        inference_args: dict[str, Any] | None = None,  # noqa: ARG002 - Beam's signature
    ) -> Iterator[pa.Table]:
        """Yield the predictions of each batch of features, in the model's own order of columns."""
        for features in batch:
            scores = training.score(model, training.matrix(features, model.feature_names))
            yield rows(features.column("document_id"), scores, self._served)

    def get_num_bytes(self, batch: Sequence[pa.RecordBatch]) -> int:
        """Return the bytes of the features, for Beam's metrics."""
        return sum(features.nbytes for features in batch)

    def get_metrics_namespace(self) -> str:
        """Return the name under which Beam counts inferences."""
        return "hot_area_model"


def main(arguments: Sequence[str]) -> dict[str, Any]:
    """Write predictions of the cited documents that are not retracted to `output`; return rows, hot ones, seconds."""
    asked, extra = _parser().parse_known_args(arguments)
    served = Served(
        cutoff=datetime.combine(asked.cutoff, clock(), UTC),
        scored_at=asked.scored_at,
        model_name=asked.model_name,
        model_version=asked.model_version,
        feature_service=asked.feature_service,
        threshold=asked.threshold,
    )
    marker = _cleared(asked.output)
    parts = sorted(asked.features.glob("part-*.parquet"))
    measures = program.finished(
        Followed("score_documents", marker.parent / "progress", "documents read", cutoff_sets.rows(parts)),
        program.pipeline_options(asked.runner, extra),
        lambda pipeline: _build(pipeline, parts, asked, HotAreaModelHandler(asked.model, served)),
        workers=1,  # the model uses all cores itself
        store=None,
    )
    cutoff_sets.files(asked.output, PREDICTIONS)
    found = measures["records"]
    outcome = {
        "rows": found.get("rows written", 0),
        **{of: found.get(of, 0) for of in ("hot", "uncited", "retracted", "not known yet")},
    }
    return cutoff_sets.finish(marker, {**outcome, **measures})


def _cleared(output: Path) -> Path:
    """Drop what an earlier try left, its marker first; return the marker's path."""
    marker = output.parent / MARKER
    marker.unlink(missing_ok=True)
    shutil.rmtree(output, ignore_errors=True)
    output.mkdir(parents=True)
    return marker


def _parser() -> argparse.ArgumentParser:
    result = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    result.add_argument("--features", type=Path, required=True, help="folder of the cutoff's feature set")
    result.add_argument("--retracted", type=Path, help="Parquet file of document_id: documents to leave out")
    result.add_argument("--model", type=Path, required=True, help="the model, a UBJ file")
    result.add_argument("--output", type=Path, required=True, help="folder to build the predictions in")
    result.add_argument("--cutoff", type=date.fromisoformat, required=True, help="date as of which the features hold")
    result.add_argument(
        "--known", type=date.fromisoformat, help="date as of which they are known; the cutoff's if not said"
    )
    result.add_argument("--scored-at", type=datetime.fromisoformat, required=True, help="moment of scoring, with zone")
    result.add_argument("--model-name", required=True, help="name in the registry")
    result.add_argument("--model-version", type=int, required=True, help="version in the registry")
    result.add_argument("--feature-service", required=True, help="Feast service that the model reads")
    result.add_argument("--threshold", type=float, required=True, help="scores above it are hot")
    program.add_how_to_run(result)  # the files of features are its shards
    return result


def _build(
    pipeline: beam.Pipeline, parts: Sequence[Path], asked: argparse.Namespace, handler: HotAreaModelHandler
) -> None:
    columns = list(dict.fromkeys([*_STAMPS, "document_id", POPULATION, *handler.load_model().feature_names]))
    moments = datetime.combine(asked.cutoff, clock(), UTC), until(asked.known or asked.cutoff)
    retracted = pq.read_table(asked.retracted)["document_id"].combine_chunks() if asked.retracted else None
    _ = (
        pipeline
        | "Name the feature files" >> beam.Create([(n, str(part)) for n, part in enumerate(parts)], reshuffle=False)
        | "Share them out" >> beam.Reshuffle()
        | "Read batches of features" >> beam.ParDo(Step("read", batches, columns, retracted, moments))
        | "Predict" >> RunInference(KeyedModelHandler(handler))
        | "Write predictions" >> beam.ParDo(Step("write", write, asked.output))
    )


def batches(
    part: int, file: str, columns: Sequence[str], retracted: pa.Array | None, moments: tuple[datetime, datetime]
) -> Iterator[tuple[int, pa.RecordBatch]]:
    """Yield (number of the batch, features of cited documents) of one file, skipping batches without any.

    `moments` are until when rows may hold, and be known: others do not belong to the cutoff.
    """
    counted_bytes("read", Path(file).stat().st_size)
    for number, batch in enumerate(pq.ParquetFile(file).iter_batches(BATCH_ROWS, columns=list(columns))):
        known = visible(batch, *moments)
        cited = scorable(known)
        counted("documents read", batch.num_rows)
        counted("not known yet", batch.num_rows - known.num_rows)
        counted("uncited", known.num_rows - cited.num_rows)
        kept = cited if retracted is None else cited.filter(pc.invert(pc.is_in(cited["document_id"], retracted)))
        counted("retracted", cited.num_rows - kept.num_rows)
        if kept.num_rows:
            yield part * 1000 + number, kept


def write(number: int, predictions: pa.Table, output: Path) -> Iterator[None]:
    """Write one batch of predictions as a part of its own."""
    counted("hot", pa.compute.sum(predictions["hot_area"]).as_py() or 0)
    cutoff_sets.write_part(output, number, predictions)
    yield None


if __name__ == "__main__":
    program.run(main)

"""What is where: the state of the whole loop, read from the ledger."""

from collections import Counter
from dataclasses import asdict
from datetime import date, datetime
from pathlib import Path
from typing import Any

from hotarea.domain import records
from hotarea.domain.settings import Settings
from hotarea.domain.windows import Cutoff, Maturity, scorable_from
from hotarea.stages import approval, decision_pages, job_runs, open_problems, report_links, sample
from hotarea.stores import feature_store, served
from hotarea.stores.layout import Layout
from hotarea.stores.ledger import Ledger


def collect(settings: Settings) -> dict[str, Any]:
    """Return the state as plain values: releases, cutoffs, champion, last decision and request, online store, jobs."""
    with Ledger(settings.ledger) as ledger:
        releases = sorted(ledger.all(records.Release), key=lambda r: r.release_date)
        sources = {r.source for r in releases}
        predictions = served.predictions(ledger)
        return {
            "home": str(settings.home),
            "raw": sorted(sources),
            "synthetic": any(sample.is_synthetic(settings, Path(source)) for source in sources),
            "releases": [_release(r) for r in releases],
            "feature_cutoffs": [
                {"cutoff": str(s.cutoff), "known": str(s.known), "rows": s.rows} for s in ledger.all(records.FeatureSet)
            ],
            "label_cutoffs": [
                {"cutoff": str(s.cutoff), "known": str(s.known), "hot": s.hot} for s in ledger.all(records.LabelSet)
            ],
            "maturity": _maturity(settings, releases),
            "champion": _champion(ledger),
            "last_decision": _decision(settings, ledger),
            "last_request": _request(ledger.newest(records.TriggerRequest)),
            "online_store": _online(settings, ledger),
            "predictions": _predictions(predictions, settings.horizon_years),
            "jobs": job_runs.newest(ledger),
            "validations": _validations(settings, ledger),
            "problems": open_problems.collect(settings)["open"],
            "hot_areas": _hot_areas(Layout(settings.home), predictions),
        }


def _release(release: records.Release) -> dict[str, Any]:
    return {
        "release_id": release.release_id,
        "documents": release.documents,
        "citations": release.citations,
        "removals": release.removals,
        "quarantined": release.quarantined,
        "superseded": release.superseded,
        "unknown_citing": release.unknown_citing,
        "self_citations": release.self_citations,
        "repeated_references": release.repeated_references,
        "corrects": release.corrects,
        "covers": str(release.covered),
        "corrected": release.corrected,
        "withdrawn": release.withdrawn,
        "ingested_at": _moment(release.ingested_at),
    }


def _maturity(settings: Settings, releases: list[records.Release]) -> dict[str, Any] | None:
    """Return the dates that follow from the horizon, None without a release."""
    if not releases:
        return None
    found = Maturity.of(max(r.covered for r in releases), settings.horizon_years)
    return {name: value if name == "horizon_years" else str(value) for name, value in asdict(found).items()}


def _champion(ledger: Ledger) -> dict[str, Any] | None:
    champion = ledger.newest(records.Champion)
    if champion is None:
        return None
    trained = ledger.all(records.TrainingRun, model_version=champion.model_version)
    return {
        "model_name": champion.model_name,
        "model_version": champion.model_version,
        "feature_service": champion.feature_service,
        "metrics": champion.metrics,
        "evaluation": trained[-1].metrics if trained else {},
        "evaluation_cutoff": str(trained[-1].evaluation_cutoff) if trained else None,
        "promoted_at": _moment(champion.promoted_at),
        "reason": champion.reason,
        "kind": champion.kind,
        "approved_by": champion.approved_by,
        "dataset_sha256": champion.dataset_sha256,
        "code_version": champion.code_version,
    }


def _decision(settings: Settings, ledger: Ledger) -> dict[str, Any] | None:
    decision = ledger.newest(records.Decision)
    if decision is None:
        return None
    answer = approval.of(ledger, decision)
    return {
        "training_id": decision.training_id,
        "model_version": decision.model_version,
        "champion_version": decision.champion_version,
        "accepted": decision.accepted,
        "verdict": decision.verdict,
        "answer": {"approved": answer.approved, "by": answer.by, "reason": answer.reason} if answer else None,
        "report": decision.report,
        "address": decision_pages.of(settings, decision),
        "reasons": decision.reasons,
        "checks": decision.checks,
        "decided_at": _moment(decision.decided_at),
    }


def _request(request: records.TriggerRequest | None) -> dict[str, Any] | None:
    if request is None:
        return None
    return {
        "reason": request.reason,
        "subject": request.subject,
        "outcome": request.outcome,
        "why": request.why,
        "asked_at": _moment(request.asked_at),
    }


def _online(settings: Settings, ledger: Ledger) -> dict[str, dict[str, Any]]:
    """Return per view the newest cutoff that the online store of the settings holds, and how old the write is."""
    newest: dict[str, records.Materialization] = {}
    store = feature_store.online_store(settings)
    for write in sorted(ledger.all(records.Materialization, store=store), key=lambda m: m.materialized_at):
        newest[write.view] = write
    return {
        view: {
            "cutoff": str(write.cutoff),
            "known": str(write.known or write.cutoff),
            "rows": write.rows,
            "materialized_at": _moment(write.materialized_at),
            "age_hours": round((records.now() - write.materialized_at).total_seconds() / 3600, 3),
        }
        for view, write in newest.items()
    }


def _validations(settings: Settings, ledger: Ledger) -> list[dict[str, Any]]:
    """Return the last validation of each dataset, trials left out, and where its report is."""
    found = (v for v in ledger.all(records.Validation) if not v.is_trial)
    last = {v.dataset: v for v in sorted(found, key=lambda v: v.validated_at)}
    return [
        {
            "dataset": v.dataset,
            "subject": v.subject,
            "success": v.success,
            "failures": Counter(failure["severity"] for failure in v.failures),
            "report": v.report,
            "address": report_links.address(settings, v.report),
            "validated_at": _moment(v.validated_at),
        }
        for v in last.values()
    ]


def _predictions(predictions: records.PredictionSet | None, horizon_years: int) -> dict[str, Any] | None:
    if predictions is None:
        return None
    return {
        "cutoff": str(predictions.cutoff),
        "known": str(predictions.known),
        "scorable_from": str(scorable_from(predictions.cutoff, horizon_years)),
        "model_version": predictions.model_version,
        "documents": predictions.rows,
        "hot": predictions.hot,
        "published_at": _moment(predictions.published_at),
    }


def _hot_areas(layout: Layout, predictions: records.PredictionSet | None, at_most: int = 10) -> list[dict[str, Any]]:
    if predictions is None:
        return []
    path = layout.hot_areas(Cutoff(predictions.cutoff, predictions.known), predictions.model_version)
    if not path.exists():
        return []
    import pyarrow.parquet as pq

    rows: list[dict[str, Any]] = pq.read_table(path).slice(0, at_most).to_pylist()
    return rows


def _moment(value: datetime | date) -> str:
    return value.isoformat(timespec="seconds") if isinstance(value, datetime) else value.isoformat()

"""### Put an earlier champion back in service

Who is champion (the alias and the history), the feature service that the model reads and the predictions that are
served online move together. If the earlier champion has not scored the newest cutoff, it does so first, and nothing
moves before.

**Runs** by hand only; with `dry_run` it shows in the log of `decide` what would change, and ends. **Starts**
`score_documents` through the asset `champion`, which then finds nothing to do.

**Hazards** What the champion after it did better is lost until the next promotion: the gate compares a new candidate
with the version in service. Roll forward again by naming the version. Without a version, a run first finishes a
rollback whose predictions are not served and compared yet, and goes no further back.

**Example** `{"version": 3, "reason": "version 4 scores reviews as hot", "dry_run": true}`
"""

from pathlib import Path

from airflow.sdk import Param, dag, task

from hotarea_chains import audit_predictions, into_predictions
from hotarea_flow import CHAMPION, DAG_DEFAULTS, may_be_empty, optional, settings


@dag(
    schedule=None,
    **DAG_DEFAULTS,
    doc_md=__doc__,
    tags=["hotarea", "model", "by hand"],
    params={
        "reason": Param(
            type="string",
            minLength=3,
            maxLength=500,
            title="Reason",
            description="Why; kept in the champion's history, for those who ask later.",
        ),
        "version": may_be_empty(
            "integer",
            "Version",
            "Version of the model that was champion before. Empty: the champion before this one.",
            minimum=1,
        ),
        "dry_run": Param(
            False,
            type="boolean",
            title="Dry run",
            description="Show in the log what would change, and change nothing.",
        ),
    },
)
def rollback_champion():
    @task.short_circuit
    def decide(*, run_id, params, dag_run):
        """Decide what changes and show it; end here if it is a dry run."""
        from hotarea.stages import rollback

        who = dag_run.triggering_user_name or "Airflow"
        move = rollback.prepare(settings(), run_id, params["reason"], params["version"], who)
        return None if params["dry_run"] else str(move)

    @task.short_circuit(ignore_downstream_trigger_rules=False)
    def plan(move):
        """Find what the earlier champion has to score first; skip the scoring if it has."""
        from hotarea.stages import rollback

        return optional(str, rollback.scoring(settings(), Path(move)))

    @task(outlets=[CHAMPION], trigger_rule="none_failed")
    def rollback(move, *, outlet_events):
        """Move alias, feature service and online predictions to the earlier champion."""
        from hotarea.stages import rollback

        champion = rollback.move(settings(), Path(move))
        outlet_events[CHAMPION].extra = {"model_version": champion.model_version, "reason": champion.reason}

    @task
    def model_cards():
        """Write on their cards which version serves now, and which did before."""
        from hotarea.stages import model_card

        model_card.of_reigns(settings())

    decided = decide()
    into_predictions(plan(decided)) >> rollback(decided) >> [audit_predictions(), model_cards()]


rollback_champion()

"""### Score all documents and name the hot areas

The champion scores every document of the newest cutoff, in batch by Beam. The predictions, each row with the model's
version, are validated, published and served online; the hot areas per topic follow from them.

**Runs** on a new `champion`, on new `document_features`, and by hand. Without a champion the run is skipped. What this
champion has scored already is not scored again; after a rollback its old predictions are served again.

**Hazards** If validation fails, the predictions before stay in service. If the audit fails, what is served is wrong:
the next run, or `hotarea materialize`, writes it again.

**Example** `{}`
"""

from airflow.sdk import dag, task

from hotarea_chains import audit_predictions, into_predictions
from hotarea_flow import CHAMPION, DAG_DEFAULTS, DOCUMENT_FEATURES, optional, settings


@dag(
    schedule=(CHAMPION | DOCUMENT_FEATURES),
    **DAG_DEFAULTS,
    doc_md=__doc__,
    tags=["hotarea", "model"],
)
def score_documents():
    @task.short_circuit
    def champion():
        """Go on only with a champion: before the first promotion there is nothing to score with."""
        from hotarea.stages import score

        return score.champion(settings())

    @task.short_circuit(ignore_downstream_trigger_rules=False)
    def plan(*, run_id):
        """Decide what to score; skip the scoring if this champion has scored the newest cutoff."""
        from hotarea.stages import score

        return optional(str, score.plan(settings(), run_id))

    @task(trigger_rule="none_failed")
    def materialize(*, run_id):
        """Bring the champion's predictions into the online store, if others are there."""
        from hotarea.stages import materialize, score

        materialize.run(settings(), run_id, views=[score.VIEW])

    planned = plan()
    champion() >> planned
    into_predictions(planned) >> materialize() >> audit_predictions()


score_documents()

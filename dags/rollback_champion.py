"""### Put an earlier champion back in service

The alias moves to the version at once, the champion's history keeps the reason, and the version's predictions are
served again.

**Runs** by hand only. **Starts** `score_documents` through the asset `champion`.

**Hazards** What the champion after it did better is lost until the next promotion: the gate compares a new candidate
with the version in service.

**Example** `{"version": 3, "reason": "version 4 scores reviews as hot"}`
"""

from airflow.sdk import Param, dag, task

from hotarea_flow import CHAMPION, DEFAULT_ARGS, settings


@dag(
    schedule=None,
    catchup=False,
    max_active_runs=1,
    default_args=DEFAULT_ARGS,
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
        "version": Param(
            None,
            type=["null", "integer"],
            minimum=1,
            title="Version",
            description="Version of the model that was champion before. Empty: the champion before this one.",
        ),
    },
)
def rollback_champion():
    @task(outlets=[CHAMPION])
    def rollback(*, run_id, params, outlet_events):
        """Move the champion's alias to the earlier version."""
        from hotarea.stages import rollback

        champion = rollback.run(settings(), run_id, params["reason"], params["version"])
        outlet_events[CHAMPION].extra = {"model_version": champion.model_version, "reason": champion.reason}

    rollback()


rollback_champion()

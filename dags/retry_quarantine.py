"""### Try rejected records again

Records in quarantine are tried again, as they are after the rules changed, or as a person corrected them in a file
of `hotarea quarantine show --export`. What can be used becomes known today, as a release of its own, and changes
nothing that was known before; what can't stays in quarantine with its new reason. Each record is ingested once: a
second run finds nothing to do and is skipped.

**Runs** by hand only. **Starts** `build_features` through the asset `works`.

**Hazards** Of one day there is one release: if something was ingested under today's date (UTC), retry on a later day.

**Example** `{"file": "/data/corrected.txt", "reason": "no_references"}`
"""

from pathlib import Path

from airflow.sdk import Param, dag, task

from hotarea_flow import ONE_AT_A_TIME, into_the_lake, optional, settings


@dag(
    schedule=None,
    **ONE_AT_A_TIME,
    doc_md=__doc__,
    tags=["hotarea", "data", "by hand"],
    params={
        "file": Param(
            None,
            type=["null", "string"],
            minLength=1,
            title="File",
            description="Records as written out by `hotarea quarantine show --export` and corrected. "
            "Empty: all open records as they are.",
        ),
        "release": Param(
            None, type=["null", "string"], format="date", title="Release", description="Only records of this release."
        ),
        "reason": Param(
            None,
            type=["null", "string"],
            minLength=1,
            title="Reason",
            description="Only records that were rejected for this reason, such as no_references.",
        ),
    },
)
def retry_quarantine():
    @task.short_circuit
    def plan(*, run_id, params):
        """Try the records; skip the rest of the run if none can be used."""
        from hotarea.stages import quarantine

        file = optional(Path, params["file"])
        found = quarantine.plan(settings(), run_id, file, params["release"], params["reason"])
        return optional(str, found.plan)

    into_the_lake(plan())


retry_quarantine()

"""What people are told of a training that was stopped because its columns know what only hindsight can."""

from collections.abc import Sequence

from hotarea.domain.alert import Alert, FailedCheck, Recovery
from hotarea.domain.errors import ValidationError
from hotarea.domain.hindsight import CEILINGS, Agreement
from hotarea.domain.settings import Settings
from hotarea.stages import alert
from hotarea.stores.training_folder import TrainingFolder

LEAK = "leakage/features"


def leaking(
    settings: Settings, folder: TrainingFolder, leaks: Sequence[tuple[str, Agreement]], run_id: str
) -> ValidationError:
    """Tell which columns agree with hindsight, at which cutoff and by how much; return the error that stops it."""
    name, file = folder.path.name, folder.hindsight
    ordered = sorted(leaks, key=lambda leak: leak[1].agreement - CEILINGS[leak[1].reference], reverse=True)
    cutoff, worst = ordered[0]
    error = ValidationError(
        f"column {worst.column} of {name} agrees with {worst.reference} by {worst.agreement:.3f} at {cutoff}; expected "
        f"at most {CEILINGS[worst.reference]}, as only hindsight agrees further. Find where the column is read from "
        f"and build it from what was known at the cutoff; all agreements are in {file}.",
        problem=LEAK,
    )
    findings = tuple(
        FailedCheck(
            check="hindsight",
            slice=leak.column,
            subject=name,
            expected=f"agrees with {leak.reference} by at most {CEILINGS[leak.reference]}",
            observed=f"{leak.agreement:.3f} at {at}",
        )
        for at, leak in ordered
    )
    _tell(settings, name, error, findings, run_id, str(file))
    return error


def of_the_present(settings: Settings, training_id: str, columns: Sequence[str], run_id: str) -> ValidationError:
    """Tell which columns say by their names that they describe the present; return the error that stops it."""
    error = ValidationError(
        f"{', '.join(columns)} of {training_id} describe the day of the snapshot; expected features of the cutoff. "
        "Take them from the feature service, under a new version.",
        problem=LEAK,
    )
    expected = "a feature of the cutoff, not of the day of the snapshot"
    findings = (FailedCheck(check="hindsight", slice=c, subject=training_id, expected=expected) for c in columns)
    _tell(settings, training_id, error, tuple(findings), run_id)
    return error


def clean(settings: Settings, training_id: str, run_id: str) -> None:
    """Tell that the columns of a training know nothing of the future, if those of an earlier one did."""
    what = f"No column of {training_id} knows what only hindsight can."
    alert.settle(settings, Recovery(problem=LEAK, what=what, where=f"training {training_id}", run_id=run_id))


def _tell(  # noqa: PLR0913, PLR0917 - each a different thing
    settings: Settings,
    training_id: str,
    error: ValidationError,
    findings: tuple[FailedCheck, ...],
    run_id: str,
    file: str = "",
) -> None:
    alert.tell(
        settings,
        Alert(
            problem=LEAK,
            title=f"hotarea: {training_id} was not trained, as its features know the future",
            what=f"{error} Nothing was fitted, and the champion stays in service.",
            where=f"training {training_id}",
            findings=findings,
            file=file,
            run_id=run_id,
            command=f"hotarea alerts show {LEAK}",
        ),
    )

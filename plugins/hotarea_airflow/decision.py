"""Tasks of the gate: the one that decides, with a link to its report, and the one that waits for a person."""

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

from airflow.providers.standard.decorators.branch_python import _BranchPythonDecoratedOperator
from airflow.providers.standard.operators.hitl import HITLBranchOperator
from airflow.sdk import BaseOperatorLink, Context, Param
from airflow.sdk.bases.decorator import TaskDecorator, task_decorator_factory
from airflow.sdk.exceptions import TaskAwaitingInput
from airflow.sdk.timezone import utcnow

from hotarea_airflow.answers import APPROVE, IN_VAIN, REJECT, AnswerTrigger

_NO_REASON = "no reason was given"


class DecisionLink(BaseOperatorLink):
    """The button on the task that opens the page of what the gate decided on the task's candidate.

    Airflow asks for it in the task's process when the task ends, and keeps it with the task.
    """

    @property
    def name(self) -> str:
        """The button's text."""
        return "Decision"

    def get_link(self, operator: Any, *, ti_key: Any) -> str:  # noqa: ARG002 - Airflow's signature
        """Return the address of the page; empty if nothing was decided on the candidate."""
        from hotarea.domain.settings import Settings
        from hotarea.stages import decision_pages

        return decision_pages.of_training(Settings.load(), operator.training_id)


class _DecisionOperator(_BranchPythonDecoratedOperator):
    """A Python task that branches, with the link."""

    custom_operator_name = "@decision"
    operator_extra_links = (DecisionLink(),)

    @property
    def training_id(self) -> Any:
        """The candidate, which is the function's first argument."""
        return self.op_args[0]


def decision(function: Callable[..., Any]) -> TaskDecorator:
    """Make a task of a function that decides and returns which task follows, as `@task.branch` does.

    Its first argument is the candidate's id.
    """
    return task_decorator_factory(function, decorated_operator_class=_DecisionOperator)


class ApprovalOperator(HITLBranchOperator):
    """Shows why the gate holds a candidate, and waits until a person approves or rejects it under Required Actions.

    The answer goes into the ledger with who gave it and why; without one in the policy's time the candidate is
    rejected. An answer that the ledger holds, as `hotarea approve` leaves it, counts as well: before the question is
    asked, and while it waits. The task fails once no answer can count any more, so that the run which decides anew gets
    its turn.

    :param training_id: the candidate
    :param approved: the task that follows an approval
    :param rejected: the task that follows a refusal
    """

    template_fields = ("training_id", *HITLBranchOperator.template_fields)
    operator_extra_links = (DecisionLink(),)

    def __init__(self, *, training_id: Any, approved: str, rejected: str, **kwargs: Any) -> None:
        """Declare the task; what is asked is known when it runs."""
        kwargs.pop("params", None)  # the DAG's, which Airflow hands to each task: no part of the question
        super().__init__(
            subject="May this candidate serve?",
            options=[APPROVE, REJECT],
            options_mapping={APPROVE: approved, REJECT: rejected},
            defaults=REJECT,
            params={
                "why": Param(
                    None,  # Airflow validates it before anybody is asked
                    source="task",  # what has another source is left out of the form
                    type=["null", "string"],
                    minLength=3,
                    maxLength=500,
                    title="Reason",
                    description="Why; kept in the ledger with your name, for those who ask later.",
                )
            },
            response_timeout=timedelta(days=4),  # that of the decision's policy takes its place
            **kwargs,
        )
        self.training_id = training_id

    def execute(self, context: Context) -> Any:
        """Ask, and wait for the answer in the triggerer; go on at once if it was given."""
        from hotarea.domain.settings import Settings
        from hotarea.stages import approval

        settings = Settings.load()
        decision, answer = approval.look(settings, self.training_id)
        if answer:
            return self._go_on(context, answer.approved)
        self.subject = f"May version {decision.model_version} serve?"
        self.body = approval.question(settings, decision)
        self.response_timeout = approval.deadline(decision) - utcnow()
        decided_at = decision.decided_at.isoformat()
        with suppress(TaskAwaitingInput):  # so the provider waits: for an answer under Required Actions alone
            super().execute(context)
        return self.defer(
            trigger=self._trigger(context, decided_at, approval.deadline(decision)),
            method_name="execute_complete",
            kwargs={"decided_at": decided_at},  # an answer in the UI comes without the trigger
        )

    def execute_complete(self, context: Context, event: dict[str, Any], decided_at: str = "") -> Any:
        """Remember the answer to the decision that was shown, and go on; of several answers, the first counts.

        `airflow dags test` resumes with the event alone, which the trigger then has made.
        """
        from hotarea.domain.errors import GateError
        from hotarea.domain.settings import Settings
        from hotarea.stages import approval

        settings, run_id = Settings.load(), context["ti"].run_id
        if event.get("error_type") == IN_VAIN:
            error = GateError(event["error"], problem=event["problem"])
            raise approval.in_vain(settings, self.training_id, error, run_id)
        if "error" in event:
            self.process_trigger_event_error(event)
        who, moment = event.get("responded_by_user"), datetime.fromisoformat(decided_at or event["decided_at"])
        if who is None:  # it came by command, or not at all
            answer = approval.timed_out(settings, self.training_id, moment, run_id)
        else:
            answer = approval.remember(
                settings,
                self.training_id,
                approved=event["chosen_options"] == [APPROVE],
                by=who["name"],
                reason=event["params_input"].get("why") or _NO_REASON,
                run_id=run_id,
                decided_at=moment,
            )
        return self._go_on(context, answer.approved)

    def _trigger(self, context: Context, decided_at: str, until: datetime) -> AnswerTrigger:
        return AnswerTrigger(
            training_id=self.training_id,
            decided_at=decided_at,
            ti_id=context["task_instance"].id,
            options=self.options,
            params=self.serialized_params,
            defaults=self.defaults,
            timeout_datetime=until,
        )

    def _go_on(self, context: Context, approved: bool) -> Any:
        return self.do_branch(context, self.options_mapping[APPROVE if approved else REJECT])

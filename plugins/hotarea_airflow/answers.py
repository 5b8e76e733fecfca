"""The trigger that waits for a person's answer, wherever it is given: in Airflow's UI, or by a command."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import datetime
from typing import Any

from airflow.providers.standard.triggers.hitl import HITLTrigger, HITLTriggerEventSuccessPayload
from airflow.sdk.exceptions import AirflowRuntimeError
from airflow.sdk.execution_time.hitl import update_hitl_detail_response
from airflow.sdk.timezone import utcnow
from airflow.triggers.base import TriggerEvent

APPROVE, REJECT = "Approve", "Reject"

IN_VAIN = "in_vain"
"""The kind of error that ends a question which can have no answer any more."""

EVERY_S = 15.0
"""How often it looks."""


class AnswerTrigger(HITLTrigger):
    """Waits as the provider's trigger does, and looks also for an answer that `hotarea approve` left in the ledger.

    An answer under Required Actions resumes the task at once, without it; but Airflow does not hear of a command, and
    a run that waits keeps all others from training. So it also ends once no answer can count any more, as the gate has
    decided anew or the champion has changed: the run that would decide anew is queued behind. The ledger is read in a
    thread, as others wait in the same loop.

    :param training_id: the candidate that is asked about
    :param decided_at: the moment of the decision that is asked about
    """

    def __init__(self, *, training_id: str, decided_at: str, **kwargs: Any) -> None:
        """Take what the provider's trigger takes."""
        super().__init__(**{"poke_interval": EVERY_S, **kwargs})
        self.training_id = training_id
        self.decided_at = decided_at

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """Return how the triggerer makes it again."""
        _, kwargs = super().serialize()
        asked = {"training_id": self.training_id, "decided_at": self.decided_at}
        return f"{__name__}.{type(self).__name__}", {**kwargs, **asked}

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Wait; the event says which decision was asked about."""
        async for event in super().run():
            yield TriggerEvent({**event.payload, "decided_at": self.decided_at})

    async def _handle_response(self) -> TriggerEvent | None:
        """Return the event of an answer, from wherever it came first; None while there is none."""
        event: TriggerEvent | None = await super()._handle_response()
        return event or await asyncio.to_thread(self._from_ledger)

    def _from_ledger(self) -> TriggerEvent | None:
        """Return the event of an answer in the ledger, or of why there can be none; None while it is waited for.

        A ledger that cannot be read now may be read by the next look: the question must not end with it.
        """
        from hotarea.domain.errors import GateError, HotareaError
        from hotarea.domain.settings import Settings
        from hotarea.stages import approval

        try:
            answer = approval.to_question(Settings.load(), self.training_id, datetime.fromisoformat(self.decided_at))
        except GateError as error:
            self._close([REJECT], str(error))
            return TriggerEvent({"error": str(error), "error_type": IN_VAIN, "problem": error.problem})
        except HotareaError as error:
            self.log.warning("the ledger does not say whether %s was answered: %s", self.training_id, error)
            return None
        if answer is None:
            return None
        chosen = [APPROVE if answer.approved else REJECT]
        self._close(chosen, answer.reason)
        self.log.info("%s answered %s by command", answer.by, self.training_id)
        return TriggerEvent(
            HITLTriggerEventSuccessPayload(
                chosen_options=chosen,
                params_input={"why": answer.reason},
                responded_by_user=None,
                responded_at=utcnow(),
                timedout=False,
            )
        )

    def _close(self, chosen: list[str], why: str) -> None:
        """Close the question in the UI, where an answer would be taken and lead nowhere."""
        with suppress(AirflowRuntimeError):  # somebody answers there at this moment; the ledger's came first
            update_hitl_detail_response(ti_id=self.ti_id, chosen_options=chosen, params_input={"why": why})

"""Stateless executions: taken from whoever may run programs, shown to who has started them."""

import uuid
from dataclasses import dataclass
from datetime import UTC, datetime

from app.domain.callers import Caller
from app.domain.executions import Execution
from app.domain.language import Language
from app.errors import (
    BusyError,
    EngineUnavailableError,
    ExecutionNotFoundError,
    ForbiddenError,
    IdempotencyMismatchError,
    UnsupportedLanguageError,
)
from app.languages import LanguageRegistry
from app.logs import context
from app.repositories.executions.ports import ExecutionPorts
from app.services.accepted_executions import AcceptedExecutions
from app.services.new_submissions import check_code

CANCELLED = "Cancelled: its owner stopped it"
_IDS_OF_KEYS = uuid.UUID("5d3c1f2e-6f0c-4a55-9a0e-6a4f2b1f7c11")


@dataclass(frozen=True, slots=True, kw_only=True)
class NewExecution:
    """What a caller asks for; with `is_streaming` what it writes is told while it runs."""

    language: str
    code: str
    input_data: str
    is_streaming: bool

    def is_for(self, execution: Execution, language: Language) -> bool:
        """Whether this is what the execution was started with."""
        return (language.id, self.code, self.input_data, self.is_streaming) == (
            execution.language,
            execution.code,
            execution.input_data,
            execution.is_streaming,
        )


class ExecutionService:
    """Takes, shows and cancels executions."""

    def __init__(
        self,
        *,
        ports: ExecutionPorts,
        accepted: AcceptedExecutions,
        languages: LanguageRegistry,
        can_run: bool,
        max_waiting: int,
    ) -> None:
        self._store = ports.store
        self._queue = ports.queue
        self._updates = ports.updates
        self._accepted = accepted
        self._can_run = can_run
        self._languages = languages
        self._max_waiting = max_waiting

    async def create(
        self, request: NewExecution, caller: Caller, *, idempotency_key: str | None
    ) -> Execution:
        """Keep and queue a program; while that is kept the same key gives the same execution.

        Raises:
            IdempotencyMismatchError: the caller's key came before with another program.
            InvalidRequestError: the code is empty or too long.
            UnsupportedLanguageError: there is no such language; the detail names all.
            EngineUnavailableError: no program can be run here.
            BusyError: as many as may wait do so already.
            StorageFullError: as much is kept as may be.
            RedisUnavailableError: Redis is used and does not answer.
        """
        check_code(request.code)
        language = self._language(request.language)
        execution_id = _id_of(caller, idempotency_key)
        if idempotency_key and (earlier := await self._store.find(execution_id)):
            if not request.is_for(earlier, language):
                raise IdempotencyMismatchError
            return earlier
        if not self._can_run:
            raise EngineUnavailableError
        # Soft: who comes at the same moment may be one too many.
        if await self._queue.waiting() >= self._max_waiting:
            raise BusyError
        now = datetime.now(tz=UTC)
        execution = Execution(
            id=execution_id,
            owner=caller.owner,
            user_id=caller.uid,
            language=language.id,
            code=request.code,
            input_data=request.input_data,
            is_streaming=request.is_streaming,
            created_at=now,
            updated_at=now,
            request_id=context.request_id(),
        )
        await self._store.add(execution)
        await self._queue.put(execution.id)
        self._accepted.remember(execution)
        return execution

    async def get(self, execution_id: str, caller: Caller) -> Execution:
        """Return an execution to its owner.

        Raises:
            ExecutionNotFoundError: there is none, or none any more.
            ForbiddenError: it is somebody else's.
            RedisUnavailableError: Redis is used and does not answer.
        """
        execution = await self._store.find(execution_id)
        if execution is None:
            raise ExecutionNotFoundError
        if execution.owner != caller.owner:
            raise ForbiddenError("This execution is somebody else's")
        return execution

    async def cancel(self, execution_id: str, caller: Caller) -> Execution:
        """End an execution; one that has ended stays as it is.

        Its worker notices when it extends its lease the next time.

        Raises:
            ExecutionNotFoundError: there is none, or none any more.
            ForbiddenError: it is somebody else's.
            RedisUnavailableError: Redis is used and does not answer.
        """
        execution = await self.get(execution_id, caller)
        while not execution.status.is_final:
            cancelled = execution.cancelled(CANCELLED, now=datetime.now(tz=UTC))
            if await self._store.replace(cancelled):
                self._accepted.forget(execution_id)
                await self._updates.publish(cancelled)
                await self._queue.remove(execution_id)
                return cancelled
            # It has just gone on: look again.
            execution = await self.get(execution_id, caller)
        return execution

    def _language(self, name: str) -> Language:
        try:
            return self._languages.get(name)
        except UnsupportedLanguageError as error:
            known = ", ".join(language.id for language in self._languages.languages)
            raise UnsupportedLanguageError(f"{error.detail}. Supported are: {known}") from error


def _id_of(caller: Caller, idempotency_key: str | None) -> str:
    """Make an id; of a caller's key always the same one, which is no other caller's."""
    if idempotency_key is None:
        return str(uuid.uuid4())
    return str(uuid.uuid5(_IDS_OF_KEYS, f"{caller.owner}\n{idempotency_key}"))

"""What is said on the WebSocket of an execution (contract S002-W02, W05)."""

import json

from app.domain.executions import Execution, ExecutionUpdate
from app.schemas.executions import CompletedStatus, ExecutionStateOut


def update_text(update: ExecutionUpdate, *, completed_status: CompletedStatus) -> str:
    """Tell of a state, or of something that the program wrote."""
    if isinstance(update, Execution):
        state = ExecutionStateOut.of(update, completed_status=completed_status)
        return _message("execution_update", update.id, state.model_dump_json())
    piece = {"stream": update.stream, "text": update.text, "sequence": update.sequence}
    return _message("execution_output", update.execution_id, json.dumps(piece))


def error_text(execution_id: str, *, detail: str, code: str) -> str:
    """Tell what is wrong, as an answer over HTTP would."""
    return _message("error", execution_id, json.dumps({"detail": detail, "code": code}))


def _message(kind: str, execution_id: str, data: str) -> str:
    return f'{{"type":"{kind}","execution_id":{json.dumps(execution_id)},"data":{data}}}'

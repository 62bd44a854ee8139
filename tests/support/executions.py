"""Executions as the service keeps them."""

import uuid
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from app.domain.executions import Execution

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


def make_execution(**changes: Any) -> Execution:
    """Make one that waits, of alice's."""
    execution = Execution(
        id=str(uuid.uuid4()),
        owner="user:1",
        user_id="1",
        language="python",
        code="print(input())",
        input_data="äöü \N{GRINNING FACE} \x00",
        is_streaming=False,
        created_at=NOW,
        updated_at=NOW,
    )
    return replace(execution, **changes)

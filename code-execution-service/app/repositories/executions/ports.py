"""Where executions are kept, wait and are told of: in Redis for all replicas, or in the process."""

from dataclasses import dataclass

from app.repositories.executions.base import ExecutionQueue, ExecutionStore, ExecutionUpdates
from app.repositories.executions.memory import MemoryExecutionQueue, MemoryExecutionStore
from app.repositories.executions.redis import RedisExecutionQueue, RedisExecutionStore
from app.repositories.executions.updates_memory import MemoryUpdates
from app.repositories.executions.updates_redis import RedisUpdates


@dataclass(frozen=True, slots=True, kw_only=True)
class ExecutionPorts:
    """What executions need, of one kind."""

    store: ExecutionStore
    queue: ExecutionQueue
    updates: ExecutionUpdates

    async def aclose(self) -> None:
        """Give back what they hold."""
        await self.updates.close()
        await self.queue.close()
        await self.store.close()


def open_ports(redis_url: str, *, kept_s: float, lease_s: float) -> ExecutionPorts:
    """Choose Redis where there is a URL; nothing is connected before it is used."""
    if redis_url:
        return ExecutionPorts(
            store=RedisExecutionStore(redis_url, kept_s=kept_s),
            queue=RedisExecutionQueue(redis_url, lease_s=lease_s),
            updates=RedisUpdates(redis_url),
        )
    return ExecutionPorts(
        store=MemoryExecutionStore(kept_s=kept_s),
        queue=MemoryExecutionQueue(lease_s=lease_s),
        updates=MemoryUpdates(),
    )

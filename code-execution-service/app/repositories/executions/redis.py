"""Executions in Redis, which lets them end by itself, and their queue, for all replicas together.

What must happen at once is a script; instants are Redis's own, so that no replica's clock matters.
"""

import secrets

from typing_extensions import override

from app.domain.executions import Execution, OutputPiece
from app.redis_connections import connect_to_redis, redis_expected
from app.repositories.executions.base import (
    ClaimedExecution,
    ExecutionQueue,
    ExecutionStore,
)
from app.repositories.executions.documents import decode_execution, decode_piece, encode

# Keys: the document, its version, the pieces of output.
# Arguments: document, version, milliseconds to live.
_REPLACE = """
local version = redis.call('GET', KEYS[2])
if version and tonumber(version) ~= tonumber(ARGV[2]) - 1 then
    return redis.call('GET', KEYS[1]) == ARGV[1] and 1 or 0
end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[3])
redis.call('SET', KEYS[2], ARGV[2], 'PX', ARGV[3])
redis.call('PEXPIRE', KEYS[3], ARGV[3])
return 1
"""
# Arguments: piece, milliseconds to live.
_ADD_OUTPUT = """
redis.call('RPUSH', KEYS[3], ARGV[1])
for _, key in ipairs(KEYS) do redis.call('PEXPIRE', key, ARGV[2]) end
"""


class RedisExecutionStore(ExecutionStore):
    """Keeps each execution as JSON under `execution:{id}` (contract S002-D02)."""

    def __init__(self, url: str, *, kept_s: float) -> None:
        self._redis = connect_to_redis(url)
        self._kept_ms = round(kept_s * 1000)
        self._replace = self._redis.register_script(_REPLACE)
        self._add_output = self._redis.register_script(_ADD_OUTPUT)

    @override
    async def add(self, execution: Execution) -> None:
        """Keep a new one."""
        await self.replace(execution)

    @override
    async def find(self, execution_id: str) -> Execution | None:
        """Return the newest state, or `None` if there is none, or none any more."""
        with redis_expected():
            document = await self._redis.get(_keys_of(execution_id)[0])
        return None if document is None else decode_execution(document)

    @override
    async def replace(self, execution: Execution) -> bool:
        """Store the state that follows the stored one; false if another has got in before."""
        keys = _keys_of(execution.id)
        document = encode(execution)
        with redis_expected():
            is_stored = await self._replace(
                keys=keys, args=[document, execution.version, self._kept_ms]
            )
        return bool(is_stored)

    @override
    async def add_output(self, piece: OutputPiece) -> None:
        """Keep a piece for whoever comes to watch later; all writes are one."""
        keys = _keys_of(piece.execution_id)
        with redis_expected():
            await self._add_output(keys=keys, args=[encode(piece), self._kept_ms])

    @override
    async def output_so_far(self, execution_id: str) -> list[OutputPiece]:
        """Return the pieces in their order."""
        with redis_expected():
            pieces = await self._redis.lrange(_keys_of(execution_id)[2], 0, -1)
        return [decode_piece(piece) for piece in pieces]

    @override
    async def close(self) -> None:
        """Close the connections."""
        await self._redis.aclose()


def _keys_of(execution_id: str) -> list[str]:
    # A prefix each, so that no id that a caller makes up leads from one kind to another.
    kinds = ("execution", "execution-version", "execution-output")
    return [f"{kind}:{execution_id}" for kind in kinds]


WAITING_MAX = 64
"""As many as workers can be: each waits at a connection of its own."""
_QUEUE = "executions:queue"
"""A sorted set: ids by the instant, in milliseconds, from which on a worker may take them."""
_LEASES = "executions:leases"
"""A hash: the token of the last lease by id."""
_BELL = "executions:bell"
"""A list with a ring for each execution that nobody has been woken up for."""
_KEYS = [_QUEUE, _LEASES, _BELL]
_NOW = """
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
"""
# A ring that nobody hears in time is of no use: those who sweep find the execution.
_RING = """
redis.call('RPUSH', KEYS[3], 1)
redis.call('LTRIM', KEYS[3], -256, -1)
redis.call('PEXPIRE', KEYS[3], 10000)
"""
# Argument: id.
_PUT = f"""{_NOW}
if redis.call('ZADD', KEYS[1], 'NX', now, ARGV[1]) == 1 then {_RING} end
"""
_COUNT = f"""{_NOW}
return redis.call('ZCOUNT', KEYS[1], '-inf', now)
"""
# Arguments: token, milliseconds of a lease.
_CLAIM = f"""{_NOW}
local id = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', now, 'LIMIT', 0, 1)[1]
if not id then return false end
redis.call('ZADD', KEYS[1], now + ARGV[2], id)
redis.call('HSET', KEYS[2], id, ARGV[1])
return id
"""
_IF_OURS = """
if redis.call('HGET', KEYS[2], ARGV[1]) ~= ARGV[2] then return 0 end
"""
# Arguments: id, token, milliseconds of a lease.
_EXTEND = f"""{_NOW}{_IF_OURS}
redis.call('ZADD', KEYS[1], now + ARGV[3], ARGV[1])
return 1
"""
# Arguments: id, token, milliseconds of a pause.
_RELEASE = f"""{_NOW}{_IF_OURS}
redis.call('ZADD', KEYS[1], now + ARGV[3], ARGV[1])
redis.call('HDEL', KEYS[2], ARGV[1])
{_RING}
return 1
"""
# Arguments: id, token.
_FINISH = f"""{_IF_OURS}
redis.call('ZREM', KEYS[1], ARGV[1])
redis.call('HDEL', KEYS[2], ARGV[1])
return 1
"""
# Argument: id.
_REMOVE = """
redis.call('ZREM', KEYS[1], ARGV[1])
redis.call('HDEL', KEYS[2], ARGV[1])
"""


class RedisExecutionQueue(ExecutionQueue):
    """Lets executions wait in the order in which they came to any replica."""

    def __init__(self, url: str, *, lease_s: float) -> None:
        self._redis = connect_to_redis(url)
        self._waiting_redis = connect_to_redis(url, max_connections=WAITING_MAX)
        self._lease_ms = round(lease_s * 1000)
        self._put = self._redis.register_script(_PUT)
        self._count = self._redis.register_script(_COUNT)
        self._claim = self._redis.register_script(_CLAIM)
        self._extend = self._redis.register_script(_EXTEND)
        self._release = self._redis.register_script(_RELEASE)
        self._finish = self._redis.register_script(_FINISH)
        self._remove = self._redis.register_script(_REMOVE)

    @override
    async def put(self, execution_id: str) -> None:
        """Queue an execution; one that is queued already stays where it is."""
        with redis_expected():
            await self._put(keys=_KEYS, args=[execution_id])

    @override
    async def waiting(self) -> int:
        """Return how many wait for a worker."""
        with redis_expected():
            return int(await self._count(keys=_KEYS))

    @override
    async def claim(self) -> ClaimedExecution | None:
        """Take the one that has waited longest, or whose worker was lost."""
        token = secrets.token_hex(16)
        with redis_expected():
            execution_id = await self._claim(keys=_KEYS, args=[token, self._lease_ms])
        if execution_id is None:
            return None
        return ClaimedExecution(execution_id=execution_id.decode(), lease_token=token)

    @override
    async def wait(self, *, at_most_s: float) -> bool:
        """Return true when an execution was queued, false when the time is up."""
        with redis_expected():
            ring = await self._waiting_redis.blpop([_BELL], timeout=at_most_s)
        return ring is not None

    @override
    async def extend(self, claimed: ClaimedExecution) -> bool:
        """Keep it for another lease; false when it is no longer ours."""
        with redis_expected():
            is_ours = await self._extend(
                keys=_KEYS, args=[claimed.execution_id, claimed.lease_token, self._lease_ms]
            )
        return bool(is_ours)

    @override
    async def release(self, claimed: ClaimedExecution, *, after_s: float = 0) -> None:
        """Let others take it after so many seconds, if it is still ours."""
        with redis_expected():
            await self._release(
                keys=_KEYS,
                args=[claimed.execution_id, claimed.lease_token, round(after_s * 1000)],
            )

    @override
    async def finish(self, claimed: ClaimedExecution) -> None:
        """Take it out of the queue, if it is still ours."""
        with redis_expected():
            await self._finish(keys=_KEYS, args=[claimed.execution_id, claimed.lease_token])

    @override
    async def remove(self, execution_id: str) -> None:
        """Take it out of the queue, whoever has it."""
        with redis_expected():
            await self._remove(keys=_KEYS, args=[execution_id])

    @override
    async def close(self) -> None:
        """Close the connections."""
        await self._redis.aclose()
        await self._waiting_redis.aclose()

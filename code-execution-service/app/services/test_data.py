"""Test data by hash: kept once in the database, and what was used last in memory."""

import asyncio
import hashlib
import logging
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from app.domain.limits import MIB
from app.errors import (
    DatabaseUnavailableError,
    InvalidRequestError,
    TestDataGoneError,
    UnknownTestDataError,
)
from app.models import TestData
from app.repositories.test_data import TestDataTakenError
from app.repositories.unit_of_work import Transactions
from app.services.recently_used import RecentlyUsed
from app.services.stop import Stop

logger = logging.getLogger(__name__)

MAX_TEST_DATA_BYTES = 64 * MIB
MAX_BYTES_PER_SUBMISSION = 256 * MIB
"""All contents that one submission refers to: they are in memory together while it is judged."""
CACHE_BYTES = 128 * MIB
MAX_NOTED_USES = 100_000
NOTE_USE_AFTER = timedelta(days=1)
SWEEP_S = 3600.0


@dataclass(frozen=True, slots=True)
class _Use:
    """What this process knows of a row: so it need not ask for it again today."""

    size_bytes: int
    noted_at: datetime


class TestDataService:
    """Takes test data, finds it again, and deletes what nobody has used for long."""

    __test__ = False

    def __init__(self, transactions: Transactions, *, kept_days: int) -> None:
        self._transactions = transactions
        self._kept = timedelta(days=kept_days)
        self._contents = RecentlyUsed[bytes](max_weight=CACHE_BYTES)
        self._uses = RecentlyUsed[_Use](max_weight=MAX_NOTED_USES)
        self._loading = asyncio.Lock()

    async def store(self, sha256: str, content: bytes) -> None:
        """Keep a content under its hash; doing so again does no harm.

        Raises:
            InvalidRequestError: it has another hash.
        """
        actual = await asyncio.to_thread(_sha256, content)
        if actual != sha256:
            raise InvalidRequestError(f"The content has the SHA-256 {actual}, not {sha256}")
        await self.keep({sha256: content})

    async def keep(self, contents: Mapping[str, bytes]) -> None:
        """Keep contents under hashes that are known to be theirs."""
        for sha256 in await self._missing(contents):
            await self._add(sha256, contents[sha256])

    async def is_kept(self, sha256: str) -> bool:
        """Tell whether a submission may refer to this hash."""
        return not await self._missing([sha256])

    async def expect(self, hashes: Collection[str]) -> Mapping[str, int]:
        """Return the sizes, in bytes, of what a submission refers to.

        Raises:
            UnknownTestDataError: some of it is not kept.
            InvalidRequestError: it is too much altogether.
        """
        missing = await self._missing(hashes)
        if missing:
            raise UnknownTestDataError(missing)
        sizes = {sha256: use.size_bytes for sha256 in hashes if (use := self._uses.get(sha256))}
        total_bytes = sum(sizes.values())
        if total_bytes > MAX_BYTES_PER_SUBMISSION:
            raise InvalidRequestError(
                f"Test data of {total_bytes} bytes; the limit is {MAX_BYTES_PER_SUBMISSION}"
            )
        return sizes

    async def load(self, hashes: Collection[str]) -> Mapping[str, bytes]:
        """Return the contents.

        Raises:
            TestDataGoneError: one is no longer kept.
        """
        await self._missing(hashes)  # notes the use
        contents = self._cached(hashes)
        if len(contents) < len(hashes):
            async with self._loading:  # so that judges who start together load everything once
                contents |= await self._fetched(set(hashes) - set(contents))
        return contents

    async def delete_unused(self) -> int:
        """Delete what has not been used for as long as it is kept; tell how many."""
        since = datetime.now(tz=UTC) - self._kept - NOTE_USE_AFTER
        async with self._transactions.write() as work:
            return await work.test_data.delete_unused(since=since)

    async def sweep(self, stop: Stop) -> None:
        """Delete what is unused, again and again, until told to stop."""
        await self._sweep_once()
        while not await stop.comes_within(SWEEP_S):
            await self._sweep_once()

    async def _sweep_once(self) -> None:
        try:
            deleted = await self.delete_unused()
        except DatabaseUnavailableError:
            logger.exception("unused test data could not be deleted")
            return
        if deleted:
            logger.info("deleted %d pieces of unused test data", deleted)

    async def _missing(self, hashes: Collection[str]) -> list[str]:
        """Return what is not kept; the use of the rest is noted."""
        now = datetime.now(tz=UTC)
        unsure = [sha256 for sha256 in hashes if not self._is_noted(sha256, now)]
        if not unsure:
            return []
        async with self._transactions.read() as work:
            rows = await work.test_data.find(unsure)
        unnoted = [row.sha256 for row in rows if row.last_used_at <= now - NOTE_USE_AFTER]
        if unnoted:
            async with self._transactions.write() as work:
                await work.test_data.note_use(unnoted, now=now)
        for row in rows:
            noted_at = now if row.sha256 in unnoted else row.last_used_at
            self._uses.put(row.sha256, _Use(row.size_bytes, noted_at))
        kept = {row.sha256 for row in rows}
        return sorted(set(unsure) - kept)

    def _is_noted(self, sha256: str, now: datetime) -> bool:
        use = self._uses.get(sha256)
        return use is not None and use.noted_at > now - NOTE_USE_AFTER

    async def _add(self, sha256: str, content: bytes) -> None:
        now = datetime.now(tz=UTC)
        row = TestData(
            sha256=sha256,
            size_bytes=len(content),
            created_at=now,
            last_used_at=now,
            content=content,
        )
        try:
            async with self._transactions.write() as work:
                await work.test_data.add(row)
        except TestDataTakenError:
            logger.info("test data %s was stored twice at once", sha256)
        self._uses.put(sha256, _Use(len(content), now))

    def _cached(self, hashes: Collection[str]) -> dict[str, bytes]:
        found = ((sha256, self._contents.get(sha256)) for sha256 in hashes)
        return {sha256: content for sha256, content in found if content is not None}

    async def _fetched(self, hashes: Collection[str]) -> dict[str, bytes]:
        contents = self._cached(hashes)
        wanted = sorted(set(hashes) - set(contents))
        if wanted:
            async with self._transactions.read() as work:
                fetched = await work.test_data.contents(wanted)
            for sha256 in wanted:
                if sha256 not in fetched:
                    self._uses.drop(sha256)
                    raise TestDataGoneError
                self._contents.put(sha256, fetched[sha256], weight=len(fetched[sha256]))
            contents |= fetched
        return contents


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()

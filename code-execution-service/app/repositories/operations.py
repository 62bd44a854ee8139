"""What the tables say of how the service is doing; every question is answered by an index."""

from datetime import datetime, timedelta

from sqlalchemy import and_, func, not_, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.domain.operations import EventFacts, JudgementFacts, QueueFacts
from app.domain.turns import Priority
from app.domain.verdicts import Verdict
from app.models import Event, EventStatus, Job, Judgement

RECENT = timedelta(minutes=15)
RECENT_MAX = 200
FAILED_LATELY = timedelta(days=1)


class OperationsRepository:
    """Reads how much waits, and for how long."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def queues(self, *, now: datetime) -> tuple[QueueFacts, ...]:
        """Give the facts of every priority, the most important first."""
        is_waiting = or_(Job.lease_token.is_(None), Job.available_at <= now)
        counts = select(
            Job.priority,
            func.count().filter(is_waiting),
            func.count().filter(not_(is_waiting)),
            func.min(Job.created_at).filter(is_waiting),
        )
        rows = await self._session.execute(counts.group_by(Job.priority))
        found = {row[0]: row for row in rows}
        return tuple(
            QueueFacts(
                priority=priority.name.lower(),
                waiting=waiting,
                claimed=claimed,
                oldest_waiting_s=_age_s(oldest, now),
            )
            for priority in Priority
            for _, waiting, claimed, oldest in (found.get(priority, (priority, 0, 0, None)),)
        )

    async def events(self, *, now: datetime) -> EventFacts:
        """Give the facts of what the backend has not acknowledged."""
        pending = select(func.count(), func.min(Event.created_at)).where(
            Event.status == EventStatus.PENDING
        )
        undelivered, oldest = (await self._session.execute(pending)).one()
        failed = select(func.count()).where(
            and_(Event.status == EventStatus.FAILED, Event.next_attempt_at > now - FAILED_LATELY)
        )
        return EventFacts(
            undelivered=undelivered,
            oldest_undelivered_s=_age_s(oldest, now),
            failed_lately=await self._session.scalar(failed) or 0,
        )

    async def judgements(self, *, now: datetime) -> JudgementFacts:
        """Give the facts of the newest results."""
        newest = (
            select(Judgement.verdict, Judgement.finished_at)
            .order_by(Judgement.id.desc())
            .limit(RECENT_MAX)
        )
        rows = [row for row in await self._session.execute(newest) if row[1] > now - RECENT]
        faults = sum(verdict == Verdict.IE for verdict, _ in rows)
        return JudgementFacts(recent=len(rows), recent_faults=faults)


def _age_s(since: datetime | None, now: datetime) -> float:
    return max(0.0, (now - since).total_seconds()) if since else 0.0

"""Submissions of the judge door in the database."""

from sqlalchemy.ext.asyncio import AsyncSession

from app.models import JudgeSubmission
from app.repositories.rows import insert_row


class JudgeSubmissionRepository:
    """Writes submissions of the judge door; other teams read them by SQL."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def add(self, submission: JudgeSubmission) -> None:
        """Store a new submission and give it its id."""
        submission.id = await insert_row(self._session, submission)

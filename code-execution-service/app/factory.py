"""Builds the services with their collaborators; shared by web requests and background loops."""

from dataclasses import dataclass, field

from app.clients.backend import BackendClient
from app.clients.rate_limits import RateLimiter
from app.engines.base import Engine
from app.languages import LanguageRegistry
from app.repositories.executions.ports import ExecutionPorts
from app.repositories.unit_of_work import Transactions
from app.services.accepted_executions import AcceptedExecutions
from app.services.authentication import Authenticator
from app.services.callers import Callers
from app.services.code_execution import JudgeService
from app.services.contests import ContestService
from app.services.deliveries import DeliveryLog
from app.services.direct_judging import DirectJudge
from app.services.examination import ExaminationService
from app.services.execution_runs import ExecutionRunner
from app.services.executions import ExecutionService
from app.services.fresh_events import FreshEvents
from app.services.fresh_jobs import FreshJobs
from app.services.judge_queue import JudgeQueue
from app.services.judge_workers import JudgeWorkers
from app.services.open_sockets import OpenSockets
from app.services.operations import OperationsService
from app.services.progress import ProgressReporter
from app.services.receiver import ReceiverService
from app.services.slots import Slots
from app.services.stop import Stop
from app.services.submissions import SubmissionService
from app.services.test_data import TestDataService
from app.services.trust import TrustService
from app.services.watching import WatchingService
from app.services.webhook import DeliveryService

DRAIN_S = 3.0
"""How long what runs may go on after a stop: most ends within, and is not done once more."""
DELIVERY_DRAIN_S = 2.0
"""How long results may then be sent; a receiver that is slower is told by the next process."""


@dataclass(frozen=True, kw_only=True)
class Factory:
    """Everything that lives as long as the process."""

    transactions: Transactions
    has_database: bool
    engine: Engine
    can_run: bool
    waits_for_callbacks: bool
    languages: LanguageRegistry
    test_data: TestDataService
    backend: BackendClient
    trust: TrustService
    examinations: ExaminationService
    authenticator: Authenticator
    callers: Callers
    rate_limiter: RateLimiter
    judge_slots: Slots
    judge_max_timeout_s: int
    judge_lease_s: float
    judge_max_queued: int
    execution_ports: ExecutionPorts
    accepted_executions: AcceptedExecutions
    max_waiting_executions: int
    fresh_jobs: FreshJobs
    judge_workers: JudgeWorkers
    event_days: int
    operations: OperationsService
    fresh_events: FreshEvents = field(default_factory=FreshEvents)
    stop: Stop = field(default_factory=lambda: Stop(drain_s=DRAIN_S))
    """Ends what takes new work."""
    stop_delivering: Stop = field(default_factory=lambda: Stop(drain_s=DELIVERY_DRAIN_S))
    """Told later, so that the results of what still ends are delivered."""
    open_sockets: OpenSockets = field(default_factory=OpenSockets)

    def contests(self) -> ContestService:
        """Build the contest service."""
        return ContestService(self.transactions)

    def submissions(self) -> SubmissionService:
        """Build the submission service."""
        return SubmissionService(
            transactions=self.transactions,
            languages=self.languages,
            test_data=self.test_data,
            fresh_jobs=self.fresh_jobs,
            max_queued=self.judge_max_queued,
        )

    def direct_judge(self) -> DirectJudge:
        """Build the judge for callers who wait."""
        return DirectJudge(
            engine=self.engine,
            languages=self.languages,
            slots=self.judge_slots,
            transactions=self.transactions,
            max_timeout_s=self.judge_max_timeout_s,
        )

    def executions(self) -> ExecutionService:
        """Build the service for executions that nobody keeps."""
        return ExecutionService(
            ports=self.execution_ports,
            accepted=self.accepted_executions,
            languages=self.languages,
            can_run=self.can_run,
            max_waiting=self.max_waiting_executions,
        )

    def execution_runner(self) -> ExecutionRunner:
        """Build what runs them."""
        return ExecutionRunner(
            ports=self.execution_ports,
            engine=self.engine,
            languages=self.languages,
            waits_for_callbacks=self.waits_for_callbacks,
            stop=self.stop,
        )

    def judge(self) -> JudgeService:
        """Build the judge."""
        queue = JudgeQueue(
            transactions=self.transactions,
            languages=self.languages,
            fresh_jobs=self.fresh_jobs,
            fresh_events=self.fresh_events,
            lease_s=self.judge_lease_s,
        )
        return JudgeService(
            queue=queue,
            engine=self.engine,
            languages=self.languages,
            test_data=self.test_data,
            progress=ProgressReporter(self.backend),
            stop=self.stop,
        )

    def deliveries(self) -> DeliveryService:
        """Build the delivery service."""
        return DeliveryService(
            transactions=self.transactions,
            backend=self.backend,
            fresh_events=self.fresh_events,
            stop=self.stop_delivering,
        )

    def delivery_log(self) -> DeliveryLog:
        """Build what shows deliveries and has them sent again."""
        return DeliveryLog(
            transactions=self.transactions,
            fresh_events=self.fresh_events,
            kept_days=self.event_days,
        )

    def receiver(self) -> ReceiverService:
        """Build what shows the receiver of events, and enables it."""
        return ReceiverService(transactions=self.transactions, fresh_events=self.fresh_events)

    def watching(self) -> WatchingService:
        """Build the service that follows executions."""
        return WatchingService(self.execution_ports)

"""Every metric of the backend that is counted as things happen.

`docs/monitoring.md` says what each is good for. No label ever has a value that users choose.
Requests are named and labelled as in the execution service.
"""

from prometheus_client import CollectorRegistry, Counter, Histogram

SHORT_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)


class Meters:
    """The metrics of one process, in a registry of its own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.requests = self._histogram(
            "http_request_duration_seconds",
            "How long requests took to be answered.",
            "method",
            "route",
            "status",
        )
        self.hand_overs = self._histogram(
            "contest_hand_over_seconds",
            "How long handing a submission to the execution service took.",
            "outcome",
        )
        self.results = self._counter(
            "contest_results_applied", "Results that ended a judgement.", "verdict"
        )
        self.refused_events = self._counter(
            "contest_webhooks_refused", "Events whose signature was not good."
        )
        self.boards = self._histogram(
            "contest_board_refresh_seconds", "How long bringing a kept board up to date took."
        )
        self.sign_in_failures = self._counter(
            "contest_sign_in_failures", "Wrong names or passwords."
        )
        self.lock_outs = self._counter(
            "contest_lock_outs", "Accounts locked after too many of them."
        )
        self.endpoint_deliveries = self._counter(
            "contest_endpoint_deliveries",
            "Attempts to deliver an event to an endpoint of an outside team.",
            "outcome",
        )
        self.tasks = self._histogram(
            "contest_task_seconds", "How long Celery's tasks took.", "task", "state"
        )

    def _histogram(self, name: str, text: str, *labels: str) -> Histogram:
        return Histogram(name, text, labels, registry=self.registry, buckets=SHORT_S)

    def _counter(self, name: str, text: str, *labels: str) -> Counter:
        return Counter(name, text, labels, registry=self.registry)

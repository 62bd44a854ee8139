"""Django's entry of the app."""

from importlib import import_module
from typing import Any

from typing_extensions import override

from apps.contests.signals import boards_needed, rules_changed
from apps.users.groups import ManagedAppConfig


class CodeExecutionConfig(ManagedAppConfig):
    """Submissions."""

    default = True
    name = "apps.code_execution"
    verbose_name = "Submissions"
    manager_permissions = (
        "view_codesubmission",
        "change_codesubmission",
        "rerun_codesubmission",
        "view_judgement",
        "view_rejudging",
        "view_executionservice",
        "view_delivery",
        "resend_delivery",
    )

    @override
    def ready(self) -> None:
        """Have a contest's boards follow when its rules change, and when they are needed."""
        super().ready()
        rules_changed.connect(_recompute_boards)
        boards_needed.connect(_bring_boards_up_to_date)


def _recompute_boards(contest: Any, **_: Any) -> None:
    # By name, as there are no models yet when Django reads this module.
    import_module("apps.code_execution.scoring").recompute_board(contest=contest)


def _bring_boards_up_to_date(contest_id: int, **_: Any) -> None:
    import_module("apps.code_execution.scoring").bring_up_to_date(contest_id)

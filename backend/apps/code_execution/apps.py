"""Django's entry of the app."""

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
        "view_executionservice",
    )

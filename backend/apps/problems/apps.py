"""Django's entry of the app."""

from apps.users.groups import ManagedAppConfig

MODELS = (
    "problem",
    "testgroup",
    "testcase",
    "problemlanguage",
    "problemfile",
    "problemprogram",
    "referencesubmission",
    "packagefile",
    "packageupload",
)
ACTIONS = ("view", "add", "change", "delete")


class ProblemsConfig(ManagedAppConfig):
    """Problems."""

    default = True
    name = "apps.problems"
    manager_permissions = tuple(f"{action}_{model}" for model in MODELS for action in ACTIONS)

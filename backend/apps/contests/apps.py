"""Django's entry of the app."""

from apps.users.groups import ManagedAppConfig

MODELS = (
    "contest",
    "contestproblem",
    "contestparticipant",
    "contestgroup",
    "contestrole",
    "organization",
    "clarification",
)
ACTIONS = ("view", "add", "change", "delete")


class ContestsConfig(ManagedAppConfig):
    """Contests."""

    default = True
    name = "apps.contests"
    manager_permissions = tuple(f"{action}_{model}" for model in MODELS for action in ACTIONS)

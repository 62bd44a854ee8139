"""Django's entry of the app."""

from apps.users.groups import ManagedAppConfig


class ArchivesConfig(ManagedAppConfig):
    """Whole contests in and out."""

    default = True
    name = "apps.archives"
    manager_permissions = (
        "view_archiveupload",
        "add_archiveupload",
        "delete_archiveupload",
        "view_contestexport",
    )

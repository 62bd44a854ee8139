"""Django's entry of the admin, with our site."""

from django.contrib.admin.apps import AdminConfig


class ContestAdminConfig(AdminConfig):
    """The admin, open to juries of contests too."""

    default_site = "config.admin_site.ContestAdminSite"

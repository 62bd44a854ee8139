"""Problems and their packages in the admin."""

from apps.problems.admin.packages import PackageUploadAdmin
from apps.problems.admin.problems import ProblemAdmin

__all__ = ["PackageUploadAdmin", "ProblemAdmin"]

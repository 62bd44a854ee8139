"""Files beside a problem's statement: pictures and what else participants are given."""

from mimetypes import guess_type

from django.http import HttpResponse
from django.utils.http import content_disposition_header
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import status
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.views import APIView

from apps.contests.permissions import rights_of
from apps.contests.services.problems import get_problem
from apps.core.entity_tags import is_known, told_apart
from apps.core.errors import NotFoundError
from apps.problems.services import PATH_CHARS_MAX, find_file
from apps.users.scopes import Scope, TokenScopes

# What browsers draw and never run.
PICTURES = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"})
# An SVG is drawn inside of pages; opened by itself its scripts would run, so that it is only saved.
DRAWN_IN_PAGES = PICTURES | {"image/svg+xml"}
OTHER = "application/octet-stream"
# For browsers that open what they are told to save.
POLICY = "default-src 'none'; style-src 'unsafe-inline'; sandbox"


class ProblemFileView(APIView):
    """A file of a problem."""

    permission_classes = (IsAuthenticated,)
    token_scopes = TokenScopes(read=Scope.PROBLEMS_READ)

    @extend_schema(
        summary="A file beside a problem's statement",
        description=(
            "A picture of the statement or an attachment, for whoever may read the problem. "
            "Links in `statement_html` lead here."
        ),
        tags=["problems"],
        operation_id="problems_file",
        parameters=[
            OpenApiParameter(
                "path",
                str,
                OpenApiParameter.PATH,
                description=f"Such as picture.png; at most {PATH_CHARS_MAX} characters.",
            ),
            OpenApiParameter("If-None-Match", str, OpenApiParameter.HEADER),
        ],
        responses={
            (200, OTHER): OpenApiTypes.BINARY,
            304: OpenApiResponse(description="It is what you have."),
        },
    )
    def get(self, request: Request, pk: int, path: str) -> HttpResponse:
        """Give the file, or nothing new.

        Raises:
            NotFoundError: The caller may read no such problem, or it has no such file.
        """
        # Paths of the API get a slash at their end before any view is chosen.
        file = find_file(get_problem(rights_of(request), pk), path.removesuffix("/"))
        if file is None:
            raise NotFoundError
        etag = f'"{file.data_id}"'
        if is_known(request, etag):
            return told_apart(HttpResponse(status=status.HTTP_304_NOT_MODIFIED), etag)
        name = file.path.rpartition("/")[2]
        guessed = guess_type(name)[0] or OTHER
        response = HttpResponse(
            bytes(file.data.content),
            content_type=guessed if guessed in DRAWN_IN_PAGES else OTHER,
        )
        is_saved = guessed not in PICTURES
        response["Content-Disposition"] = content_disposition_header(is_saved, name) or "attachment"
        response["X-Content-Type-Options"] = "nosniff"
        response["Content-Security-Policy"] = POLICY
        return told_apart(response, etag)

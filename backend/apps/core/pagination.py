"""Pages of lists."""

from rest_framework.pagination import CursorPagination, PageNumberPagination


class PagePagination(PageNumberPagination):
    """`{count, next, previous, results}`, 20 to a page unless the client asks for up to 100."""

    page_size = 20
    page_size_query_param = "page_size"
    max_page_size = 100


class NewestFirstPagination(CursorPagination):
    """`{next, previous, results}` by time: as fast on the last page as on the first."""

    page_size = 50
    page_size_query_param = "page_size"
    max_page_size = 100
    ordering = ("-created_at", "-id")

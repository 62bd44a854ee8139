"""Pages of lists."""

from rest_framework.pagination import PageNumberPagination


class PagePagination(PageNumberPagination):
    """`{count, next, previous, results}`, 20 to a page unless the client asks for up to 100."""

    page_size = 20
    page_size_query_param = "page_size"
    max_page_size = 100

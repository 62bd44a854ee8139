"""What can be wrong with a request about an endpoint."""

from apps.core.errors import ClientError


class TooManyEndpointsError(ClientError):
    """The account has all the endpoints that it may have."""

    code = "too-many-endpoints"
    title = "You have as many endpoints as one may have; delete one first"
    status = 409


class EndpointDisabledError(ClientError):
    """Nothing is sent to the endpoint."""

    code = "endpoint-disabled"
    title = "The endpoint is disabled; enable it first"
    status = 409

"""Telling a frontend whether its token is taken here, and whose it is."""

from http import HTTPStatus

from app.dependencies import CallerDependency, DocumentedToken
from app.routes.either_slash import EitherSlashRouter
from app.schemas.auth import CallerOut, UserDataOut, VerifiedOut
from app.schemas.system import ErrorOut

router = EitherSlashRouter(
    prefix="/api/v1/auth",
    tags=["auth"],
    dependencies=[DocumentedToken],
    responses={
        HTTPStatus.UNAUTHORIZED: {"model": ErrorOut},
        HTTPStatus.SERVICE_UNAVAILABLE: {"model": ErrorOut},
    },
)


@router.get("/verify", summary="Tell whether the token is good")
async def verify(caller: CallerDependency) -> VerifiedOut:
    return VerifiedOut(user=CallerOut.of(caller))


@router.get("/user", summary="Tell whose token it is")
async def show_user(caller: CallerDependency) -> UserDataOut:
    return UserDataOut.of(caller)

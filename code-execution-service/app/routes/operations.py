"""How the service is doing: figures for whoever operates it. Never open."""

from http import HTTPStatus

from fastapi import Depends, Request

from app.dependencies import FactoryDependency, caller_of
from app.routes.either_slash import EitherSlashRouter
from app.schemas.operations import OperationsOut
from app.schemas.system import ErrorOut
from app.services.health import run_checks

router = EitherSlashRouter(tags=["system"])


@router.get(
    "/api/v1/operations",
    summary="Tell how much waits, for how long, and what fails",
    description="Never open. Alarms in the backend's admin are raised from it.",
    dependencies=[Depends(caller_of("operations"))],
    responses={
        HTTPStatus.UNAUTHORIZED: {"model": ErrorOut},
        HTTPStatus.FORBIDDEN: {"model": ErrorOut},
        HTTPStatus.SERVICE_UNAVAILABLE: {"model": ErrorOut},
    },
)
async def tell(request: Request, factory: FactoryDependency) -> OperationsOut:
    return OperationsOut.of(
        await factory.operations.get(),
        checks=await run_checks(request.app.state.readiness_checks),
        version=request.app.version,
        replica=request.app.state.place.replica,
    )

"""Health, readiness and languages; open to everybody."""

from datetime import UTC, datetime
from http import HTTPStatus

from fastapi import Depends, Request, Response

from app.dependencies import FactoryDependency, caller_of
from app.domain.formats import instant_text
from app.factory import Factory
from app.routes.either_slash import EitherSlashRouter
from app.schemas.system import (
    ErrorOut,
    ExaminationOut,
    HealthOut,
    LanguageOut,
    ReadinessOut,
    ServiceOut,
)
from app.services.health import ADVISORY, OK, run_checks

router = EitherSlashRouter(tags=["system"])


@router.get("/", summary="Tell what this service is")
async def describe(request: Request) -> ServiceOut:
    return ServiceOut(service=request.app.title, version=request.app.version)


@router.get("/health/", summary="Tell that the process is alive")
async def health(request: Request) -> HealthOut:
    return HealthOut(
        timestamp=instant_text(datetime.now(tz=UTC)),
        version=request.app.version,
        replica=request.app.state.place.replica,
    )


@router.get(
    "/health/ready",
    summary="Tell whether the service can work now",
    responses={HTTPStatus.SERVICE_UNAVAILABLE: {"model": ReadinessOut}},
)
async def ready(request: Request, response: Response) -> ReadinessOut:
    factory: Factory = request.app.state.factory
    if factory.stop.is_set:
        response.status_code = HTTPStatus.SERVICE_UNAVAILABLE
        return ReadinessOut(status="not ready: stopping", checks={})
    outcomes = await run_checks(request.app.state.readiness_checks)
    missing = [name for name, each in outcomes.items() if each != OK and name not in ADVISORY]
    if missing:
        response.status_code = HTTPStatus.SERVICE_UNAVAILABLE
        return ReadinessOut(status=f"not ready: {', '.join(missing)}", checks=outcomes)
    return ReadinessOut(status="ready", checks=outcomes)


@router.get(
    "/api/v1/doctor",
    summary="Examine the host: what it gives the service, what is missing and what to do",
    description="Never open. One examination at a time; its report is kept for half a minute.",
    dependencies=[Depends(caller_of("doctor"))],
    responses={
        HTTPStatus.UNAUTHORIZED: {"model": ErrorOut},
        HTTPStatus.FORBIDDEN: {"model": ErrorOut},
        HTTPStatus.SERVICE_UNAVAILABLE: {"model": ErrorOut},
    },
)
async def examine(factory: FactoryDependency) -> ExaminationOut:
    return ExaminationOut.of(await factory.examinations.get())


@router.get("/api/v1/languages", summary="List the languages and what this host has of them")
async def list_languages(factory: FactoryDependency) -> list[LanguageOut]:
    return [LanguageOut.of(toolchain) for toolchain in await factory.engine.toolchains()]

"""Deliveries to the backend: what was sent and how it went; sending again; the receiver."""

from http import HTTPStatus
from typing import Annotated

from fastapi import Depends, Path, Query

from app.dependencies import Deliveries, NeedsDatabase, Receivers, caller_of
from app.routes.either_slash import EitherSlashRouter
from app.schemas.deliveries import (
    EventDetailOut,
    EventOut,
    EventQuery,
    ReceiverOut,
    ResendIn,
    ResentOut,
)
from app.schemas.submissions import MAX_ID
from app.schemas.system import ErrorOut

router = EitherSlashRouter(
    prefix="/api/v1/deliveries",
    tags=["deliveries"],
    dependencies=[Depends(caller_of("deliveries")), NeedsDatabase],
    responses={
        HTTPStatus.UNAUTHORIZED: {"model": ErrorOut},
        HTTPStatus.FORBIDDEN: {"model": ErrorOut},
        HTTPStatus.SERVICE_UNAVAILABLE: {"model": ErrorOut},
    },
)
EventId = Annotated[int, Path(ge=1, le=MAX_ID)]


@router.get("/", summary="List events, the newest first", description="Never open.")
async def list_events(
    deliveries: Deliveries, query: Annotated[EventQuery, Query()]
) -> list[EventOut]:
    listed = await deliveries.list(query.to_filter(), before_id=query.before, limit=query.limit)
    return [EventOut.of(each) for each in listed]


@router.post(
    "/resend",
    summary="Send events again: some, or all that were given up or delivered",
    description="The oldest first, at most 1000. Receivers know repetitions by `webhook-id`.",
)
async def resend_events(wanted: ResendIn, deliveries: Deliveries) -> ResentOut:
    return ResentOut.of(await deliveries.send_all_again(wanted.to_filter()))


@router.get("/receiver", summary="Tell whether the backend is sent events")
async def get_receiver(receivers: Receivers) -> ReceiverOut:
    return ReceiverOut.of(await receivers.state())


@router.post("/receiver/enable", summary="Send the backend events again, and all that waits")
async def enable_receiver(receivers: Receivers) -> ReceiverOut:
    return ReceiverOut.of(await receivers.enable())


@router.get(
    "/{event_id}",
    summary="Show an event with its body and attempts",
    responses={HTTPStatus.NOT_FOUND: {"model": ErrorOut}},
)
async def get_event(event_id: EventId, deliveries: Deliveries) -> EventDetailOut:
    return EventDetailOut.of_details(await deliveries.get(event_id))


@router.post(
    "/{event_id}/resend",
    summary="Send an event again, at once",
    responses={HTTPStatus.NOT_FOUND: {"model": ErrorOut}},
)
async def resend_event(event_id: EventId, deliveries: Deliveries) -> EventDetailOut:
    return EventDetailOut.of_details(await deliveries.send_again(event_id))

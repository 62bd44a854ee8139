"""The page of a crash that Django shows with DEBUG."""

from typing import Any, NoReturn

import pytest
from django.conf import settings as django_settings
from django.http import HttpRequest
from django.test import Client
from django.urls import path

from config import urls

SECRET = "a secret of the tests"
REDIS_PASSWORD = "p4ssw0rd-of-redis"
TYPED = "what-somebody-typed"


@pytest.mark.urls(__name__)
@pytest.mark.parametrize("accept", ["text/html", "text/plain"])
def test_shows_where_it_was_and_no_secret(settings: Any, accept: str) -> None:
    settings.DEBUG = True
    settings.REDIS_URL = f"redis://:{REDIS_PASSWORD}@redis:6379/1"
    settings.SOME_ADDRESSES = [f"amqp://uyren:{REDIS_PASSWORD}@rabbitmq:5672//"]
    settings.WITHOUT_A_TELLING_NAME = SECRET
    assert settings.SECRET_KEY == SECRET

    answer = Client(raise_request_exception=False).get("/crash/", headers={"Accept": accept})
    page = answer.content.decode()

    assert answer.status_code == 500
    assert __file__ in page
    assert "no answer from redis://:***@redis:6379/1" in page
    assert [secret for secret in (REDIS_PASSWORD, SECRET, TYPED) if secret in page] == []
    if accept == "text/html":
        assert "SOME_ADDRESSES" in page


# Below, as the page shows the lines around it.
def crash(request: HttpRequest) -> NoReturn:
    password = TYPED
    url = django_settings.REDIS_URL
    raise RuntimeError(f"no answer from {url} to {len(password)} characters")


urlpatterns = [*urls.urlpatterns, path("crash/", crash)]

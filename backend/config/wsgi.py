"""The WSGI application: Django without the gateway, which `config.asgi` puts in front."""

from django.conf import settings
from django.core.wsgi import get_wsgi_application

from apps.core.content_encoding import UnpackedBodies
from config.startup import (
    load_settings_or_exit,
    require_signing_key_or_exit,
    warn_of_weak_settings,
)

load_settings_or_exit()
application = UnpackedBodies(get_wsgi_application(), body_bytes_max=settings.API_BODY_BYTES_MAX)
require_signing_key_or_exit()
warn_of_weak_settings()

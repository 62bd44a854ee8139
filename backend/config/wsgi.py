"""The WSGI application: `granian --interface wsgi config.wsgi:application`."""

from django.core.wsgi import get_wsgi_application

from config.startup import load_settings_or_exit, require_signing_key_or_exit

load_settings_or_exit()
application = get_wsgi_application()
require_signing_key_or_exit()

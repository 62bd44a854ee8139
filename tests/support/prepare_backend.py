"""Make a backend's key and tables, and accounts that are signed in: `MANAGER [PARTICIPANT...]`.

One process instead of several, and no password is hashed, which would take most of the time. It
writes the access tokens by user name, as JSON. Run it in `backend/` with the backend's settings.
"""

import json
import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "backend"))

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    import django
    from django.core.management import call_command

    django.setup()
    from apps.users.models import User
    from apps.users.tokens import start_session

    call_command("create_signing_key", verbosity=0)
    call_command("migrate", verbosity=0)
    tokens = {}
    for name in sys.argv[1:]:
        is_manager = name == sys.argv[1]
        user = User(
            username=name,
            email=f"{name}@example.org",
            is_staff=is_manager,
            is_superuser=is_manager,
        )
        user.set_unusable_password()
        user.save()
        tokens[name] = start_session(user).access_token
    sys.stdout.write(f"{json.dumps(tokens)}\n")

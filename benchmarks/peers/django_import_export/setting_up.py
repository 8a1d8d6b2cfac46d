"""Django without a project: the settings that its peers here share."""

import os
from urllib.parse import parse_qsl, urlsplit

import django
from django.conf import settings

ADDRESS = urlsplit(os.environ["DATABASE_URL"])
SOCKET = dict(parse_qsl(ADDRESS.query))


def start():
    """Configure Django for the database of the environment."""
    settings.configure(
        DATABASES={
            "default": {
                "ENGINE": "django.db.backends.postgresql",
                "NAME": ADDRESS.path[1:],
                "USER": ADDRESS.username,
                "PASSWORD": ADDRESS.password,
                "HOST": SOCKET.get("host", ADDRESS.hostname),
                "PORT": SOCKET.get("port", ADDRESS.port),
            }
        },
        INSTALLED_APPS=["django.contrib.contenttypes", "import_export"],
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
        USE_TZ=True,
    )
    django.setup()

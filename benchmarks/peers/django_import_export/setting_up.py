"""Django without a project: the settings that its peers here share."""

import os
from urllib.parse import urlsplit

import django
from django.conf import settings

ADDRESS = urlsplit(os.environ["DATABASE_URL"])


def start():
    """Configure Django for the database of the environment."""
    settings.configure(
        DATABASES={
            "default": {
                "ENGINE": "django.db.backends.postgresql",
                "NAME": ADDRESS.path[1:],
                "USER": ADDRESS.username,
                "PASSWORD": ADDRESS.password,
                "HOST": ADDRESS.hostname,
                "PORT": ADDRESS.port,
            }
        },
        INSTALLED_APPS=["django.contrib.contenttypes", "import_export"],
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
        USE_TZ=True,
    )
    django.setup()

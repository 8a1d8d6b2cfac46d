"""Stock Django admin: unmanaged models over the same tables, in one file."""

import os
from urllib.parse import parse_qsl, urlsplit

import django
from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.urls import path

ADDRESS = urlsplit(os.environ["DATABASE_URL"])
SOCKET = dict(parse_qsl(ADDRESS.query))
LIBRARIES = ("admin", "auth", "contenttypes", "sessions", "messages", "staticfiles")
settings.configure(
    SECRET_KEY="for-measurements-only",
    ALLOWED_HOSTS=["*"],
    ROOT_URLCONF=__name__,
    DATA_UPLOAD_MAX_NUMBER_FIELDS=5000,  # the default refuses an action on 1,000 rows
    DATABASES={
        "default": {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": ADDRESS.path[1:],
            "USER": ADDRESS.username,
            "PASSWORD": ADDRESS.password,
            "HOST": SOCKET.get("host", ADDRESS.hostname),
            "PORT": SOCKET.get("port", ADDRESS.port),
            "CONN_MAX_AGE": None,
        }
    },
    INSTALLED_APPS=[*(f"django.contrib.{name}" for name in LIBRARIES), "peers.django_admin"],
    MIDDLEWARE=[
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
        "django.contrib.messages.middleware.MessageMiddleware",
    ],
    TEMPLATES=[
        {
            "BACKEND": "django.template.backends.django.DjangoTemplates",
            "APP_DIRS": True,
            "OPTIONS": {
                "context_processors": [
                    "django.template.context_processors.request",
                    "django.contrib.auth.context_processors.auth",
                    "django.contrib.messages.context_processors.messages",
                ]
            },
        }
    ],
    STATIC_URL="/static/",
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    USE_TZ=True,
)
django.setup()
from django.contrib import admin  # noqa: E402
from peers.django_admin import models  # noqa: E402


@admin.register(models.Order)
class OrderAdmin(admin.ModelAdmin):
    list_display = ("number", "placed_at", "customer", "country", "units", "total_minor", "status", "kind")
    list_select_related = ("customer",)
    list_filter = ("status",)
    search_fields = ("number",)
    fields = ("status", "receiver", "address", "staff_note")
    ordering = ("-id",)
    list_per_page = 25
    actions = ("note",)

    @admin.action(description="Note")
    def note(self, request, queryset):
        queryset.update(staff_note=os.urandom(4).hex())


urlpatterns = [path("admin/", admin.site.urls)]
application = app = get_wsgi_application()

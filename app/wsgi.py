"""The WSGI entry: `app.wsgi:app`."""

from app import create_app, settle_memory

app = create_app()
settle_memory()

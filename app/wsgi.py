"""The WSGI entry: `app.wsgi:app`."""

import gc

from app import create_app

app = create_app()

gc.collect()
gc.freeze()  # half a million objects live as long as the process: requests need not walk them
gc.set_threshold(10_000, 20, 20)

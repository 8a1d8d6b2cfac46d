"""Set-up and start of Kuaidan on one machine: environment, embedded servers, child processes.

Nothing here imports the application; all but `servers` and what it needs runs on the standard
library alone, before any virtual environment exists.
"""

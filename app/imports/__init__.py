"""Workbooks in: mapping, dry run, errors, commit."""

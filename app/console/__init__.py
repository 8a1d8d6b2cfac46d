"""The staff console's shell: the only home of Flask-AppBuilder besides */console.py."""

"""Tools for people who change this project."""

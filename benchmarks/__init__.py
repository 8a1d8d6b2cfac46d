"""Measurements of Kuaidan beside other admin packages, on one database and in one run."""

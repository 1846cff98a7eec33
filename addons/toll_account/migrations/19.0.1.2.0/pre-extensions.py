"""Searching by parts of a text has indexes from this version on."""


def migrate(cr, version):
    cr.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")

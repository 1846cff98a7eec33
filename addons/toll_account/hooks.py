"""What the database needs before the tables are made."""


def pre_init_hook(env):
    """Extensions of PostgreSQL that any owner of a database may create."""
    # ranges of dates beside plain columns in one constraint
    env.cr.execute("CREATE EXTENSION IF NOT EXISTS btree_gist")
    # accounts by a part of their name, plate or telephone
    env.cr.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")

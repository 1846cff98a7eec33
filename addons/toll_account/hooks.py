"""What the database needs before the tables are made."""


def pre_init_hook(env):
    """Ranges of dates beside plain columns in one constraint need this extension."""
    env.cr.execute("CREATE EXTENSION IF NOT EXISTS btree_gist")

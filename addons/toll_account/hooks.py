"""What the database needs before the tables are made, and companies after."""


def pre_init_hook(env):
    """Ranges of dates beside plain columns in one constraint need this extension."""
    env.cr.execute("CREATE EXTENSION IF NOT EXISTS btree_gist")


def post_init_hook(env):
    """Give every company that keeps books its deposit account and top-up journal."""
    env["res.company"].sudo().search([("chart_template", "!=", False)])._toll_set_up()

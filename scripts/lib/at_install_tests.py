# Read by `odoo shell`: run tests that are meant for the moment of a module's install,
# but with every module loaded. While a database is being updated they would run before
# our addons are there, against columns that only those know.
# CORE_MODULES names the modules.
import os

from odoo.tests import loader
from odoo.tools import config

env.cr.rollback()
modules = os.environ["CORE_MODULES"].split(",")
config["test_tags"] = ",".join(f"/{module}" for module in modules)
config["test_enable"] = True
result = loader.run_suite(loader.make_suite(modules, "at_install"))
print(f"at install: {result}")

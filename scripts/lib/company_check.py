# Read by `odoo shell` at the end of a base template: is it what tests rely on?
company = env.ref("base.main_company")
if company.chart_template != "mx":
    env["account.chart.template"].try_loading("mx", company, install_demo=False)
    env.cr.commit()
assert company.chart_template == "mx", f"chart is {company.chart_template!r}"
assert company.currency_id.name == "MXN", f"currency is {company.currency_id.name}"
assert env["account.account"].search_count([]) > 50, "the chart of accounts is empty"
languages = env["res.lang"].search([]).mapped("code")
assert {"es_MX", "es_ES"} <= set(languages), f"languages are {languages}"

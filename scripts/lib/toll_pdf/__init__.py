"""Print Odoo's reports with Chromium, answering to the name of wkhtmltopdf.

Odoo hands over one HTML file per record plus one file with all headers and one with
all footers. Chromium prints the bodies; header and footer of the right record are
printed as pages of their own and laid under the body's pages.
"""

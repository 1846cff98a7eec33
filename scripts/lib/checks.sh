# Step of scripts/setup: what must be right before any result of Odoo means anything.
# Each was found by a failure; each says what it would break.
# shellcheck shell=bash

check() { # what it is, then the command
    local what=$1
    shift
    if ! "$@" >"$LOG_DIR/check.log" 2>&1; then
        cat "$LOG_DIR/check.log" >&2
        die "check failed: $what"
    fi
}

# shellcheck disable=SC2329  # called through `check`
no_dangling_links() {
    local links
    links=$(find "$(odoo_home)/odoo/addons/web" "$(odoo_home)/odoo/addons/mail" -xtype l)
    [ -z "$links" ] || { echo "links to nothing: $links"; false; }
}

# shellcheck disable=SC2329
odoo_starts() {
    PYTHONPATH=$(odoo_home) "$VENV/bin/python" -c '
from odoo import release
assert release.version_info[:2] == (19, 0), f"this is Odoo {release.version}, not 19.0"
'
}

# shellcheck disable=SC2329
packages_behave() {
    PYTHONPATH=$(odoo_home) "$VENV/bin/python" - <<'PY'
import importlib.util
import pathlib

import odoo
import odoo.init
import odoo.addons
from odoo.tools.mail import html_sanitize

assert not importlib.util.find_spec("PyPDF2"), "PyPDF2 is installed: printing several records would fail"
assert html_sanitize("x") == "<p>x</p>", f"lxml wraps text wrongly: {html_sanitize('x')}"
from reportlab.graphics import barcode

image = barcode.createBarcodeDrawing("QR", value="toll", format="png").asString("png")
assert image.startswith(b"\x89PNG"), "reportlab draws no barcodes"
for path in odoo.__path__:
    assert not (pathlib.Path(path) / "__init__.py").exists(), f"{path} is not a namespace package"
assert len(list(odoo.addons.__path__)) > 1, "the OCA addons are not beside Odoo's"
PY
}

# shellcheck disable=SC2329
wkhtmltopdf_is_patched() {
    PATH=$PATH:$ROOT/scripts/bin wkhtmltopdf --version | grep -q 'with patched qt' \
        || "$ROOT/scripts/bin/wkhtmltopdf" --version | grep -q 'with patched qt'
}

setup_checks() {
    check "Odoo is 19.0 and importable" odoo_starts
    check "selfie_segmentation.js is there (backend pages need it)" \
        test -s "$(odoo_home)/odoo/addons/mail/static/lib/selfie_segmentation/selfie_segmentation.js"
    check "fonts and JavaScript that Odoo links to are there" no_dangling_links
    check "lxml, pypdf, reportlab and the OCA addons behave" packages_behave
    check "Odoo is started from a script file" test -f "$ROOT/scripts/lib/launcher/odoo"
    check "the wkhtmltopdf in use has header and footer" \
        wkhtmltopdf_is_patched
}

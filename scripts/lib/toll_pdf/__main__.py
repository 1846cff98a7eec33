"""The program: exit 0 when all is well, 1 when something could not be loaded."""

import sys
import traceback

from . import keeper, options, render
from .browser import BrowserError, Chromium


def main(argv):
    if argv[:1] == ["--keeper"]:
        return keeper.serve()
    job = options.parse(argv)
    problems = keeper.render_with_kept(job)
    if problems is None:
        chromium = Chromium()
        try:
            problems = render.render(job, chromium.messages, keeper.kept_files())
        finally:
            chromium.close()
    for problem in problems:
        print(f"wkhtmltopdf (Chromium): {problem}", file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except (BrowserError, options.UsageError, OSError) as error:
        print(f"wkhtmltopdf (Chromium): {error}", file=sys.stderr)
        sys.exit(2)
    except Exception:
        # Odoo takes Python's own exit code 1 for a mere warning
        traceback.print_exc()
        sys.exit(3)

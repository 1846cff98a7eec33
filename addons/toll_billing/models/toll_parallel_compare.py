import csv
import io
import zipfile
from contextlib import contextmanager
from itertools import islice

from odoo import models
from odoo.exceptions import AccessError, UserError

from ..core import intake, parallel
from ..queries import parallel as queries
from .toll_parallel_run import COUNTS

#: Rows that go to the database at once.
CHUNK = 20_000
#: Larger files are compared by a job.
INLINE_BYTES = 8 * 2**20
#: Larger ones are sent in parts, or compressed.
MAX_BYTES = 512 * 2**20
#: What a workbook may unpack to.
MAX_UNPACKED = 1024 * 2**20


class TollParallelRun(models.Model):
    """How a file is read and compared; its memory does not grow with the file."""

    _inherit = "toll.parallel.run"  # pylint: disable=consider-merging-classes-inherited

    def _take(self):
        if not self.env.user.has_group("toll_account.group_toll_analyst"):
            raise AccessError(self.env._("Only analysts compare parallel runs."))
        return super()._take("draft")

    def action_compare(self):
        """Compare the file with what we have; again, only what changed changes."""
        self.ensure_one()
        run_sudo = self._take()
        source = run_sudo._get_file()
        if source.file_size > INLINE_BYTES:
            run_sudo.with_delay(
                description=self.name, identity_key=f"toll-parallel-{self.id}"
            )._job_compare()
            return self._notice(
                self.env._("The file is being compared: look again in some minutes.")
            )
        run_sudo._compare()
        return True

    def _job_compare(self):
        """Queue job."""
        self.ensure_one()
        if self.state == "draft":
            self._compare()

    def _notice(self, message):
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {"message": message, "type": "info"},
        }

    def _get_file(self):
        source = self.env["ir.attachment"].search(
            [
                ("res_model", "=", self._name),
                ("res_id", "=", self.id),
                ("res_field", "=", "file"),
            ]
        )
        if not source:
            raise UserError(self.env._("Choose the file of the other system first."))
        if source.file_size > MAX_BYTES:
            raise UserError(
                self.env._(
                    "The file is larger than %(limit)s MiB: send it compressed (gzip).",
                    limit=MAX_BYTES // 2**20,
                )
            )
        return source

    @contextmanager
    def _open_file(self):
        """The file as a stream; it is read from the disk where it lies there."""
        source = self._get_file()
        if not source.store_fname:
            yield io.BytesIO(source.raw)
            return
        with open(source._full_path(source.store_fname), "rb") as stream:
            yield stream

    def _compare(self):
        self.ensure_one()
        self.env.flush_all()
        with self._open_file() as stream:
            digest = intake.file_digest(stream)
            self._check_new(digest)
            self.env.cr.execute(queries.create_stage())
            try:
                self._copy(self._read(stream))
            except parallel.ParallelError as error:
                raise UserError(
                    self.env._(
                        "The file has no column “%(column)s”: check the layout.",
                        column=str(error),
                    )
                ) from error
            except (intake.IntakeError, csv.Error, zipfile.BadZipFile) as error:
                raise UserError(
                    self.env._("The file cannot be read: %(why)s", why=str(error))
                ) from error
        self.env.cr.execute(queries.analyze_stage())
        self.env.cr.execute(queries.compare(self))
        self.env["toll.parallel.finding"].invalidate_model()
        self.env["toll.parallel.result"].invalidate_model()
        self.write({**self._prepare_totals(), "sha256": digest})

    def _check_new(self, digest):
        """The same content is compared in one run only."""
        other = self.search(
            [
                ("id", "!=", self.id),
                ("sha256", "=", digest),
                ("company_id", "=", self.company_id.id),
            ],
            limit=1,
        )
        if other:
            raise UserError(
                self.env._(
                    "This file was compared already: see “%(run)s”.", run=other.name
                )
            )

    def _read(self, stream):
        layout = self.layout_id._get_layout()
        head = stream.read(4)
        stream.seek(0)
        if head == b"PK\3\4":
            yield from parallel.read_cells(self._read_book(stream), layout)
            return
        with intake.open_source(stream) as plain:
            yield from parallel.read_csv(plain, layout)

    def _read_book(self, stream):
        from openpyxl import load_workbook  # heavy, and needed here only

        with zipfile.ZipFile(stream) as archive:
            if sum(part.file_size for part in archive.infolist()) > MAX_UNPACKED:
                raise UserError(
                    self.env._("The workbook is too large: send it as CSV.")
                )
        stream.seek(0)
        book = load_workbook(stream, read_only=True, data_only=True)
        yield from book.worksheets[0].iter_rows(values_only=True)

    def _copy(self, rows):
        cr, query = self.env.cr, queries.copy_stage()
        while chunk := list(islice(rows, CHUNK)):
            data = "".join(
                "\t".join(_cell(getattr(row, name)) for name in queries.STAGE) + "\n"
                for row in chunk
            )
            cr.copy_expert(query, io.StringIO(data))

    def _prepare_totals(self):
        sums = {
            kind: figures
            for kind, *figures in self.env["toll.parallel.result"]._read_group(
                [("run_id", "=", self.id)],
                ["kind"],
                ["quantity:sum", "amount_theirs:sum", "amount_ours:sum"],
            )
        }
        theirs = sum(figures[1] for figures in sums.values())
        ours = sum(figures[2] for figures in sums.values())
        return {
            **{name: sums.get(kind, [0])[0] for kind, name in COUNTS.items()},
            "amount_theirs": theirs,
            "amount_ours": ours,
            "amount_difference": self.currency_id.round(ours - theirs),
            "compared_at": self.env.cr.now(),
        }

    # === DECISIONS === #
    def _decide(self, kinds, reason, note, ids=None):
        """Say why differences are there; answers how many."""
        self.ensure_one()
        run_sudo = self._take()
        self.env.flush_all()
        self.env.cr.execute(queries.decide(self, kinds, reason, note, ids))
        count = self.env.cr.rowcount
        self.env["toll.parallel.finding"].invalidate_model()
        run_sudo.invalidate_recordset(["decided_count", "open_count"])
        return count

    def _fetch_differences(self, size=20_000):
        """Differences, some thousands at a time."""
        self.env.flush_all()
        self.env.cr.execute(queries.export(self))
        while rows := self.env.cr.fetchmany(size):
            yield rows


def _cell(value):
    """A cell for COPY."""
    if value is None:
        return "\\N"
    text = str(value)
    for sign, code in (("\\", "\\\\"), ("\t", "\\t"), ("\n", "\\n"), ("\r", "\\r")):
        text = text.replace(sign, code)
    return text

"""Nothing that went wrong in a test run may get lost in the count."""

import test_results

LOG = """
2026-01-01 10:00:00,000 1 INFO db odoo.addons.toll_x.tests.test_a: skipped A.b : no
2026-01-01 10:00:00,000 1 INFO db odoo.tests.stats: toll_x: 9 tests 1.00s 20 queries
2026-01-01 10:00:00,000 1 ERROR db odoo.tests.result: 1 failed, 2 error(s) of 10 tests when loading database 'db'
"""  # noqa: E501


def test_odoo_counts(tmp_path):
    log = tmp_path / "log"
    log.write_text(LOG)
    assert test_results.odoo(log) == (6, 3, 1)


def test_run_without_result_is_a_failure(tmp_path, capsys):
    log = tmp_path / "log"
    log.write_text("it crashed")
    assert test_results.odoo(log) == (0, 1, 0)
    assert "0 result lines" in capsys.readouterr().err


def test_addon_whose_tests_never_ran_is_a_failure(tmp_path, monkeypatch):
    monkeypatch.setattr(test_results, "ADDONS", tmp_path)
    (tmp_path / "toll_y" / "tests").mkdir(parents=True)
    (tmp_path / "toll_y" / "tests" / "test_b.py").touch()
    log = tmp_path / "log"
    log.write_text(LOG)
    assert test_results.odoo(log, "toll_y") == (6, 4, 1)


def test_junit_counts(tmp_path):
    xml = tmp_path / "r.xml"
    xml.write_text(
        '<testsuites><testsuite tests="7" failures="1" errors="1" skipped="2"/>'
        "</testsuites>"
    )
    assert test_results.junit(xml) == (3, 2, 2)
    assert test_results.junit(tmp_path / "none.xml") == (0, 1, 0)

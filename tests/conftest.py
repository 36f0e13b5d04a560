"""Where nothing may be skipped, a skipped test is a failed one."""

import os

import pytest

SKIP_NOTHING = "MICRORELU_SKIP_NOTHING"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    report = yield
    if report.skipped and not hasattr(report, "wasxfail") and os.environ.get(SKIP_NOTHING):
        report.outcome = "failed"
        report.longrepr = f"{item.nodeid} was skipped, and {SKIP_NOTHING} is set: {call.excinfo}"
    return report

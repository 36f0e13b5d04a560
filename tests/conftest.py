"""Laws are tested without a clock; where nothing may be skipped, a skipped test has failed."""

import os

import pytest
from hypothesis import HealthCheck, settings

from microrelu.engine import OPERATIONS

SKIP_NOTHING = "MICRORELU_SKIP_NOTHING"

# A first example may compile kernels. The gate looks at the same examples each time; a developer,
# without CI set, at others in each run.
settings.register_profile(
    "microrelu",
    deadline=None,
    derandomize=bool(os.environ.get("CI")),
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("microrelu")


@pytest.fixture
def table():
    """The table of operations, put back as it was."""
    before = dict(OPERATIONS)
    yield OPERATIONS
    OPERATIONS.clear()
    OPERATIONS.update(before)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    report = yield
    if report.skipped and not hasattr(report, "wasxfail") and os.environ.get(SKIP_NOTHING):
        report.outcome = "failed"
        report.longrepr = f"{item.nodeid} was skipped, and {SKIP_NOTHING} is set: {call.excinfo}"
    return report

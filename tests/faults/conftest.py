"""Network namespaces for the tests that forge, lose and mangle packets in the kernel."""

from __future__ import annotations

import pytest
from inside import Inside, runner


@pytest.fixture(scope="session")
def inside(tmp_path_factory: pytest.TempPathFactory) -> Inside:
    """Runs a script in a network namespace, see inside.py."""
    return runner(tmp_path_factory.mktemp("inside"))

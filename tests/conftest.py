"""Lists the plugins: each fix_<noun>.py gives the fixtures of one resource."""

from pathlib import Path

import pytest

pytest_plugins = [f"tests.{plugin.stem}" for plugin in sorted(Path(__file__).parent.glob("fix_*.py"))]
# Before any of them is imported, since one may import another.
pytest.register_assert_rewrite(*pytest_plugins)

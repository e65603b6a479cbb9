"""What every test may use: settings of Hypothesis, and the program opened on files of the test's own."""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("project", deadline=None)
settings.load_profile("project")

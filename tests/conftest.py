"""How Hypothesis tries: fewer examples in the ordinary run, many in the exhaustive one."""

from __future__ import annotations

import os

from hypothesis import settings

settings.register_profile("project", deadline=None, max_examples=30)
settings.register_profile("full", deadline=None, max_examples=200)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "project"))

import os

from hypothesis import settings

# No deadlines: machines are shared. In CI the same examples every time, so that a run says something about the change.
settings.register_profile("here", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "here")

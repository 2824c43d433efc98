import os

from hypothesis import settings

# Several processes test at once; with a thread per core each, they would wait for one another most of the time.
os.environ.setdefault("OMP_NUM_THREADS", "1")

# No deadlines: machines are shared. In CI the same examples every time, so that a run says something about the change.
settings.register_profile("here", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "here")

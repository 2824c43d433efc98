"""The parts of the pytest plugin: nodes in pytest's tree, the session's study, the recorder of results."""

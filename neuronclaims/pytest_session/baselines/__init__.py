"""The parts of the plugin that save a session, or compare it with a baseline."""

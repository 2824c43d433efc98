"""Chats as a model is given them: its own template, run within bounds, and where each message stands. No torch."""

"""Chats in claim files: messages in the claim file or in a row of a file, and texts that are made messages."""

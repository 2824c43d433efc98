"""What a device can do besides computing: its free memory, and its way to say that there is none left."""

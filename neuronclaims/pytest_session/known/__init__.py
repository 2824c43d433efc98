"""What a session knows from earlier ones: outlines of claim files, forewarnings, verdicts."""

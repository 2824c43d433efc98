"""Results as Markdown: GitHub's job summary."""

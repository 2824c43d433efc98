"""Results as tables for papers and for other programs: Markdown, LaTeX, Parquet."""

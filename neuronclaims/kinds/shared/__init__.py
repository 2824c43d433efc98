"""What several kinds of claim share: designs, subjects, selection, margins, figures."""

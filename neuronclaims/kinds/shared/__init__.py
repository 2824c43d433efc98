"""Parts that several kinds of claim use: designs, values of two sets, subjects, selection, margins, figures."""

"""The maximum statistic: find which of many neurons differ, corrected for looking at all of them."""

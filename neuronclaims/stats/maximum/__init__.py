"""The maximum statistic: which of many neurons differ, all of them having been looked at."""

"""Keep in the run cache what judging gave, by all that it depends on, so that nothing is judged twice."""

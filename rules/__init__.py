"""Pure: expressions, catalogue, metrics, scorecards, tasks, explain. Knows no network."""

"""Files that other tools write about texts, read as rows: logs of Inspect, features of Neuronpedia's dashboards."""

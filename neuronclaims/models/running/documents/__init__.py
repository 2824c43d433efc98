"""What is measured of documents of any length, of every neuron of a layer."""

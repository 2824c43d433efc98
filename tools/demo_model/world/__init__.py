"""The written world: its things (tables), its sentences (frames), its facts and its documents."""

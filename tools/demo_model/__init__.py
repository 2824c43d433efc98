"""How the embedded model was made: its written world, tokenizer, training, probes and card. Not part of the wheel."""

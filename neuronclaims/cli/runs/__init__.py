"""Commands that run models, or look after what runs measured."""

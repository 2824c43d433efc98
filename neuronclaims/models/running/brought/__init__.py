"""Run what people bring: adapters on their bases, modules that are no model of Transformers."""

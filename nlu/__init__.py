"""Understanding what citizens write: a light engine, trained from Rasa YAML, measured, run without sklearn."""

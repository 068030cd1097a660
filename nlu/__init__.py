"""Understanding what citizens write: a light engine trained from Rasa-format YAML, measured, and run without sklearn."""

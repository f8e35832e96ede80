"""What customers will probably do: rules with their back-test, learned models, recommendations."""

"""What customers are worth: RFM, lifetime value, clusters."""

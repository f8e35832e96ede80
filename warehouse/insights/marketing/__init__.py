"""What marketing brings and costs: attribution, campaigns, and the effect of one campaign."""

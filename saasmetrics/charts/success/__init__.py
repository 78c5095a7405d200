"""Charts of customer success: health, back-tests, alerts, worklists, targets, adoption and use."""

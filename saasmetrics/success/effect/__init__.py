"""The effect of customer success: drawn by lot, at a threshold, by waves, weighted, or merely side by side."""

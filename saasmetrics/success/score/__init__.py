"""The health score: signals, model, score, and whether it foretells churn."""

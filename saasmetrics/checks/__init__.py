"""What the findings of the gate are worth, what they mean, and what can be done about them."""

"""What is measured inside a network, and what measuring costs."""

"""One rule a function: evidence of one arm → findings. Each threshold says where it comes from."""

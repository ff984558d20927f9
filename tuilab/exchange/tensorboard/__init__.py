"""TensorBoard's event files: records with checksums, and the protocol buffers in them."""

"""One number under several definitions: side by side, and the way from one to the other."""

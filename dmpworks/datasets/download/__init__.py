"""Downloads of dataset files into the bucket."""

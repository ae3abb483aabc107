"""A clone on disk, read and never written."""

"""The door to GitHub: credentials, requests and their failures, and the operations that the house needs."""

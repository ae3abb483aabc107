"""The sandbox as people see it: pull requests, comments, checks and buttons, as plain HTML without scripts."""

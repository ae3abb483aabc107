"""The server's status page: plain functions from facts to HTML. `server.status_page` gathers and answers."""

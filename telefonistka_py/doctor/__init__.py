"""`telefonistka doctor`: what is gathered about an installation, how it is judged, and how that is told."""

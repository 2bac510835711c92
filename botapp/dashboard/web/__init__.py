"""The dashboard's server: who may look, the page and its data, metrics for Prometheus."""

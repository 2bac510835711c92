"""The dashboard: a program that shows the shop's health in a browser and to Prometheus, and changes nothing."""

"""Background services of the shop: backups, deposits, deliveries, the live message, notices."""

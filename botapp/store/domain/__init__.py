"""Money, records, rules, refusals. Pure."""

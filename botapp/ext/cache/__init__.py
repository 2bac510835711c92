"""The engine of `CacheManager`."""

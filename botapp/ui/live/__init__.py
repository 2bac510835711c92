"""The live message: health, rendering, view. Pure, but for `view`."""

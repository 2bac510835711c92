"""The live message: health, rendering, view. Pure, except `view`."""

"""Files handed in as proof."""

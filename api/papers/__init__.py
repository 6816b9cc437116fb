"""公文: official documents as issued, listed and printed."""

"""What a number is, how it is asked for, and what of it may leave."""

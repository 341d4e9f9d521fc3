"""What migrations do beyond changing tables."""

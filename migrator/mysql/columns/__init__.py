"""What is known of a column, and what each kind of columns must say of itself."""

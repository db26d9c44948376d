"""What AWX does with a credential before a job starts, by its documented rules."""

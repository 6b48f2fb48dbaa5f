"""Statistics: pure functions, small tables in, rows of the results vocabulary out."""

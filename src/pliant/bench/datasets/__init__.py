"""The data sets of the bench: recognised by how their files lie, read without running what is in them."""
